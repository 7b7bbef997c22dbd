"""Tests of retraining."""
