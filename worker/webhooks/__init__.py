"""Events to subscribers: kept, signed, delivered, repeated, logged."""
