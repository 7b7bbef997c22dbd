"""Tests of the commands about webhooks."""
