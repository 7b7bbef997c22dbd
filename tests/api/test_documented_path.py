"""The law of paths in the document."""

import pytest

from api import documented_path


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/v1/keys", "/v1/keys"),
        ("/v1/keys/<key_id>/revoke", "/v1/keys/{key_id}/revoke"),
        ("/v1/<string:lane>:pause", "/v1/{lane}:pause"),
    ],
)
def test_a_path_names_its_parts_in_braces(rule: str, path: str) -> None:
    """Whether a converter is named or not."""
    assert documented_path.of(rule) == path
