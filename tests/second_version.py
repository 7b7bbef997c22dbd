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
    schema = json.loads(files[CARD])["schema"]
    schema["features"] = [one for one in schema["features"] if one["name"] != "view"]
    copy.publish(small_model.changed(files, version=SECOND, schema=schema))
    return copy
