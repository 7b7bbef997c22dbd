"""Bodies of answers as the OpenAPI document shows them; the figures are made up."""

import json
from importlib import resources
from typing import Any

#: Name of a schema -> a body that it describes.
BODIES: dict[str, dict[str, Any]] = json.loads(
    resources.files("api.openapi").joinpath("examples.json").read_bytes()
)
#: The prediction that the examples are about.
ID: str = BODIES["Prediction"]["id"]
