"""Another version beside the champion, for what is about promotions."""

import json
import shutil
from pathlib import Path

from model_store.storage.manifest import CARD
from model_store.store import ModelStore
from tests import small_model

#: Its id.
SECOND = "20160101-00000000"


def added(store: ModelStore, root: Path) -> ModelStore:
    """Return a copy of a store with a second version, which is not champion.

    It knows no `view` of a house; its card says so, so that nothing loads it.
    """
    shutil.copytree(store.url, root)
    copy = ModelStore(root, store.trust)
    files = store.files(store.resolve("champion"))
    card = json.loads(files[CARD])
    described = {part: card[part] for part in ("schema", "profile")}
    unknown = [one["name"] for one in card["schema"]["features"]].index("view")
    for part in described.values():
        del part["features"][unknown]
    copy.publish(small_model.changed(files, version=SECOND, **described))
    return copy
