"""Of each sale the last word counts, and judges the price that was quoted."""

import datetime as dt
import threading
from typing import Any

from sqlalchemy import func, select

from model_store.archive import tables
from model_store.archive.archive import Archive
from model_store.archive.outcome import Outcome, Recorded
from model_store.archive.prediction import house_hash
from tests.model_store.archive.rows import HOUSE, a_property, prediction, valuation

_DAY = dt.date(2026, 3, 1)


def _outcome(number: int = 1, **changes: Any) -> Outcome:
    about = prediction(number).id
    usual: dict[str, Any] = {
        "tenant": "acme",
        "subject": about,
        "prediction_id": about,
        "price": 510_000.0,
        "sold_on": _DAY,
        "recorded_ms": 9000,
    }
    return Outcome(**usual | changes)


def test_an_outcome_comes_back_as_it_went_in(any_archive: Archive) -> None:
    """With its house, where one was told."""
    given = _outcome(house=HOUSE, house_hash="aa", prediction_id=None, subject="aa")

    assert any_archive.outcomes.record([given]) == [Recorded("new", given)]

    assert list(any_archive.outcomes.current()) == [given]


def test_what_is_known_is_not_written_again(any_archive: Archive) -> None:
    """Not even within one call; a client may repeat what it sent."""
    again = _outcome(recorded_ms=9500)

    recorded = any_archive.outcomes.record([_outcome(), again])
    recorded += any_archive.outcomes.record([again])

    assert [one.became for one in recorded] == ["new", "known", "known"]
    assert {one.outcome for one in recorded} == {_outcome()}
    assert list(any_archive.outcomes.current()) == [_outcome()]


def test_a_correction_takes_the_place_of_what_was_told_before(
    any_archive: Archive,
) -> None:
    """And what was told before is still known as that."""
    corrected = _outcome(price=520_000.0, recorded_ms=9500)
    any_archive.outcomes.record([_outcome(), _outcome(tenant="other")])

    recorded = any_archive.outcomes.record([corrected])

    assert recorded == [Recorded("correction", corrected)]

    assert list(any_archive.outcomes.current(tenant="acme")) == [corrected]
    assert list(any_archive.outcomes.current(tenant="other")) != [corrected]
    with any_archive.database.reading() as connection:
        superseded = select(func.max(tables.outcomes.c.superseded_ms))
        assert connection.execute(superseded).scalar() == 9500


def test_corrections_at_once_leave_one_that_counts(any_archive: Archive) -> None:
    """One comes after the other, whoever is first."""
    prices = [float(price) for price in range(500_000, 500_008)]

    def correct(price: float) -> None:
        any_archive.outcomes.record([_outcome(price=price)])

    threads = [threading.Thread(target=correct, args=(price,)) for price in prices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list(any_archive.outcomes.current())) == 1


def test_outcomes_stand_beside_the_prices_that_they_judge(
    any_archive: Archive,
) -> None:
    """Only those that judge a price of their own tenant."""
    any_archive.predictions.upsert(
        [prediction(1), prediction(2, tenant="other"), prediction(3, output=None)]
    )
    any_archive.outcomes.record([_outcome(number) for number in (1, 2, 3, 4)])

    (scored,) = any_archive.outcomes.scored()

    assert (scored.source_id, scored.sold_for) == (prediction(1).id, 510_000)
    assert (scored.price, scored.low, scored.high) == (500_000, 400_000, 625_000)
    assert (scored.level, scored.fsd, scored.in_distribution) == (0.9, 0.12, True)
    assert (scored.version, scored.input.encode()) == ("v1", HOUSE)


def test_an_outcome_of_a_house_judges_the_last_price_before_it_was_told(
    any_archive: Archive,
) -> None:
    """Whether that was archived before or after; no other tenant's, and no failure."""
    house = house_hash(HOUSE)
    told = _outcome(
        subject=house,
        prediction_id=None,
        house=HOUSE,
        house_hash=house,
        recorded_ms=3500,
    )
    any_archive.outcomes.record([told])
    assert list(any_archive.outcomes.scored()) == []

    any_archive.predictions.upsert(
        [
            *(prediction(number) for number in (1, 2, 4)),
            prediction(3, output=None),
            prediction(5, created_ms=3000, tenant="other"),
            prediction(6, created_ms=3000, input=b'{"rooms":4}'),
        ]
    )

    (scored,) = any_archive.outcomes.scored()
    assert scored.source_id == prediction(2).id


