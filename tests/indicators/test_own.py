import datetime

import pytest

from openbell.bars.interval import Interval
from openbell.errors import IndicatorError
from openbell.indicators import registry
from openbell.indicators.calendar import figures_of
from openbell.indicators.compute import compute, indicator
from openbell.indicators.definition import CalendarFigure
from openbell.indicators.own import load
from openbell.market.calendar import load_calendar
from openbell.testing.indicators import check_indicator

_TEN_LINES = """from openbell.indicators.definition import indicator, param
from beside import doubled

@indicator
class Swing:
    period: int = param(minimum=1)
    class State:
        last: float
    def lookback(p):
        return 2
    def update(state, bar, p):
        move, state.last = bar.value - state.last, bar.value
        return doubled(move) / p.period
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "beside.py").write_text("def doubled(x):\n    return 2.0 * x\n")
    (tmp_path / "swing.py").write_text(_TEN_LINES)
    return tmp_path


class TestAFileBesideTheSessionFile:
    def test_gives_an_indicator_that_is_known_by_its_name(self, folder):
        made = load("swing.py:Swing", folder)

        assert registry.definition("swing") is made
        assert indicator("swing", interval="5m", period=4).key == "swing_4_5m"
        assert compute("swing", close=[1.0, 3.0, 4.0], period=2).tolist()[1:] == [2.0, 1.0]

    def test_is_read_again_after_an_edit(self, folder):
        load("swing.py:Swing", folder)
        (folder / "swing.py").write_text(_TEN_LINES.replace("/ p.period", "* p.period"))

        load("swing.py:Swing", folder)

        assert compute("swing", close=[1.0, 3.0], period=2).tolist()[1:] == [8.0]

    def test_keeps_the_contract(self, folder):
        check_indicator(load("swing.py:Swing", folder), count=2)

    @pytest.mark.parametrize(
        ("use", "words"),
        [
            ("nowhere.py:Swing", "there is no file"),
            ("swing.py:Swnig", "Did you mean Swing"),
            ("swing.py", "FILE.py:Class"),
            ("beside.py:doubled", "has no class 'doubled'"),
        ],
    )
    def test_that_cannot_be_had_says_so(self, folder, use, words):
        with pytest.raises(IndicatorError, match=words):
            load(use, folder)

    def test_that_fails_names_its_line(self, folder):
        (folder / "swing.py").write_text("x = 1\ny = x / 0\n")

        with pytest.raises(IndicatorError, match=r"swing.py:2: cannot be loaded: ZeroDivisionError"):
            load("swing.py:Swing", folder)


class TestTheContractFinds:
    def _own(self, folder, body, **parts):
        head = "".join(f"    {name} = {value}\n" for name, value in parts.items())
        text = f"from openbell.indicators.definition import *\n@indicator\nclass Broken:\n{head}{body}"
        (folder / "broken.py").write_text(text)
        return load("broken.py:Broken", folder)

    def test_a_division_by_nothing(self, folder):
        own = self._own(folder, "    def update(state, bar, p):\n        return bar.high / bar.volume\n")

        with pytest.raises(AssertionError, match="broken"):
            check_indicator(own)

    def test_a_warm_up_that_is_too_short(self, folder):
        body = """    class State:
        mean: float
    def warmup(p):
        return 5
    def update(state, bar, p):
        state.mean += 0.05 * (bar.value - state.mean)
        return state.mean
"""
        with pytest.raises(AssertionError, match=r"is off by .* after its warm-up of 5 bars"):
            check_indicator(self._own(folder, body, kind="Kind.FADING"))

    def test_a_window_that_remembers_too_much(self, folder):
        body = """    class State:
        top: float
    def lookback(p):
        return 3
    def update(state, bar, p):
        state.top = max(state.top, bar.high)
        return state.top
"""
        with pytest.raises(AssertionError, match=r"after its warm-up of 3 bars|how much history"):
            check_indicator(self._own(folder, body), seed=3)


class TestFiguresOfTheCalendar:
    def test_count_sessions_as_they_are(self):
        calendar = load_calendar("XNYS")
        figures = figures_of(calendar, calendar.ordinal_of(datetime.date(2024, 7, 3)))

        days = [253, 252, 251, 250]
        assert figures(CalendarFigure.BARS_PER_YEAR, Interval.parse("1d")) == sum(days) / 4
        assert figures(CalendarFigure.BARS_PER_SESSION, Interval.parse("5m")) == 78.0
        assert 97_000 < figures(CalendarFigure.BARS_PER_YEAR, Interval.parse("1m")) < 252 * 390


def test_the_check_is_found_where_it_is_promised():
    import openbell.testing

    assert openbell.testing.check_indicator is check_indicator
