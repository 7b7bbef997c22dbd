"""Jobs whose model version is not there yet."""

from concurrent.futures import Future

import pytest

from model_store.errors import ArtifactError, StoreError, UnknownModel
from tests.clock import Clock
from worker.leases import Lease
from worker.parking import Parking
from worker.predictors import CannotPrice, Pricing, Unloadable


class Models:
    """Hands out promises that the test keeps or breaks."""

    def __init__(self) -> None:
        self.promises: dict[str, list[Future[Pricing]]] = {}

    def request(self, version: str) -> Future[Pricing]:
        """Return a new promise unless the last one is open or was kept."""
        made = self.promises.setdefault(version, [])
        if not made or (made[-1].done() and made[-1].exception()):
            made.append(Future())
        return made[-1]

    def keep(self, version: str) -> Pricing:
        """Keep the promise of a version."""
        predictor = Unloadable(version)
        self.request(version).set_result(predictor)
        return predictor


@pytest.fixture
def models() -> Models:
    """Return models of which none is loaded."""
    return Models()


@pytest.fixture
def parking(models: Models, clock: Clock) -> Parking:
    """Return an empty parking."""
    return Parking(models, clock=clock)  # type: ignore[arg-type] # the part that is used


def lease(job_id: str, version: str, *, crashes: int = 0) -> Lease:
    """Return a leased job of a version."""
    return Lease(job_id, 1, version, b"{}", crashes)


def test_loaded_versions_are_priced_and_the_others_wait(
    parking: Parking, models: Models
) -> None:
    """One claim may hold several versions; each loaded one is one batch."""
    ready = models.keep("new")
    leases = [lease("1", "new"), lease("2", "old"), lease("3", "new")]
    (batch,) = parking.admit(leases)
    assert [one.id for one in batch.leases] == ["1", "3"]
    assert batch.predictor is ready
    assert [one.id for one in parking.leases] == ["2"]


def test_parked_jobs_leave_as_they_were_claimed_when_their_version_is_there(
    parking: Parking, models: Models
) -> None:
    """A claim is as large as one call may be, and its house may end the process."""
    parking.admit([lease("1", "old"), lease("2", "old")])
    parking.admit([lease("3", "old", crashes=2)])
    assert parking.loaded() == []
    predictor = models.keep("old")
    batches = parking.loaded()
    assert [[one.id for one in batch.leases] for batch in batches] == [
        ["1", "2"],
        ["3"],
    ]
    assert all(batch.predictor is predictor for batch in batches)
    assert parking.leases == []


def test_an_unknown_exception_is_logged_without_its_words(
    parking: Parking, models: Models, caplog: pytest.LogCaptureFixture
) -> None:
    """The store's own words say what is wrong; a stranger's may quote anything."""
    for version, error in (("v1", ArtifactError("damaged")), ("v2", OSError("secret"))):
        parking.admit([lease("1", version)])
        models.request(version).set_exception(error)
    parking.loaded()
    assert "damaged" in caplog.text
    assert "OSError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("error", [UnknownModel("x"), ArtifactError("x"), OSError()])
def test_a_version_that_cannot_be_had_fails_its_jobs_at_once(
    parking: Parking, models: Models, error: Exception
) -> None:
    """They leave with what tells their client so."""
    parking.admit([lease("1", "old")])
    models.request("old").set_exception(error)
    (batch,) = parking.loaded()
    with pytest.raises(CannotPrice, match="old"):
        batch.predictor.predict([{}])


def test_a_store_that_cannot_be_read_is_asked_again_for_a_while(
    parking: Parking, models: Models, clock: Clock
) -> None:
    """Its fault fails no job: after a while the jobs are for other workers."""
    parking.admit([lease("1", "old")])
    for _ in range(29):
        clock.seconds += 1
        models.promises["old"][-1].set_exception(StoreError("x"))
        assert parking.loaded() == []
    assert len(models.promises["old"]) == 30
    clock.seconds += 2
    models.promises["old"][-1].set_exception(StoreError("x"))
    with pytest.raises(StoreError):
        parking.loaded()


def test_a_store_that_comes_back_prices_what_waited(
    parking: Parking, models: Models, clock: Clock
) -> None:
    """Nothing is lost by the fault."""
    parking.admit([lease("1", "old")])
    models.promises["old"][-1].set_exception(StoreError("x"))
    clock.seconds += 2
    assert parking.loaded() == []
    predictor = models.keep("old")
    (batch,) = parking.loaded()
    assert batch.predictor is predictor