def _sold(**changes: Any) -> Outcome:
    usual: dict[str, Any] = {
        "subject": "s",
        "prediction_id": None,
        "property_id": "a",
        "house": HOUSE,
        "house_hash": house_hash(HOUSE),
    }
    return _outcome(**usual | changes)


def test_an_outcome_of_a_property_judges_its_valuation_before_the_sale(
    any_archive: Archive,
) -> None:
    """The newest of its day or before, of the house that was sold, and no other's."""
    midnight = dt.datetime.combine(_DAY, dt.time(), dt.UTC)
    day_ms, last_ms = int(midnight.timestamp()) * 1000, 86_400_000 - 1
    before = valuation("a", 1, valued_ms=day_ms - 5)
    that_day = valuation("a", 2, valued_ms=day_ms + last_ms, version="v2")
    after = valuation("a", 3, valued_ms=day_ms + last_ms + 1)
    rebuilt = valuation("a", 4, valued_ms=day_ms, input_digest="another")
    theirs = valuation("a", 5, tenant="other", valued_ms=day_ms)
    any_archive.properties.put([a_property("a")])
    any_archive.properties.put([a_property("a", tenant="other")])
    # A prediction of the same house is not what is judged.
    any_archive.predictions.upsert([prediction(1)])
    any_archive.valuations.record([after, rebuilt, theirs])
    any_archive.outcomes.record([_sold()])
    assert list(any_archive.outcomes.scored()) == []

    any_archive.valuations.record([before])
    (first,) = any_archive.outcomes.scored()
    any_archive.valuations.record([that_day])
    (scored,) = any_archive.outcomes.scored()

    assert first.source_id == before.source_id
    assert (scored.source_id, scored.property_id) == (that_day.source_id, "a")
    assert (scored.version, scored.created_ms) == ("v2", that_day.valued_ms)
    assert (scored.price, scored.low, scored.high) == (500_000, 400_000, 625_000)
    assert (scored.level, scored.fsd, scored.in_distribution) == (0.9, 0.12, True)
    assert (scored.sold_for, scored.input.encode()) == (510_000, HOUSE)


def test_sales_of_both_kinds_come_by_their_days(any_archive: Archive) -> None:
    """Whatever they were told of."""
    any_archive.predictions.upsert([prediction(1), prediction(2)])
    any_archive.properties.store([a_property("a")], [valuation("a")])
    days = [dt.date(2026, 3, day) for day in (1, 2, 3)]
    any_archive.outcomes.record(
        [
            _outcome(1, sold_on=days[2]),
            _sold(sold_on=days[1]),
            _outcome(2, sold_on=days[0]),
        ]
    )

    scored = list(any_archive.outcomes.scored())

    assert [one.sold_on for one in scored] == days
    assert [one.property_id for one in scored] == [None, "a", None]


def test_a_property_may_be_sold_again(any_archive: Archive) -> None:
    """A day near by is a correction, though the house is another by now."""
    again = _sold(sold_on=dt.date(2027, 3, 1))
    near = _sold(sold_on=dt.date(2026, 3, 9), house=b"{}", house_hash="bb")

    told = any_archive.outcomes.record([_sold(), again, near])

    assert [one.became for one in told] == ["new", "new", "correction"]
    assert told[0].outcome.subject == told[2].outcome.subject == "s"
    assert told[1].outcome.subject != "s"


