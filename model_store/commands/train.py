"""`kerbside model train`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from model_store import options
from model_store.command_line import Command
from model_store.commands import card_table, opening
from model_store.storage import signing
from model_store.store import ModelStore


@click.command(cls=Command)
@options.data
@options.store
@click.option("--name", help="Name of the model. Default: that of the data set.")
@click.option("--seed", default=0, show_default=True, help="Seed of the training.")
@click.option(
    "--promote", "case", flag_value="any", help="Make it the champion in any case."
)
@click.option(
    "--unless-champion", "case", flag_value="none", help="Do nothing if there is one."
)
@options.progress
@options.as_json
def train(
    *,
    data: Path | None,
    store_url: str | None,
    name: str | None,
    seed: int,
    case: str | None,
    progress: bool | None,
    as_json: bool,
) -> None:
    """Train a model, measure it month by month on the last period, publish it.

    It becomes the champion if there is none yet.
    """
    # Only this command loads the model stack.
    from model_store import (  # noqa: PLC0415
        artifact,
        dataset,
        training,
    )

    settings = opening.settings(store_url)
    store = ModelStore.from_settings(settings)
    if case == "none" and store.aliases().champion:
        card_table.show(store, store.card(store.resolve("champion")), as_json=as_json)
        return
    key = signing.own_key(settings)
    store.prepare()
    sales = dataset.load(data or dataset.SHIPPED)
    sales.expect_distinct()
    with options.bar("training", show=progress) as step:
        trained = training.train(
            sales,
            seed=seed,
            trained_at=datetime.now(UTC).replace(microsecond=0),
            name=name,
            progress=step,
        )
    version = store.publish(artifact.dump(trained, key))
    if case == "any" or store.aliases().champion is None:
        store.promote(version)
    card_table.show(store, store.card(version), as_json=as_json)
