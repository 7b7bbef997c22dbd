"""`python -m benchmarks.priced_examples`: loads the champion, prices its examples."""

from model_store.serving.predictor import Predictor
from model_store.settings import ModelSettings
from model_store.store import ModelStore

#: Houses that are priced, one by one.
_HOUSES = 1000


def main() -> None:
    """Price houses as a worker that has nothing else to do."""
    store = ModelStore.from_settings(ModelSettings.from_env())
    champion = Predictor.load(store, store.resolve("champion"))
    examples = [one["house"] for one in champion.card.examples]
    for at in range(_HOUSES):
        champion.quote([examples[at % len(examples)]])


if __name__ == "__main__":
    main()