def test_days_are_counted_and_the_last_change_is_known(any_archive: Archive) -> None:
    """Of what counts; to correct and to withdraw are changes, too."""
    assert any_archive.outcomes.days() == {}
    assert any_archive.outcomes.last_change_ms() is None

    any_archive.outcomes.record([_outcome(1), _outcome(2)])
    later = dt.date(2026, 3, 2)
    any_archive.outcomes.record([_outcome(2, sold_on=later, recorded_ms=9700)])

    assert any_archive.outcomes.days() == {_DAY: 1, later: 1}
    assert any_archive.outcomes.last_change_ms() == 9700

    any_archive.outcomes.withdraw("acme", _outcome(2).subject, now_ms=9900)

    assert any_archive.outcomes.days() == {_DAY: 1}
    assert any_archive.outcomes.last_change_ms() == 9900


def test_a_page_shows_what_was_told_and_what_took_its_place(
    any_archive: Archive,
) -> None:
    """What was told last comes first; pages follow each other."""
    first, corrected = _outcome(), _outcome(price=520_000.0, recorded_ms=9500)
    any_archive.outcomes.record([first, _outcome(tenant="other")])
    any_archive.outcomes.record([corrected])

    (newest,) = any_archive.outcomes.page("acme", limit=1)
    (older,) = any_archive.outcomes.page("acme", limit=9, before=newest.number)

    assert (newest.outcome, newest.superseded_ms) == (corrected, None)
    assert (older.outcome, older.superseded_ms) == (first, 9500)


def test_outcomes_of_a_time_are_those_sold_in_it(any_archive: Archive) -> None:
    """From one day on and before another."""
    any_archive.predictions.upsert([prediction(number) for number in (1, 2, 3)])
    days = [dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2026, 4, 1)]
    any_archive.outcomes.record(
        [_outcome(number, sold_on=day) for number, day in enumerate(days, 1)]
    )

    current = any_archive.outcomes.current(since=days[1], until=days[2])
    scored = any_archive.outcomes.scored(tenant="acme", since=days[1], until=days[2])

    assert [one.sold_on for one in current] == [days[1]]
    assert [one.sold_on for one in scored] == [days[1]]


def test_who_erases_a_prediction_erases_its_outcome(any_archive: Archive) -> None:
    """It says what a house was worth, and to whom."""
    any_archive.predictions.upsert([prediction()])
    any_archive.outcomes.record([_outcome()])

    any_archive.predictions.delete("acme", prediction().id)

    assert list(any_archive.outcomes.current()) == []


def test_of_a_withdrawn_sale_nothing_is_left_but_that_it_was(
    any_archive: Archive,
) -> None:
    """Nor of what corrections had taken the place of; other sales stay."""
    outcomes = any_archive.outcomes
    others = [_outcome(2), _outcome(tenant="other")]
    outcomes.record([_outcome(), *others])
    corrected = _outcome(price=520_000.0, recorded_ms=9500)
    outcomes.record([corrected])

    outcomes.withdraw("acme", corrected.subject, now_ms=9900)

    assert list(outcomes.current()) == others
    assert [told.outcome for told in outcomes.page("acme", limit=9)] == others[:1]
    assert outcomes.get("acme", corrected.subject) is None
    assert outcomes.withdrawn_ms("acme", corrected.subject) == 9900
    assert outcomes.withdrawn_ms("other", corrected.subject) is None


def test_a_withdrawn_sale_may_be_told_and_withdrawn_anew(any_archive: Archive) -> None:
    """As if it had never been."""
    outcomes, again = any_archive.outcomes, _outcome(recorded_ms=9950)
    outcomes.record([_outcome()])
    outcomes.withdraw("acme", again.subject, now_ms=9900)

    assert outcomes.record([again]) == [Recorded("new", again)]

    outcomes.withdraw("acme", again.subject, now_ms=9990)
    assert list(outcomes.current()) == []
    assert outcomes.withdrawn_ms("acme", again.subject) == 9990


def test_what_was_never_told_is_not_withdrawn(any_archive: Archive) -> None:
    """Nothing is kept of the question, nor is another tenant's sale touched."""
    any_archive.outcomes.record([_outcome()])

    any_archive.outcomes.withdraw("other", _outcome().subject, now_ms=9900)

    assert list(any_archive.outcomes.current()) == [_outcome()]
    assert any_archive.outcomes.withdrawn_ms("other", _outcome().subject) is None
