"""Operators hear of a change once, signed and logged as all events are."""

import datetime as dt
from typing import Any

import orjson

from tests.worker.drift_replay import Replay, in_square_metres
from tests.worker.webhooks.site import Site

MARCH, JUNE = dt.date(2015, 3, 1), dt.date(2015, 6, 1)


def _told(site: Site) -> list[dict[str, Any]]:
    leases = site.take()
    records = site.deliveries.load(leases)
    for lease in leases:
        site.end(lease)
    return [orjson.loads(record[b"body"]) for record in records]


def test_operators_are_told_once_of_each_feature_and_episode(
    replay: Replay, site: Site
) -> None:
    """Until it is over; when it comes again they are told again."""
    site.endpoint("drift.detected", tenant="operator")
    lots = [houses for _, houses in replay.market.lots(MARCH, JUNE)]
    sound = [house for houses in lots for house in houses[::3]]
    spoilt = [in_square_metres(house) for house in sound]
    begin = 1_700_000_000.0
    assert replay.lot(begin, sound) == set()
    assert _told(site) == []

    for minute in range(3):
        assert replay.lot(begin + 60 * (minute + 1), spoilt) == {"sqft_living"}
    (event,) = _told(site)
    assert event["type"] == "drift.detected"
    assert event["data"]["version"] == replay.version
    findings = event["data"]["findings"]
    assert [one["measure"] for one in findings] == ["psi", "ks"]
    assert all(one["value"] > one["threshold"] for one in findings)

    two_days = begin + 2 * 86_400
    assert replay.lot(two_days, sound) == set()
    assert replay.lot(two_days + 86_400, spoilt) == {"sqft_living"}
    assert len(_told(site)) == 1
