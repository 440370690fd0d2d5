import numpy as np
import pytest

from openbell.bars.block import Block
from openbell.bars.interval import Interval
from openbell.market.calendar import load_calendar
from openbell.store.clock import roughly
from openbell.store.evidence import evidence_of


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize("day", ["2024-03-10", "2024-03-31", "2024-04-07", "2024-10-06", "2024-10-27", "2024-11-03"])
def test_a_clock_that_is_asked_about_quarters_tells_what_it_tells_of_each_stamp(zone, day):
    first = np.datetime64(day, "ns").astype(np.int64) - 10 * 86_400_000_000_000
    ts = first + np.arange(20 * 1440) * 60_000_000_000
    calendar, minute = load_calendar("XNYS"), Interval.parse("1m")

    evidence = evidence_of(calendar, minute, [[Block.of(ts, [np.ones(len(ts))] * 5)]])

    assert len(evidence.ts) == len(ts)
    assert (evidence.moments(zone) == roughly(ts, zone)).all()
