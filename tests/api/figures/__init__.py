"""Tests of what /metrics tells."""
