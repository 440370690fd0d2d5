"""Strategies on real objects: what they declare, what they see, in which order they are called."""

from pathlib import Path

import numpy as np
import pytest
from sessions import document, started

import openbell as ob
from openbell.desk.conditions import Condition
from openbell.desk.needs import Needs

HEAD = "import numpy as np\nimport openbell as ob\n\n"


def written(folder: Path, *classes: str, **params: object) -> list[dict[str, object]]:
    """Rules for classes that are written to a file."""
    file = folder / "mine.py"
    file.write_text(HEAD + "\n\n".join(classes))
    names = [one.split("class ", 1)[1].split("(", 1)[0] for one in classes]
    return [{"use": f"{file}:{name}", "params": params if place == 0 else {}} for place, name in enumerate(names)]


def strategy_of(day: ob.SessionCoordinator, place: int = 0):
    return day._dispatcher.seats[place].user


RECORDER = """
class Recorder(ob.Strategy):
    fast: int = 2
    slow: float = 3
    names: list[str] = []

    def setup(self, needs):
        self.seen = []
        self.sma = needs.indicator("sma", interval="15m", period=self.fast)
        needs.bars("15m", days=1)

    def on_day_start(self):
        self.seen.append(("start", self.desk.time.strftime("%H:%M")))

    def on_bars(self, bars):
        self.seen.append((bars.time.strftime("%H:%M"), bars.interval, bars.symbols, bars.close.copy()))

    def on_bar(self, bar):
        self.seen.append((bar.symbol, bar.interval, bar.close, bar.copy()))

    def on_day_end(self):
        self.seen.append(("end", self.desk.time.strftime("%H:%M")))
"""


def test_parameters_have_the_types_that_the_class_declares(store: Path, tmp_path: Path):
    day = started(store, strategies=written(tmp_path, RECORDER, fast=4, slow=7, names=["a"]))

    made = strategy_of(day)

    assert (made.fast, made.slow, type(made.slow), made.names) == (4, 7.0, float, ["a"])


@pytest.mark.parametrize(
    ("params", "code", "hint"),
    [
        ({"fsat": 4}, "unknown_parameter", "Did you mean fast?"),
        ({"fast": 4.5}, "bad_parameter", "a whole number"),
        ({"fast": True}, "bad_parameter", "a whole number"),
        ({"names": ["a", 1]}, "bad_parameter", "a list of texts"),
    ],
)
def test_parameters_that_do_not_fit_are_told_by_check(store: Path, tmp_path: Path, params, code, hint):
    (problem,) = ob.check(document(store, strategies=written(tmp_path, RECORDER, **params)))

    assert problem.code == code
    assert problem.where == f"strategies[0].params.{next(iter(params))}"
    assert hint in problem.fix


def test_a_wrong_indicator_in_setup_is_told_with_the_nearest_name(store: Path, tmp_path: Path):
    wrong = """
class Wrong(ob.Strategy):
    def setup(self, needs):
        needs.indicator("sam", interval="5m", period=3)
"""

    (problem,) = ob.check(document(store, strategies=written(tmp_path, wrong)))

    assert "Wrong.setup" in problem.where
    assert (
        problem.fix == 'Did you mean sma? See mine.py line 7, in setup: needs.indicator("sam", interval="5m", period=3)'
    )


def test_what_setup_declares_comes_with_every_full_symbol_early_or_late(store: Path, tmp_path: Path):
    day = started(store, at="11:00", strategies=written(tmp_path, RECORDER))
    day.add_symbol("TSLA", source="strategy")

    for name in ("NVDA", "TSLA"):
        held = day.session_data.get_symbol_data(name)
        assert list(held.bars) == ["1m", "5m", "15m"]
        assert len(held.bars["15m"].history) >= 25
        assert held.indicators["sma_2_15m"].valid


