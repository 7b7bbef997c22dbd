"""The audit log of the archive has every action once."""

from dataclasses import replace

from model_store.archive.archive import Archive
from model_store.archive.audit import AuditEntry
from tests.model_store.archive.rows import actions

_ENTRY = AuditEntry(
    time_ms=1000,
    actor="cli:ann",
    operation="promote_model",
    targets=("v1",),
    target_count=1,
    request_id=None,
    outcome="done",
)


def test_an_action_that_is_told_twice_is_one(any_archive: Archive) -> None:
    """Who copies a log may copy it again."""
    later = replace(_ENTRY, time_ms=2000, request_id="r")
    any_archive.audit.append([_ENTRY, _ENTRY, later])
    any_archive.audit.append([later])

    assert actions(any_archive) == [_ENTRY, later]
