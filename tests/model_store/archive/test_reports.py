"""Of each report the last one is kept."""

from model_store.archive.archive import Archive
from model_store.archive.report import Report


def test_the_last_report_of_a_name_is_kept(any_archive: Archive) -> None:
    """Whoever was slower than one that began later changes nothing."""
    any_archive.reports.put("accuracy", {"mdape": 0.08}, made_ms=2000)
    any_archive.reports.put("accuracy", {"mdape": 0.09}, made_ms=1000)
    any_archive.reports.put("drift", {}, made_ms=1000)

    assert any_archive.reports.get("accuracy") == Report(2000, {"mdape": 0.08})
    assert any_archive.reports.get("nothing") is None