def test_calls_come_per_interval_from_short_to_long_with_arrays_before_bars(store: Path, tmp_path: Path):
    day = started(store, strategies=written(tmp_path, RECORDER), session={"symbols": ["NVDA", "AAPL"]})
    assert strategy_of(day).seen == [("start", "09:30")]
    day.advance_to("09:45")

    at = [entry for entry in strategy_of(day).seen if entry[0] == "09:45"]

    assert [entry[1] for entry in at] == ["1m", "5m", "15m"]
    assert at[0][2] == ["NVDA", "AAPL"]
    tail = strategy_of(day).seen[-3:]
    assert tail[0][:2] == ("09:45", "15m")
    assert [entry[:2] for entry in tail[1:]] == [("NVDA", "15m"), ("AAPL", "15m")]
    assert [entry[2] for entry in tail[1:]] == tail[0][3].tolist()
    assert tail[1][3].close == tail[1][2]
    day.finish_day()
    assert strategy_of(day).seen[-1] == ("end", "16:00")


PROBE = """
class Probe(ob.Strategy):
    def setup(self, needs):
        self.rsi = needs.indicator("rsi", interval="5m", period=14)
        self.kept, self.errors = [], []
        needs.bars("5m", bars=100)

    def on_bars(self, bars):
        if bars.interval != "5m":
            return
        for name in ("open", "high", "low", "close", "volume", "present"):
            try:
                getattr(bars, name)[0] = 1
            except ValueError:
                pass
            else:
                self.errors.append(name)
        try:
            bars.indicator(self.rsi)[0] = 1
            self.errors.append("indicator")
        except ValueError:
            pass
        self.kept.append((bars.slot, bars.window(60).copy(), bars.indicator(self.rsi).copy(), bars.symbols,
                          bars.quality, bars.completeness))
"""


def test_what_is_seen_is_read_only_and_ends_at_now(store: Path, tmp_path: Path):
    day = started(store, at="10:30", strategies=written(tmp_path, PROBE), session={"symbols": ["NVDA", "AAPL", "THIN"]})

    probe = strategy_of(day)

    assert probe.errors == []
    slot, window, rsi, symbols, quality, completeness = probe.kept[-1]
    assert (slot, window.shape) == (11, (3, 60))
    for row, name in enumerate(symbols):
        held = day.session_data.get_symbol_data(name)
        bars = held.bars["5m"]
        grid = np.concatenate(
            [
                day.time.calendar.grid(bars.interval, day.time.today.ordinal - 1, day.time.today.ordinal - 1).stamps,
                day.time.grid(bars.interval).stamps[:12],
            ]
        )[-60:]
        expected = np.full(60, np.nan)
        found = np.isin(grid, bars.ts)
        expected[found] = bars.close[np.isin(bars.ts, grid)]
        np.testing.assert_array_equal(window[row], expected)
        assert rsi[row] == held.indicators["rsi_14_5m"].current_value
        assert quality[row] == pytest.approx(bars.quality)
        if name != "THIN":
            assert completeness[row] == bars.completeness[-1]


def test_a_window_beyond_the_history_says_what_to_declare(store: Path, tmp_path: Path):
    deep = """
class Deep(ob.Strategy):
    def on_bars(self, bars):
        bars.window(1000)
"""
    day = started(store, strategies=written(tmp_path, deep))

    (fault, *_) = day.finish_day().faults

    assert "window(1000) of 5m" in fault["what"]
    assert 'needs.bars("5m", bars=1000)' in fault["fix"]


RAISING = """
class Raising(ob.Strategy):
    def on_bars(self, bars):
        self.desk.symbol("NVDAA")


class Steady(ob.Strategy):
    calls = 0

    def on_bars(self, bars):
        self.calls += 1
"""


def test_one_that_raises_is_told_disabled_and_alone(store: Path, tmp_path: Path):
    rules = written(tmp_path, *RAISING.split("\n\n\n"))
    rules[0]["faults_allowed"] = 2
    day = started(store, strategies=rules)
    report = day.finish_day()

    first, second, disabled = report.faults

    assert first["where"] == "Raising at 2024-06-06 09:31:00"
    assert first["what"] == "NVDAA: is not in the session now."
    assert first["fix"].startswith("Did you mean NVDA?")
    assert "mine.py line 7, in on_bars" in first["fix"]
    assert "Traceback" in first["traceback"]
    assert second["at"] == "2024-06-06 09:32:00"
    assert (disabled["code"], "2 times" in disabled["what"]) == ("strategy_disabled", True)
    assert strategy_of(day, 1).calls == 390 + 78
    assert report.callbacks["strategy:Steady"]["calls"] == 390 + 78 + 2
    assert report.callbacks["strategy:Steady"]["seconds"] > 0


