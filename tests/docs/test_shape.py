"""The laws by which an answer on a page is compared with the real one."""

from typing import Any

import pytest

from tests.docs import shape


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ({"price": 1}, {"price": 2.5}),
        ({"price": 1, "...": "..."}, {"price": 2, "currency": "USD"}),
        ({"flags": []}, {"flags": [{"code": "rare"}]}),
        ({"flags": [{"code": "rare"}, "..."]}, {"flags": [{"code": "rare"}]}),
        ({"house": {"area": 1}}, {"house": {"rooms": 1}}),
        ({"id": "one"}, {"id": "another"}),
        ({"code": "rare", "detail": "1 %"}, {"code": "rare", "detail": "2 %"}),
    ],
)
def test_values_may_differ(shown: Any, real: Any) -> None:
    """And what is said to be shortened may be longer."""
    assert list(shape.differences(shown, real)) == []


@pytest.mark.parametrize(
    ("shown", "real", "told"),
    [
        ({"price": 1}, {}, "the page shows ['price'], which are not there"),
        ({}, {"price": 1}, "the page leaves out ['price'] without saying so"),
        ({"price": 1}, {"price": "1"}, "/price: the page shows a number, it is a text"),
        ({"price": 1}, {"price": None}, "/price: the page shows a number, it is null"),
        ({"of": [{"a": 1}]}, {"of": [{}]}, "/of/0: the page shows ['a'], which"),
        ({"of": [1]}, {"of": []}, "/of: the page shows elements, there are none"),
        (
            {"pointer": "/a", "detail": "Missing."},
            {"pointer": "/a", "detail": "Required."},
            "/detail: the page shows 'Missing.', it is 'Required.'",
        ),
        (
            {"status": "failed"},
            {"status": "succeeded"},
            "/status: the page shows 'failed', it is 'succeeded'",
        ),
    ],
)
def test_names_types_and_words_of_the_interface_may_not(
    shown: Any, real: Any, told: str
) -> None:
    """Each difference is told with its place."""
    (found,) = shape.differences(shown, real)

    assert told in found


def test_the_last_json_of_an_output_is_the_answer() -> None:
    """Heads of answers and other lines are passed over."""
    output = 'HTTP/1.1 200 OK\nETag: "x"\n\n{"a": {\n"b": 1}}\n{not JSON\n[1,\n2] 9\n'

    assert shape.last_json(output) == [1, 2]
    with pytest.raises(ValueError, match="no JSON"):
        shape.last_json("nothing\n")
