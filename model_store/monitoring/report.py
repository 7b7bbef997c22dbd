"""The report on accuracy: what realised sales say of every version that priced them."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from model_store.archive.archive import Archive
from model_store.archive.outcomes import Scored
from model_store.card import ModelCard
from model_store.monitoring import accuracy, alarms, realised
from model_store.monitoring.accuracy import Judged, Period, Row
from model_store.monitoring.realised import Promise

#: Days before the newest sale that are looked at, and that count as now.
_WINDOW, _NOW = dt.timedelta(days=731), dt.timedelta(days=28)
_PERIODS: tuple[Period, ...] = ("month", "week")


def make(
    archive: Archive, card: Callable[[str], ModelCard], *, told_since_ms: int = 0
) -> Row:
    """Return the report on all sales of the two years before the newest one.

    Left out are those that a version may have learnt from before it priced the house.

    Args:
        archive: Holds predictions and outcomes.
        card: Reads the card of a version.
        told_since_ms: Sales that were told before are left out, in ms since the epoch:
            what had priced them may not be kept any more, and they would count as
            houses without a price.

    Raises:
        ArchiveError: The archive cannot be used.
    """
    outcomes = archive.outcomes
    days = outcomes.days(told_since_ms=told_since_ms)
    if not days:
        return _body(Counter(), None, {}, {}) | {"properties": 0}
    since = max(days) - _WINDOW
    rows = list(outcomes.scored(since=since, told_since_ms=told_since_ms))
    promises = {
        version: realised.promise(card, version)
        for version in sorted({row.version for row in rows})
    }
    told = Counter({day: n for day, n in days.items() if day >= since})
    told -= Counter(row.sold_on for row in rows if not _is_news(row, promises))
    rows = [row for row in rows if _is_news(row, promises)]
    levels = {row.version: row.level for row in rows}
    sales = realised.judged(rows, promises) if rows else None
    of_properties = sum(row.property_id is not None for row in rows)
    return _body(told, sales, promises, levels) | {"properties": of_properties}


def _is_news(row: Scored, promises: Mapping[str, Promise]) -> bool:
    return promises[row.version].judged_by(row.sold_on)


def standing(report: Row, before: Row | None, *, now_ms: int) -> Row:
    """Return what of a report is watched: the state of each version, and since when.

    Args:
        report: See `make`.
        before: What this returned of the report before; None: there was none.
        now_ms: When alarms that are new were noticed, in ms since the epoch.
    """
    known = before["versions"] if before else {}
    return {
        "newest_sale": report["to"],
        "hit_rate": report["hit_rate"],
        "versions": {
            one["version"]: {
                "state": one["state"],
                "level": one["level"],
                "expected_mdape": one["expected_mdape"],
                "now": one["now"],
                "alarms": [
                    alarm | {"noticed_ms": _noticed(alarm, version_before, now_ms)}
                    for alarm in one["alarms"]
                    if alarm["state"] == "degraded"
                ],
            }
            for one in report["versions"]
            for version_before in [known.get(one["version"], {"alarms": []})]
        },
    }


def _noticed(alarm: Row, before: Row, now_ms: int) -> int:
    """Return when an alarm was noticed: now, or when it was before."""
    same = ("measure", "tolerance")
    for one in before["alarms"]:
        if all(one[name] == alarm[name] for name in same):
            return int(one["noticed_ms"])
    return now_ms


def _body(
    told: Counter[dt.date],
    sales: Judged | None,
    promises: Mapping[str, Promise],
    levels: Mapping[str, float],
) -> Row:
    priced = 0 if sales is None else len(sales)
    segments = [] if sales is None else sorted(sales.segments)
    return {
        "sales": told.total(),
        "priced": priced,
        "hit_rate": _percent(priced, told.total()),
        "from": str(min(told)) if told else None,
        "to": str(max(told)) if told else None,
        "fewest": accuracy.FEWEST,
        "segments": segments,
        "versions": []
        if sales is None
        else [_version(sales, name, promises[name], levels[name]) for name in promises],
        "rows": {period: _rows(told, sales, segments, period) for period in _PERIODS},
    }


def _rows(
    told: Counter[dt.date], sales: Judged | None, segments: list[str], period: Period
) -> dict[str, list[Row]]:
    """Return the rows of a period by segment; those of no segment tell hit rates."""
    whole = [] if sales is None else accuracy.table(sales, period)
    asked: Counter[str] = Counter()
    for day, n in told.items():
        asked[str(accuracy.start(day, period))] += n
    together = {row["from"]: row for row in whole if row["version"] is None}
    for start, n in asked.items():
        if start not in together:
            together[start] = {"from": start, "version": None, **accuracy.NO_SALES}
            whole.append(together[start])
        row = together[start]
        row |= {"sales": n, "hit_rate": _percent(row["n"], n)}
    whole.sort(key=lambda row: (row["from"], row["version"] or ""))
    if sales is None:
        return {"": whole}
    return {"": whole} | {
        name: accuracy.table(sales, period, name) for name in segments
    }


def _version(sales: Judged, name: str, promise: Promise, level: float) -> Row:
    its = sales.where(sales.version == name)
    days = its.sold_on.tolist()
    watched = alarms.watches(its.outcome, level=level, expected_mdape=promise.mdape)
    raised = [_alarm(days, one, its) for one in watched]
    worse = [one for one in raised if one["state"] == "degraded"]
    recent = its.where(its.sold_on > sales.sold_on[-1] - np.timedelta64(_NOW))
    return {
        "version": name,
        "from": str(days[0]),
        "to": str(days[-1]),
        "level": round(100 * level, 2),
        "expected_mdape": promise.mdape,
        "state": "degraded" if worse else "ok",
        "since": min((one["since"] for one in worse), default=None),
        "alarms": raised,
        **accuracy.cell(its.outcome),
        "now": accuracy.cell(recent.outcome),
        "fsd_calibration": accuracy.fsd_calibration(its.outcome),
    }


def _alarm(days: list[dt.date], watch: alarms.Watch, sales: Judged) -> Row:
    """Return the state of a measure, and what sales said since it became worse."""
    spells = alarms.spells(days, watch)
    told: Row = {
        "measure": watch.measure,
        "tolerance": watch.tolerance,
        "state": "ok",
        "spells": [
            {
                "began_about": str(one.began_about),
                "raised_on": str(one.raised_on),
                "ended_on": None if one.ended_on is None else str(one.ended_on),
            }
            for one in spells
        ],
    }
    if not spells or spells[-1].ended_on is not None:
        return told
    worse = sales.where(sales.sold_on >= np.datetime64(spells[-1].began_about))
    return told | {
        "state": "degraded",
        "since": str(spells[-1].raised_on),
        "began_about": str(spells[-1].began_about),
        "outcomes": len(worse),
        "value": alarms.value(watch.measure, worse.outcome),
    }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
