"""Retraining: new sales in, and a verdict on whether a model of them may price."""
