"""Whether there is a model to price with that workers take."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime

from api.commands.checkup.finding import Finding, Status, Target
from model_store.card import ModelCard
from model_store.errors import ArtifactError, ModelStoreError, NotTrusted
from model_store.store import ModelStore
from worker.versions import Versions

_ROLL_BACK = "`kerbside model rollback`, or `kerbside model promote` another version"
_DAYS_OF_A_YEAR = 365.25


def check_store(target: Target) -> Iterator[Finding]:
    """Look at the model store and at its champion, which is read whole."""
    try:
        store = ModelStore.from_settings(target.settings)
        aliases = store.aliases()
        versions = store.versions()
        found = f"{len(versions)} versions in {store}, generation {aliases.generation}"
        yield Finding(check="model store", found=found)
        if aliases.champion is None:
            yield _no_champion(store, versions)
            return
        store.files(aliases.champion)
        card = store.card(aliases.champion)
    except ModelStoreError as error:
        yield _unusable(error)
        return
    yield Finding(check="champion", found=_told(card))


def check_loaded(target: Target) -> Iterator[Finding]:
    """Look at what workers say of the champion, if there is one."""
    with contextlib.suppress(ModelStoreError):
        champion = ModelStore.from_settings(target.settings).aliases().champion
        if champion is None:
            return
        with target.redis() as client:
            yield _workers_have(champion, Versions(client, target.settings))


def _told(card: ModelCard) -> str:
    now = datetime.now(UTC)
    return (
        f"{card.name} {card.version}, signed and whole,"
        f" trained {(now - card.trained_at).days:,} days ago, prices as of {card.as_of}"
        f" ({_years(card.as_of, now.date())})"
    )


def _years(then: date, today: date) -> str:
    years = (today - then).days / _DAYS_OF_A_YEAR
    return f"{years:.1f} years ago" if years >= 1 else f"{(today - then).days} days ago"


def _no_champion(store: ModelStore, versions: list[str]) -> Finding:
    return Finding(
        check="champion",
        status=Status.FAILED,
        found=f"none in {store}",
        expected="a version that prices by default",
        remedy=f"`kerbside model promote {versions[-1]}`."
        if versions
        else "`kerbside up` or `kerbside model train`; or name another store:"
        " KERBSIDE_STORE_URL.",
    )


def _unusable(error: ModelStoreError) -> Finding:
    check, remedy = (
        "model store",
        "Mend the place, or name another: KERBSIDE_STORE_URL.",
    )
    if isinstance(error, ArtifactError):
        check, remedy = "champion", f"{_ROLL_BACK}."
    if isinstance(error, NotTrusted):
        remedy = (
            "Add the key to KERBSIDE_TRUSTED_KEYS if you know whose it is, else"
            f" {_ROLL_BACK}."
        )
    return Finding(
        check=check,
        status=Status.FAILED,
        found=str(error),
        expected="versions that are whole and signed by a trusted key",
        remedy=remedy,
    )


def _workers_have(version: str, versions: Versions) -> Finding:
    findings = versions.findings()
    if findings.refuses(version):
        refusal = findings.refused[version]
        return Finding(
            check="loaded",
            status=Status.FAILED,
            found=f"workers refused {version} {refusal.count} times: {refusal.reason}",
            expected="workers that load it",
            remedy=f"Mend that, or {_ROLL_BACK}.",
        )
    if version in findings.loaded:
        return Finding(check="loaded", found=f"workers have loaded {version}")
    return Finding(
        check="loaded",
        status=Status.WARNING,
        found=f"no worker has told that it loaded {version}",
        expected="workers that load the champion within seconds",
        remedy="Start workers, or look into their logs.",
    )