def test_slow_calls_are_told_with_their_share_and_the_slowest_instant(store: Path, tmp_path: Path):
    slow, steady = written(tmp_path, *RAISING.replace('self.desk.symbol("NVDAA")', "sum(range(2000))").split("\n\n\n"))
    day = started(store, strategies=[slow | {"slow_after": 1e-7}, steady])

    report = day.finish_day()

    (warning,) = (one for one in report.warnings if one["code"].startswith("slow"))
    assert (warning["where"], warning["code"], warning["severity"]) == ("strategy:Raising", "slow_strategy", "warning")
    timing = report.callbacks["strategy:Raising"]
    assert timing["slow"] >= 390
    assert f"{timing['slow']} of {timing['calls']} calls took longer than 1e-07 s" in warning["what"]
    assert f"{day.time.at(timing['slowest_at']):%Y-%m-%d %H:%M:%S}" in warning["what"]
    assert "% of the day's time" in warning["what"]
    assert "slow_after" in warning["fix"]


def test_times_are_those_of_the_day(store: Path, tmp_path: Path):
    steady = written(tmp_path, RAISING.split("\n\n\n")[1])

    report = ob.run(document(store, strategies=steady))

    assert [day.callbacks["strategy:Steady"]["calls"] for day in report.days] == [390 + 78 + 2] * 3
    assert not [one for day in report.days for one in day.warnings if one["code"].startswith("slow")]


@pytest.mark.parametrize(("method", "near"), [("on_barz", "on_bar"), ("on_day_started", "on_day_start")])
def test_a_misspelt_callback_is_told_before_anything_runs(store: Path, tmp_path: Path, method: str, near: str):
    wrong = f"class Wrong(ob.Strategy):\n    def {method}(self, bars):\n        pass\n"

    (problem,) = ob.check(document(store, strategies=written(tmp_path, wrong)))

    assert (problem.where, problem.code) == ("strategies[0].use", "never_called")
    assert near in problem.fix


ABSENT = """
class Absent(ob.Strategy):
    def on_bar(self, bar):
        bar.indicator(ob.indicator("macd", interval="5m"))


class NoOutput(ob.Strategy):
    def setup(self, needs):
        self.macd = needs.indicator("macd", interval="5m")

    def on_bar(self, bar):
        bar.indicator(self.macd, "signl")
"""


def test_reading_what_no_symbol_has_is_told_for_one_bar_as_for_arrays(store: Path, tmp_path: Path):
    day = started(store, at="09:40", strategies=written(tmp_path, *ABSENT.split("\n\n\n"))[:1])
    (fault, *_) = day.finish_day().faults
    assert fault["what"] == "macd_5m: no symbol of the session has this indicator."
    assert "Declare it in setup" in fault["fix"]

    day = started(store, at="09:40", strategies=written(tmp_path, *ABSENT.split("\n\n\n"))[1:])
    (fault, *_) = day.finish_day().faults
    assert fault["what"] == "macd_5m: has no output 'signl'."
    assert fault["fix"].startswith("Did you mean signal?")


WATCHER = """
class Watcher(ob.Strategy):
    def setup(self, needs):
        self.heard = []
        needs.quality(75)

    def on_bars(self, bars):
        if bars.time.strftime("%H:%M") == "10:00" and bars.interval == "1m":
            self.heard.append(self.desk.add_symbol("TSLA"))
            self.heard.append(self.desk.add_symbol("ZZZZ"))
        if bars.time.strftime("%H:%M") == "10:30" and bars.interval == "1m":
            self.desk.release("TSLA")
        if bars.interval == "1m":
            self.trusted = dict(zip(bars.symbols, bars.trusted.tolist()))

    def on_bar(self, bar):
        self.heard.append(bar.symbol) if bar.symbol == "THIN" else None

    def on_symbol_added(self, symbol):
        self.heard.append(("added", symbol, self.desk.time.strftime("%H:%M")))

    def on_symbol_removed(self, symbol):
        self.heard.append(("removed", symbol, self.desk.time.strftime("%H:%M")))

    def on_quality(self, symbol, interval, quality):
        self.heard.append((symbol, interval, quality < 75))
"""


