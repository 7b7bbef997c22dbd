"""What tests tell as a sale, and how they read what is wrong with it."""

from tests.api.conftest import Answer, assert_problem
from tests.model_store.archive.rows import prediction

#: A sale of the archived prediction.
SALE = {"prediction_id": prediction().id, "price": 612000, "sold_on": "2026-02-27"}


def wrong(answer: Answer) -> list[tuple[str, str]]:
    """Return pointer and code of each error."""
    assert_problem(answer, 422, "invalid-submission")
    return [(one["pointer"], one["code"]) for one in answer.json["errors"]]
