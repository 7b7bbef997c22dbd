"""The models in a worker's memory."""
