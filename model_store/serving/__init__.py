"""Prices of houses by a model version: exact, cheap, and with their evidence."""
