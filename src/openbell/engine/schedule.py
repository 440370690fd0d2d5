"""When a scanner scans today, on the exchange's clock."""

from datetime import time as TimeOfDay  # noqa: N812

from openbell.config.session_file import Schedule
from openbell.market.time_manager import TimeManager


def due_today(schedule: Schedule, time: TimeManager) -> list[int]:
    """The instants of today at which a scan is due, ns UTC, each once; none after the close.

    Parameters
    ----------
    schedule
        Every so often from one time to another (by default from one step after the open to the close), and at times.
    time
        The clock, on today's session.
    """
    today = time.today
    due = {_instant(at, time) for at in schedule.at}
    if schedule.every:
        first = today.open + schedule.every if schedule.start is None else _instant(schedule.start, time)
        last = today.close if schedule.until is None else min(_instant(schedule.until, time), today.close)
        due |= set(range(first, last + 1, schedule.every))
    return sorted(at for at in due if today.open < at <= today.close)


def _instant(at: TimeOfDay, time: TimeManager) -> int:
    return time.parse(f"{at:%H:%M:%S}")
