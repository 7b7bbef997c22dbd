"""Tests of /v1/outcomes."""
