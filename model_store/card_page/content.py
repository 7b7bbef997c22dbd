"""What a model card says, section by section, whatever it is written as."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from model_store.card import ModelCard
from model_store.card_page import making, plot, rule
from model_store.card_page.blocks import Plot, Rows, Section, Text

#: Figures of the trade and what they are called.
_FIGURES = {
    "mdape": "median error, % of the price paid",
    "ppe10": "within 10 % of the price paid, % of sales",
    "ppe20": "within 20 % of the price paid, % of sales",
    "median_bias": "median bias, % of the price paid",
    "r2": "R2 of the prices",
    "coverage": "range held the price paid, % of sales",
    "mean_width": "mean width of the range, % of the price",
    "within_fsd": "within one forecast deviation, % of sales",
}
_COLUMNS = {
    "n": "sales",
    "mdape": "median error %",
    "median_bias": "median bias %",
    "ppe10": "within 10 %",
    "coverage": "range held %",
}


def title(card: ModelCard) -> str:
    """Return the heading of the page."""
    return f"Model card: {card.name} {card.version}"


def record(card: ModelCard, signer: str) -> dict[str, Any]:
    """Return title and sections as JSON has them; see `sections`."""
    told = [asdict(one) for one in sections(card, signer)]
    return {"title": title(card), "sections": told}


def sections(card: ModelCard, signer: str) -> list[Section]:
    """Return the sections of a page.

    Args:
        card: What it is about.
        signer: Public key of who signed the version.
    """
    return [
        _about(card, signer),
        Section("Intended use and limits", [Text(one) for one in _limits(card)]),
        _figures(card),
        *_segments(card),
        *_calibration(card),
        _inputs(card),
        making.section(card),
        Section(
            "The US quality-control rule for AVMs",
            [
                Text(rule.MEANING),
                Rows(("factor", "evidence here", "missing"), rule.rows(card, signer)),
            ],
        ),
    ]


def _about(card: ModelCard, signer: str) -> Section:
    data = card.data
    fitted = (
        [("fitted to", f"the latest {card.profile.sales:,} of them")]
        if 0 < card.profile.sales < data["sales"]
        else []
    )
    rows = [
        ("sales", f"{data['sales']:,}, {data['first_sale']} to {data['last_sale']}"),
        *fitted,
        ("data set", data["title"]),
        ("source", data["source"]),
        ("licence", data["licence"]),
        ("prices stand at", str(card.as_of)),
        ("currency", card.currency),
        ("trained at", f"{card.trained_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("digest", card.digest),
        ("signed by", signer),
    ]
    return Section("The model and its data", [Rows(("", ""), rows)])


def _limits(card: ModelCard) -> Iterator[str]:
    data, level = card.data, card.interval.level
    yield (
        "It prices single homes of this market for people who decide with its range "
        "in view. It is no appraisal: nobody has seen the house, and its condition is "
        "known only as far as the inputs say."
    )
    yield (
        f"A price stands at {card.as_of}, the last sale: the further the market moves "
        f"on, the further off it is. The range is made to hold {level:.0%} of sales; "
        f"{1 - level:.0%} lie outside by design."
    )
    yield (
        "Houses unlike all sales are flagged in the answer; their prices and ranges "
        "are guesses."
    )
    yield from (f"It lacks: {told}." for told in data.get("lacks", ()))


def _figures(card: ModelCard) -> Section:
    metrics = card.metrics
    reach = metrics.get("uncertainty", {})
    rows = [
        (words, f"{metrics[name]}", _ends(reach.get(name)))
        for name, words in _FIGURES.items()
        if name in metrics
    ]
    told = (
        f"Measured on {metrics['n']:,} sales from {metrics['tested_from']} to "
        f"{metrics['tested_to']}, each priced by a model of the sales before its "
        "period. The ends hold nine of ten figures of other draws of these sales."
    )
    head = ("figure", "measured", "90 % interval")
    return Section("How good it is", [Text(told), Rows(head, rows)])


def _ends(reach: Sequence[float] | None) -> str:
    return f"{reach[0]:g} to {reach[1]:g}" if reach else "not measured"


def _segments(card: ModelCard) -> Iterator[Section]:
    metrics = card.metrics
    groups = [
        ("By period", "from", metrics.get("periods", [])),
        (
            "By fifth of the price, between that given and that paid",
            "from",
            metrics.get("quintiles", []),
        ),
        *(
            (f"By {name}, most frequent values", "value", rows)
            for name, rows in metrics.get("categories", {}).items()
        ),
    ]
    for heading, key, rows in groups:
        if rows:
            yield Section(heading, [Rows((key, *_COLUMNS.values()), _cells(key, rows))])


def _cells(key: str, rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    return [[_cell(row[name]) for name in (key, *_COLUMNS)] for row in rows]


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _calibration(card: ModelCard) -> Iterator[Section]:
    groups = card.metrics.get("fsd_calibration")
    if groups:
        told = (
            "Tenths of the tested sales, by the forecast standard deviation given: two "
            "of three errors should stay below it, and the dots on the line."
        )
        rows = [[f"{one['said']:g}", f"{one['was']:g}"] for one in groups]
        yield Section(
            "Is the forecast deviation honest?",
            [
                Text(told),
                Plot(plot.calibration(groups), "Forecast deviation given and found"),
                Rows(("given %", "found %"), rows),
            ],
        )


def _inputs(card: ModelCard) -> Section:
    rows = [
        (
            feature.name,
            feature.kind,
            feature.unit or "",
            feature.description,
            f"{profile.missing:.1%}",
        )
        for feature, profile in zip(
            card.schema.features, card.profile.features, strict=True
        )
    ]
    head = ("input", "kind", "unit", "meaning", "missing, or never, in")
    left_out = list(card.data.get("left_out", {}).items())
    blocks: list[Text | Rows | Plot] = [Rows(head, rows)]
    if left_out:
        blocks += [Rows(("column that is no input", "why"), left_out)]
    return Section("Inputs", blocks)