def test_symbols_that_come_and_go_and_thin_ones_are_told(store: Path, tmp_path: Path):
    rules = written(tmp_path, WATCHER)
    day = started(store, at="11:00", strategies=rules, session={"symbols": ["NVDA", "THIN"]})

    watcher = strategy_of(day)

    added, refused = (one for one in watcher.heard if not isinstance(one, tuple | str))
    assert (added.status, refused.status) == ("done", "refused")
    assert ("added", "TSLA", "10:01") in watcher.heard
    assert ("removed", "TSLA", "10:31") in watcher.heard
    assert ("THIN", "1m", True) in watcher.heard
    assert "THIN" not in watcher.heard
    assert watcher.trusted == {"NVDA": True, "THIN": False}


def test_a_strategy_that_raises_everywhere_leaves_the_digest_as_it_is(store: Path, tmp_path: Path):
    bad = """
class Bad(ob.Strategy):
    def on_day_start(self): raise KeyError("start")
    def on_bars(self, bars): raise ValueError("bars")
    def on_day_end(self): raise RuntimeError("end")
"""
    day = started(store, strategies=written(tmp_path, bad))
    plain = started(store)

    assert day.finish_day().digest == plain.finish_day().digest


SEES = """
class Sees(ob.Strategy):
    def setup(self, needs):
        self.seen, self.heard = {}, []

    def on_bars(self, bars):
        if bars.interval == "1m":
            self.seen[bars.time.strftime("%H:%M")] = (bars.symbols, len(bars), bars.close.shape, bars.window(5).shape)

    def on_bar(self, bar):
        self.heard.append(bar.symbol)

    def on_symbol_added(self, symbol):
        self.heard.append(("added", symbol))

    def on_symbol_removed(self, symbol):
        self.heard.append(("removed", symbol))


class Picks(ob.Scanner):
    def scan(self, market):
        if market.time.hour == 10:
            return ["TSLA"]
        return self.picks(drop=["TSLA"])
"""


def test_candidates_of_scanners_are_not_seen_until_they_are_promoted(store: Path, tmp_path: Path):
    rules = written(tmp_path, *SEES.strip().split("\n\n\n"))
    scan = {"use": rules[1]["use"], "at": ["10:00", "11:00"]}
    day = started(store, at="11:30", strategies=rules[:1], scanners=[scan], session={"symbols": ["NVDA", "AAPL"]})

    sees = strategy_of(day)

    assert len(day.session_data) == 7
    two, three = (["NVDA", "AAPL"], 2, (2,), (2, 5)), (["NVDA", "AAPL", "TSLA"], 3, (3,), (3, 5))
    seen = {at: (sorted(names), *rest) for at, (names, *rest) in sees.seen.items()}
    two, three = ((sorted(names), *rest) for names, *rest in (two, three))
    assert [seen[at] for at in ("10:00", "10:01", "11:00", "11:01")] == [two, three, three, two]
    assert [one for one in sees.heard if isinstance(one, tuple)] == [("added", "TSLA"), ("removed", "TSLA")]
    assert {one for one in sees.heard if isinstance(one, str)} == {"NVDA", "AAPL", "TSLA"}


