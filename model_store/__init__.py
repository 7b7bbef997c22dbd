"""Models at rest and in memory: data, training, predictor, store."""
