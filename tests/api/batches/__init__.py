"""Tests of /v1/batches."""
