"""An installation whose properties are valued anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from model_store.archive.archive import Archive
from model_store.store import ModelStore
from tests.worker.portfolio_site import PortfolioSite

Make = Callable[..., PortfolioSite]


@pytest.fixture
def make(
    redis: redis_py.Redis, own_store: ModelStore, archive: Archive, tmp_path: Path
) -> Make:
    """Return a function that makes an installation that stores properties."""

    def make(**settings: Any) -> PortfolioSite:
        folder = tmp_path / "batches"
        return PortfolioSite(redis, own_store, archive, folder, **settings)

    return make


@pytest.fixture
def site(make: Make) -> PortfolioSite:
    """Return an installation with three properties, which the champion has valued."""
    site = make()
    site.imported("a", "b", "c")
    return site