CALLED = """
class Called(ob.Strategy):
    all: bool = False

    def setup(self, needs):
        self.seen, self.told = [], []
        self.sma = needs.indicator("sma", interval="1m", period=3)
        if not self.all:
            needs.calls("5m")

    def on_bars(self, bars):
        if bars.interval == "5m":
            self.seen.append((bars.now, *bars.close.tolist(), *bars.indicator(self.sma).tolist()))
            if len(self.seen) == 4:
                self.desk.add_symbol("AAPL")
        elif not self.all:
            raise AssertionError(bars.interval)

    def on_bar(self, bar):
        self.told.append((bar.interval, bar.symbol, bar.ts, bar.close))

    def on_symbol_added(self, symbol):
        self.told.append((symbol, self.desk.now))
"""


def test_one_is_called_for_the_intervals_that_it_names_which_come_with_it(store: Path, tmp_path: Path):
    day = started(store, "16:00", strategies=written(tmp_path, CALLED), session={"intervals": ["1m"]}, history=[])

    called, five = strategy_of(day), day.session_data.get_symbol_data("NVDA").bars["5m"]
    assert [seen[0] for seen in called.seen] == (five.today.ts + 300_000_000_000).tolist()
    assert ("AAPL", called.seen[3][0] + 60_000_000_000) in called.told
    assert not day._dispatcher.seats[0].faults


def test_instants_that_nobody_hears_go_by_together_and_end_in_the_same_state(store: Path, tmp_path: Path):
    rules = {whole: written(tmp_path, CALLED, all=whole) for whole in (False, True)}
    together, one_by_one = (started(store, strategies=rules[whole]) for whole in (False, True))
    for at in ("09:33", "09:47", "10:20", "15:58", "16:00"):
        for day in (together, one_by_one):
            day.advance_to(at)
        assert together.digest() == one_by_one.digest()
        assert together.instants == one_by_one.instants

    assert strategy_of(together).seen == strategy_of(one_by_one).seen
    heard = [told for told in strategy_of(one_by_one).told if told[0] != "1m"]
    assert strategy_of(together).told == heard


@pytest.mark.parametrize("wrong", [(), ("five",)])
def test_calls_for_no_interval_are_refused(wrong: tuple[str, ...]):
    with pytest.raises(ValueError, match="5m"):
        Needs("strategy:Called").calls(*wrong)


FITFUL = """
class Fitful(ob.Strategy):
    def setup(self, needs):
        self.seen = []

    def on_bar(self, bar):
        minute = bar.ts // 60_000_000_000 % 60
        name = "open high low close volume".split()[minute // 12 if bar.symbol == "NVDA" else minute % 5]
        self.seen.append((bar.symbol, bar.interval, bar.ts, name, getattr(bar, name)))
        if minute % 7 == 0:
            kept = bar.copy()
            assert getattr(kept, name) == getattr(bar, name)
        assert getattr(bar, "height", None) is None
"""


def test_a_bar_has_every_column_whenever_it_is_read_for_the_first_time(store: Path, tmp_path: Path):
    day = started(store, "16:00", strategies=written(tmp_path, FITFUL), session={"symbols": ["NVDA", "THIN", "AAPL"]})

    seen = strategy_of(day).seen
    assert not day._dispatcher.seats[0].faults
    for symbol, interval in [("NVDA", "1m"), ("THIN", "1m"), ("AAPL", "5m")]:
        today = day.session_data.get_symbol_data(symbol).bars[interval].today
        told = [one for one in seen if one[:2] == (symbol, interval)]
        assert [ts for _, _, ts, _, _ in told] == today.ts.tolist()
        wanted = [getattr(today, name)[place] for place, (_, _, _, name, _) in enumerate(told)]
        assert [value for *_, value in told] == wanted


