"""The plots are drawn, each with its own content."""

from pathlib import Path

from model_store.assessment.assess import Assessment
from model_store.assessment.plots import draw

PNG = b"\x89PNG\r\n\x1a\n"


def test_every_plot_is_a_picture_of_its_own(
    assessment: Assessment, tmp_path: Path
) -> None:
    """None is empty, none is drawn twice."""
    drawn = draw(assessment, tmp_path)

    pictures = [(tmp_path / name).read_bytes() for name in drawn]
    assert sorted(drawn) == sorted(path.name for path in tmp_path.iterdir())
    assert len(set(pictures)) == len(drawn) == 5
    assert all(picture.startswith(PNG) for picture in pictures)
    assert min(map(len, pictures)) > 8_000


def test_the_same_assessment_gives_the_same_pictures(
    assessment: Assessment, tmp_path: Path
) -> None:
    """So that a report under version control changes with the figures alone."""
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
        draw(assessment, folder)

    first, second = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in folders
    )
    assert first == second
