"""Laws of `kerbside archive export`."""

import json
from pathlib import Path

import redis as redis_py

from model_store.archive.archive import Archive
from tests.api.conftest import Run
from tests.model_store.archive.rows import prediction
from worker.audit import Audit


def test_an_export_is_written_down(
    run: Run, archive: Archive, tmp_path: Path, redis_url: str, redis: redis_py.Redis
) -> None:
    """Houses leave the installation; the days asked for bound it."""
    archive.predictions.upsert([prediction(1), prediction(2, created_ms=86_400_000)])

    told = run(
        *("archive", "export", "predictions", "-o", str(tmp_path / "out.csv")),
        *("--from", "1970-01-02", "--to", "1970-01-03"),
        KERBSIDE_ARCHIVE_URL=f"sqlite:///{archive.database.file}",
        KERBSIDE_REDIS_URL=redis_url,
    )

    assert told.stdout == f"1 rows of predictions in {tmp_path}/out.csv.\n"
    assert prediction(2).id in (tmp_path / "out.csv").read_text()
    (action,) = Audit(redis).newest(9)
    assert (action["operation"], action["targets"]) == (
        *("export_archive", ["predictions"]),
    )


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(
    run: Run, archive: Archive, tmp_path: Path
) -> None:
    """It may be the only copy of something."""
    (tmp_path / "out.csv").write_text("mine")
    words = ("archive", "export", "sales", "-o", str(tmp_path / "out.csv"))
    here = {"KERBSIDE_ARCHIVE_URL": f"sqlite:///{archive.database.file}"}

    refused = run(*words, **here)
    kept = (tmp_path / "out.csv").read_text()
    done = run(*words, "--overwrite", "--json", **here)

    assert (refused.exit_code, kept, done.exit_code) == (2, "mine", 0)
    assert json.loads(done.stdout) == {"file": str(tmp_path / "out.csv"), "rows": 0}
    assert (tmp_path / "out.csv").read_text() != "mine"
