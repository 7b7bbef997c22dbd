"""The laws of /v1/monitoring/drift."""

import pytest

from api.schemas import DriftReport
from model_store.count_layout import HOUSES, CountLayout
from model_store.store import ModelStore
from tests.api.conftest import Client, Headers
from worker import connection
from worker.seen import SeenHouses
from worker.settings import WorkerSettings

PATH = "/v1/monitoring/drift"


@pytest.fixture
def layout(store: ModelStore) -> CountLayout:
    """Return where the champion's counts stand."""
    return CountLayout(store.card(store.resolve("champion")))


@pytest.fixture
def seen(settings: WorkerSettings, layout: CountLayout, store: ModelStore) -> None:
    """Count 1,000 houses as small as hardly any sale."""
    client = connection.connect(settings.redis_url, role="worker")
    features = {one.feature.name: one for one in layout.features}
    area, renovated = features["sqft_living"], features["yr_renovated"]
    counts = {HOUSES: 1000, area.values.first: 1000, renovated.missing: 960}
    SeenHouses(client, settings).add(store.resolve("champion"), counts)
    client.close()


def _read(client: Client, operator: Headers, query: str = "") -> DriftReport:
    answer = client.get(PATH + query, headers=operator)
    assert answer.status_code == 200
    return DriftReport.model_validate_json(answer.data)


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("window", ["recent", "1d", "7d", "30d"])
def test_a_feature_that_has_changed_is_told_with_its_measures(
    client: Client, operator: Headers, window: str
) -> None:
    """In each window, and no other feature is blamed."""
    report = _read(client, operator, f"?window={window}")
    changed = {one.feature: one for one in report.features if one.verdict == "drift"}

    assert (report.window, report.houses, report.verdict) == (window, 1000, "drift")
    assert list(changed) == ["sqft_living"]
    area = changed["sqft_living"]
    assert area.reasons == ["psi", "ks"]
    assert area.psi > area.psi_limit > 0  # type: ignore[operator] # neither is None
    assert [one.observed for one in area.bins][:2] == [1.0, 0.0]
    assert sum(one.houses for one in report.volume.points) == 1000


def test_no_house_is_no_change(client: Client, operator: Headers) -> None:
    """An installation that has priced nothing yet is told so."""
    report = _read(client, operator)

    assert (report.houses, report.verdict, report.flagged) == (0, "stable", 0)
    assert report.volume.points == []


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("?window=2d", 400, "window must be one of recent, 1d, 7d, 30d; got '2d'."),
        ("?days=7", 400, "Unknown parameter 'days': expected window, version."),
        ("?version=nobody", 404, ""),
    ],
)
def test_what_cannot_be_answered_says_why(
    client: Client, operator: Headers, query: str, status: int, told: str
) -> None:
    """A window or a version that there is not, and what nobody knows."""
    answer = client.get(PATH + query, headers=operator)

    assert answer.status_code == status
    assert told in answer.json["detail"]


def test_only_operators_read_it(client: Client, caller: Headers) -> None:
    """It tells of the houses of all tenants."""
    assert client.get(PATH, headers=caller).status_code == 403
