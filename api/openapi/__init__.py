"""The description of this service: /openapi.json, and /docs to read it."""
