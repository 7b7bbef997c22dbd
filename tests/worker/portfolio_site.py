"""Properties, batches of them and the archive, for the tests of what keeps them up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import redis as redis_py

from model_store.archive.archive import Archive
from model_store.archive.property import Property, Valued
from model_store.store import ModelStore
from tests import small_model
from tests.worker.batch_desk import Desk
from worker.batch_files import made_ms
from worker.batches import Batches
from worker.chunks import Chunks
from worker.keys import ALIASES, BATCHES
from worker.ledger import Ledger
from worker.revaluing import Revaluing
from worker.storing import Storing
from worker.unstored import Unstored, UnstoredBatches

#: A version that knows the same houses as the champion; nothing can load it.
NEXT = "20170101-00000000"


class _Constant:
    """Prices each house alike."""

    def __init__(self, version: str, price: float) -> None:
        self._version = version
        self._price = price

    def predict(self, houses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return an output for each house."""
        interval = {"low": self._price - 1, "high": self._price + 1}
        model = {"version": self._version}
        output = {"price": self._price, "interval": interval}
        return [output | {"model": dict(model)} for _ in houses]


class PortfolioSite:
    """What takes imports, prices them, stores them and has them priced anew.

    Args:
        redis: Where batches are queued.
        store: Whose champion prices them.
        archive: Where they are stored.
        folder: Where their files are.
        more: Further settings.
    """

    def __init__(
        self,
        redis: redis_py.Redis,
        store: ModelStore,
        archive: Archive,
        folder: Path,
        **more: Any,
    ) -> None:
        self.redis: Any = redis
        self.store = store
        files = store.files(store.resolve("champion"))
        store.publish(small_model.changed(files, version=NEXT))
        self.archive = archive
        self.desk = Desk(redis, store, folder, **more)
        # Chunks of two, which settings of an installation may not ask for.
        settings = self.desk.settings.model_copy(update={"batch_chunk_rows": 2})
        self.settings = settings
        self.unstored = UnstoredBatches(redis, settings)
        self.told: list[Unstored] = []
        self.storing = Storing(
            self.unstored, self.desk.files, store, archive, tell=self.told.append
        )
        #: Seconds since the epoch, as revaluations know them.
        self.now = 1_769_990_400.0
        #: What each house is worth from now on.
        self.price = 500_000.0
        self._book = Ledger(redis, settings)
        self.see_champion()

    def revaluing(self) -> Revaluing:
        """Return what begins revaluations, as a worker that has just started."""
        return Revaluing(
            self.redis,
            self.settings,
            self.desk.files,
            self.store,
            self.archive,
            now=lambda: self.now,
        )

    def see_champion(self) -> None:
        """Have the aliases known, as who announces promotions does."""
        self.redis.set(ALIASES, self.store.aliases().to_json())

    def promote(self, version: str) -> None:
        """Make a version champion."""
        self.store.promote(version)
        self.see_champion()

    def house(self, **changes: Any) -> dict[str, Any]:
        """Return a house, with some features changed."""
        return self.desk.house(**changes)

    def submit(self, ids: Sequence[str], **more: Any) -> str:
        """Import houses that are alike; return the batch's id."""
        rows = [{"custom_id": one, "input": self.house()} for one in ids]
        return self.import_rows(rows, **more)

    def import_rows(self, rows: Sequence[Any], **more: Any) -> str:
        """Import rows; return the batch's id."""
        return self.desk.submit(rows, **{"purpose": "properties"} | more)

    def work(self, most: int = 100) -> int:
        """Price chunks; return how many."""
        chunks = Chunks(
            self.desk.files,
            self.store,
            lambda _, version: _Constant(version, self.price),  # type: ignore[arg-type,return-value] # as far as it is used
        )
        for done in range(most):
            claim = self._book.claim(BATCHES, limit=1, worker="w")
            if not claim.leases:
                return done
            lease = claim.leases[0]
            self._book.complete(BATCHES, [chunks.price(lease, beat=lambda: None)])
        return most

    def imported(self, *ids: str, **more: Any) -> str:
        """Import houses, and see them stored."""
        batch_id = self.submit(ids, **more)
        self.work()
        self.storing.look()
        return batch_id

    def find(self, property_id: str, tenant: str = "acme") -> Valued | None:
        """Return a property with its newest valuation."""
        return self.archive.properties.find(tenant, property_id)

    def version(self, property_id: str, tenant: str = "acme") -> str:
        """Return by which version a property was valued last."""
        found = self.find(property_id, tenant)
        assert found is not None
        assert found.valuation is not None
        return found.valuation.version

    def put(self, property_id: str, **changes: Any) -> Property:
        """Change a property as its client does, later than all batches so far."""
        old = self.find(property_id)
        assert old is not None
        batches = [made_ms(one.id) for one in self.batches()]
        house = {**self.house(**changes)}
        new = Property(
            tenant="acme",
            id=property_id,
            model=old.property.model,
            input=repr(house).encode(),
            created_ms=old.property.created_ms,
            updated_ms=max(batches) + 1,
        )
        self.archive.properties.put([new])
        return new

    def batches(self, tenant: str = "acme") -> Sequence[Any]:
        """Return a tenant's batches, newest first."""
        desk = Batches(self.redis, self.settings)
        return desk.page(tenant, limit=100, before=None).batches

    def revaluations(self, tenant: str = "acme") -> Sequence[Any]:
        """Return a tenant's revaluations, newest first."""
        return [one for one in self.batches(tenant) if one.purpose == "revaluation"]
