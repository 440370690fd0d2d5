"""Speed, pause, step and stop, from the session's own thread, from callbacks and from other threads."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sessions import document, started

import openbell as ob
from openbell.config.loader import load
from openbell.engine.control import Control
from openbell.engine.phase import Phase

WAIT = 20.0


def now(day: ob.SessionCoordinator) -> str:
    return f"{day.time.at(day.time.now):%H:%M}"


def eventually(true) -> bool:
    """Whether something becomes true before long."""
    end = time.monotonic() + WAIT
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


class Fast(Control):
    """A control that waits once before each instant, and shortly, so that a paced day ends within a test."""

    waited = False

    def _seconds_until(self, end: int) -> float:
        assert super()._seconds_until(end) > 0
        self.waited = not self.waited
        return 1e-4 if self.waited else 0.0


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_every_speed_ends_with_one_digest(store: Path, speed: float):
    file = load(document(store))
    plain = ob.SessionCoordinator(file)
    paced = ob.SessionCoordinator(replace(file, speed=speed))
    paced.control = Fast(paced, speed)

    digests = []
    for day in (plain, paced):
        day.start_day()
        digests.append(day.finish_day().digest)

    assert digests[0] == digests[1]


def test_a_paced_session_waits_for_its_time(store: Path):
    day = started(store)
    day.control.speed = 600.0  # a minute in a tenth of a second

    began = time.monotonic()
    day.advance_to("09:35")

    assert time.monotonic() - began >= 0.45
    assert day.instants == 5


def test_steps_go_by_instants_bars_and_minutes(store: Path):
    day = started(store)

    assert day.control.step()
    assert (now(day), day.instants) == ("09:31", 1)
    assert day.control.step(3)
    assert now(day) == "09:34"
    assert day.control.step(2, interval="5m")
    assert now(day) == "09:40"
    assert day.control.step(minutes=7.5)
    assert now(day) == "09:47"
    day.advance_to("15:58")
    assert not day.control.step(5)
    assert now(day) == "16:00"


def test_stepping_ends_in_the_state_of_going_there_at_once(store: Path):
    day, other = started(store), started(store)

    while now(day) != "10:15":
        day.control.step(interval="5m")

    other.advance_to("10:15")
    assert day.digest() == other.digest()


def test_run_until_a_time_a_condition_and_a_signal(store: Path, tmp_path: Path):
    (tmp_path / "mine.py").write_text(
        "import openbell as ob\n\n\nclass Once(ob.Strategy):\n    def on_bars(self, bars):\n"
        "        if bars.interval == '5m' and bars.time.strftime('%H:%M') == '11:00':\n"
        "            self.buy('NVDA')\n"
    )
    day = started(store, strategies=[{"use": f"{tmp_path}/mine.py:Once"}])
    nvda = day.session_data.get_symbol_data("NVDA")

    assert day.control.run_until("10:00")
    assert now(day) == "10:00"
    assert day.control.run_until(lambda: len(nvda.bars["5m"].today) >= 9)
    assert now(day) == "10:15"
    assert day.control.run_until(signal=True)
    assert now(day) == "11:00"
    assert not day.control.run_until(signal=True)
    assert now(day) == "16:00"


def test_pause_by_the_own_thread_returns_and_resume_goes_on(store: Path, tmp_path: Path):
    (tmp_path / "mine.py").write_text(
        "import openbell as ob\n\n\nclass Halts(ob.Strategy):\n    def on_bars(self, bars):\n"
        "        if bars.interval == '1m' and bars.time.strftime('%H:%M') == '11:00':\n"
        "            self.desk.control.pause()\n"
    )
    day = started(store, strategies=[{"use": f"{tmp_path}/mine.py:Halts"}])

    day.advance_to("12:00")

    assert (now(day), day.control.paused) == ("11:00", True)
    with pytest.raises(ob.SessionError, match=r"paused at 11:00:00.*\n.*resume"):
        day.finish_day()
    assert day.control.step()
    assert (now(day), day.control.paused) == ("11:01", True)
    day.control.resume()
    assert day.finish_day().digest == started(store).finish_day().digest


def test_another_thread_pauses_steps_changes_and_resumes(store: Path):
    day = started(store)
    day.control.speed = 1.0
    runner = threading.Thread(target=day.finish_day)
    runner.start()

    day.control.pause()
    day.control.speed = 0.0
    at = day.instants
    assert day.control.step(2)
    assert eventually(lambda: day.instants == at + 2 and day.control.paused)
    assert day.add_symbol("AAPL").ok
    assert day.instants == at + 2
    assert day.control.run_until("12:00")
    assert eventually(lambda: day.control.paused and now(day) == "12:00")
    day.control.resume()
    runner.join(WAIT)

    assert (day.phase, now(day)) == (Phase.ENDED, "16:00")


def test_stop_while_paused_ends_at_once(store: Path):
    day = started(store)
    day.control.speed = 1.0
    runner = threading.Thread(target=day.finish_day)
    runner.start()
    day.control.pause()

    day.control.stop()
    runner.join(WAIT)

    assert day.phase is Phase.ENDED
    assert day.instants <= 1


def test_it_can_be_paused_and_stopped_in_every_phase(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))
    day.control.pause()
    assert day.phase is Phase.IDLE
    day.start_day()
    day.advance_to("10:00")
    assert now(day) == "09:30"
    day.control.resume()
    day.advance_to("10:00")
    assert now(day) == "10:00"
    day.finish_day()
    day.control.pause()
    day.start_day()
    assert day.control.step()
    day.control.resume()
    day.control.stop()
    assert day.finish_day().instants == 1
    day.close()
    day.control.stop()


def test_stop_while_symbols_are_provisioned_ends_before_the_first_bar(store: Path):
    def observer(_symbol: str, _step: str) -> None:
        day.control.stop()

    day = ob.SessionCoordinator(load(document(store)), observer=observer)
    day.start_day()

    assert day.finish_day().instants == 0


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(store: Path, speed: float):
    day = started(store)

    with pytest.raises(ValueError, match="speed"):
        day.control.speed = speed


def test_steps_that_go_nowhere_are_refused(store: Path):
    day = started(store)

    with pytest.raises(ValueError, match="forward"):
        day.control.step(0)
    with pytest.raises(ValueError, match="needs a time"):
        day.control.run_until()
    day.finish_day()
    with pytest.raises(ob.SessionError, match="start_day"):
        day.control.step()


def test_says_in_a_line_where_the_session_is(store: Path):
    day = ob.SessionCoordinator.from_file(document(store))
    assert day.control.standing == ""

    day.start_day()
    day.advance_to("10:30")
    assert day.control.standing == "2024-06-06 10:30 | full speed | 0 signals"
    day.control.speed = 60
    assert day.control.standing == "2024-06-06 10:30 | 60x | 0 signals"
    day.control.pause()
    assert day.control.standing == "2024-06-06 10:30 | paused | 0 signals"


SLOW = """
import time

import openbell as ob


class Slow(ob.Scanner):
    def scan(self, market):
        time.sleep(0.02)
        return market.names(market.price > 0, most=1)
"""


def test_a_scanner_that_takes_longer_than_its_schedule_misses_no_scan_and_is_told(store: Path, tmp_path: Path):
    (tmp_path / "mine.py").write_text(SLOW)
    rule = {"use": f"{tmp_path}/mine.py:Slow", "every": "1m", "until": "09:40", "slow_after": 0.001}
    paced, plain = (started(store, scanners=[rule]) for _ in range(2))
    paced.control.speed = 36_000.0  # a minute in less than two milliseconds

    for day in (paced, plain):
        day.advance_to("09:40")
        day.control.speed = 0.0
    reports = [day.finish_day() for day in (paced, plain)]

    assert [one["at"][11:16] for one in reports[0].scans] == [f"13:{minute}" for minute in range(31, 41)]
    assert reports[0].scans == reports[1].scans
    assert reports[0].digest == reports[1].digest
    assert "slow_scanner" in [warning["code"] for warning in reports[0].warnings]
