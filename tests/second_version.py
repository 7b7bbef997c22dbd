"""Another version beside the champion, for what is about promotions."""

import json
import shutil
from pathlib import Path

from model_store.store import ModelStore

#: Its id.
SECOND = "20160101-00000000"


def added(store: ModelStore, root: Path) -> ModelStore:
    """Return a copy of a store with a second version, which is not champion.

    It knows no `view` of a house; its card says so, so that nothing loads it.
    """
    shutil.copytree(store.root, root)
    second = root / SECOND
    shutil.copytree(root / store.resolve("champion"), second)
    card = json.loads((second / "card.json").read_bytes())
    card["version"] = SECOND
    features = card["schema"]["features"]
    card["schema"]["features"] = [one for one in features if one["name"] != "view"]
    (second / "card.json").write_text(json.dumps(card))
    return ModelStore(root)
