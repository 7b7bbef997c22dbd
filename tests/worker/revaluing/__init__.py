"""Revaluations: what they do, when they are due, and what if they cannot be."""
