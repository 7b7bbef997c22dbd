"""What a model is made of, and how it is fitted, calibrated and measured."""