CONDITIONED = """
class Conditioned(ob.Strategy):
    def setup(self, needs):
        sma, rsi = (needs.indicator(name, interval="1m", period=3) for name in ("sma", "rsi"))
        macd = needs.indicator("macd", interval="5m")
        self.handles = sma, rsi, macd
        self.rules = [
            needs.condition(("close", ">", sma), (rsi, "<", 60), (macd, ">", (macd, "signal"))),
            needs.condition((sma, "<=", "open"), (0.5, "<", "volume")),
            needs.condition((rsi, ">=", 50), ("high", ">=", "high")),
            needs.condition(("low", ">", 1e9)),
        ]
        self.wanted, self.seen, self.met, self.one_by_one = [], [], [], []

    def on_bars(self, bars):
        sma, rsi, macd = (bars.indicator(one) for one in self.handles)
        self.wanted.append([
            (bars.close > sma) & (rsi < 60) & (macd > bars.indicator(self.handles[2], "signal")),
            (sma <= bars.open) & (bars.volume > 0.5),
            (rsi >= 50) & bars.present,
            np.zeros(len(bars), bool),
        ])
        masks = [bars.where(rule) for rule in self.rules]
        self.seen.append([mask.copy() for mask in masks])
        assert not any(mask.flags.writeable for mask in masks)
        self.met += np.column_stack(masks)[bars.present].tolist()
        if len(self.seen) == 40:
            self.desk.add_symbol("AAPL")

    def on_bar(self, bar):
        self.one_by_one.append([bar.meets(rule) for rule in self.rules])
"""


LOOKS = """
class Looks(ob.Scanner):
    def scan(self, market):
        return []
"""


@pytest.mark.parametrize("scanned", [False, True])
def test_a_condition_says_what_its_arrays_say_compared_by_hand(store: Path, tmp_path: Path, scanned: bool):
    rules = written(tmp_path, CONDITIONED)
    (tmp_path / "scan.py").write_text(HEAD + LOOKS)
    scans = {"scanners": [{"use": f"{tmp_path}/scan.py:Looks", "every": "60m"}]} if scanned else {}
    day = started(store, "12:00", strategies=rules, session={"symbols": ["NVDA", "THIN"]}, **scans)

    made = strategy_of(day)
    assert not day._dispatcher.seats[0].faults
    for wanted, seen in zip(made.wanted, made.seen, strict=True):
        np.testing.assert_array_equal(seen, wanted)
    assert len(made.seen[-1][0]) == 3
    flat = np.concatenate([np.ravel(one) for one in made.seen])
    assert flat.any()
    assert made.one_by_one == made.met


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ((), "one comparison or more"),
        ((("close", "above", 1),), "one of > >= < <="),
        ((("clsoe", ">", 1),), "did you mean close"),
        ((("close", ">", None),), "an indicator's handle or a number"),
    ],
)
def test_what_is_no_comparison_is_refused(wrong: tuple, told: str):
    with pytest.raises(ValueError, match=told):
        Condition(*wrong)


UNKNOWN = """
class Unknown(ob.Strategy):
    def setup(self, needs):
        self.rule = needs.condition(("close", ">", ob.indicator("sma", interval="5m", period=7)))

    def on_bars(self, bars):
        bars.where(self.rule)
"""


def test_a_condition_on_what_no_symbol_has_is_told(store: Path, tmp_path: Path):
    day = started(store, "09:31", strategies=written(tmp_path, UNKNOWN))

    (fault,) = day._dispatcher.seats[0].faults
    assert "no symbol of the session has this indicator" in fault.problem.what
    with pytest.raises(ob.SessionError, match="signal"):
        Condition((ob.indicator("macd", interval="5m"), ">", (ob.indicator("macd", interval="5m"), "singal")))


KEYED = """
class Keyed(ob.Strategy):
    def setup(self, needs):
        self.sma = needs.indicator("sma", interval="5m", period=20)
        self.same, self.errors = [], []

    def on_bars(self, bars):
        if bars.interval == "5m":
            self.same.append((bars.indicator("sma_20_5m") == bars.indicator(self.sma)).all())
            try:
                bars.indicator("sma_20_15m")
            except ob.OpenbellError as error:
                self.errors.append(error.problems[0].fix)

    def on_bar(self, bar):
        self.same.append(bar.indicator("sma_20_5m") == bar.indicator(self.sma))
"""


def test_an_indicator_can_be_read_by_its_key(store: Path, tmp_path: Path):
    day = started(store, at="10:00", strategies=written(tmp_path, KEYED))

    seen = strategy_of(day)
    assert len(seen.same) > 30
    assert all(seen.same)
    assert len(seen.errors) == 6
    assert seen.errors[0].startswith("Did you mean sma_20_5m?")
