"""The description of this service: /openapi.json."""
