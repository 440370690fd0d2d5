import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from openbell.bars.interval import Interval
from openbell.config.loader import load, schema
from openbell.config.session_file import HistoryRule, Mode, QualityRule
from openbell.errors import ConfigError
from openbell.indicators import registry
from openbell.market.actions import Prices
from openbell.market.session import Hours

WHOLE = """
name = "three thin names"
market = "xnys"
mode = "backtest"
store = "data"

[backtest]
start = 2024-07-01
end = 2024-07-03
speed = 60

[session]
symbols = ["azo", " ERIE ", "FICO"]
intervals = ["15m", "1m", "5m", "1h", "60m"]
hours = "extended"
completeness = 0.5

[[history]]
days = 30
intervals = ["5m", "1m"]
symbols = "all"

[[history]]
days = 5
intervals = ["1d"]
symbols = ["azo"]

[quality]
session = false

[[indicators]]
name = "rsi"
interval = "5m"
params = { period = 14 }
keep = true

[[indicators]]
name = "sma"
interval = "15m"
params = { period = 20 }
column = "volume"
symbols = ["FICO"]

[[indicators]]
name = "rsi"
interval = "5m"
params = { period = 14 }
input = { name = "ema", params = { period = 20 } }

[[strategies]]
use = "strategies.py:Crossover"
params = { fast = 10, slow = 20, name = "x \\"y\\"", deep = { a = [1, 2.5, true] } }
"""

SMALL = """
name = "small"
market = "XNYS"
store = "data"

[backtest]
start = 2024-07-01
end = 2024-07-03

[session]
symbols = ["AZO"]
intervals = ["1m"]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "strategies.py").write_text("class Crossover: ...\n")
    return tmp_path


def written(folder, text, name="session.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(source):
    with pytest.raises(ConfigError) as caught:
        load(source)
    return caught.value.problems


def places(problems):
    return [problem.where.partition(": ")[2] for problem in problems]


def changed(**keys):
    document = tomllib.loads(SMALL)
    for key, value in keys.items():
        *above, last = key.split("__")
        table = document
        for part in above:
            table = table[part]
        if value is ...:
            del table[last]
        else:
            table[last] = value
    return document


@pytest.fixture
def inside(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return folder


class TestWholeFile:
    def test_every_key_arrives_as_a_value(self, folder):
        path = written(folder, WHOLE)

        file = load(path)

        assert (file.path, file.name, file.market, file.mode) == (path, "three thin names", "XNYS", Mode.BACKTEST)
        assert file.store == (folder / "data").resolve()
        assert (file.start, file.end, file.speed) == (date(2024, 7, 1), date(2024, 7, 3), 60.0)
        assert file.symbols == ("AZO", "ERIE", "FICO")
        assert [str(interval) for interval in file.intervals] == ["1m", "5m", "15m", "60m"]
        assert (file.hours, file.completeness) == (Hours.EXTENDED, 0.5)
        assert file.history == (
            HistoryRule(30, (Interval.parse("1m"), Interval.parse("5m")), None),
            HistoryRule(5, (Interval.parse("1d"),), frozenset({"AZO"})),
        )
        assert file.quality == QualityRule(history=True, session=False)
        assert [rule.spec.key for rule in file.indicators] == ["rsi_14_5m", "sma_20_volume_15m", "rsi_14_of_ema_20_5m"]
        assert [rule.keep for rule in file.indicators] == [True, False, False]
        assert [rule.symbols for rule in file.indicators] == [None, frozenset({"FICO"}), None]
        assert file.indicators[0].spec == registry.parse("rsi", Interval.parse("5m"), {"period": 14}, None, None)
        (strategy,) = file.strategies
        assert strategy.use == f"{(folder / 'strategies.py').resolve()}:Crossover"
        assert strategy.params["deep"] == {"a": [1, 2.5, True]}

    def test_what_is_left_out_has_its_default(self, folder):
        file = load(str(written(folder, SMALL)))

        assert (file.mode, file.speed, file.hours, file.completeness, file.prices) == (
            Mode.BACKTEST,
            0.0,
            Hours.REGULAR,
            0.0,
            Prices.RAW,
        )
        assert (file.history, file.indicators, file.strategies) == ((), (), ())
        assert file.quality == QualityRule(history=True, session=True)

    def test_the_name_is_the_files_where_none_is_given(self, folder):
        file = load(written(folder, SMALL.replace('name = "small"', ""), "monday.toml"))

        assert file.name == "monday"

    def test_its_text_gives_the_same_from_anywhere(self, folder, tmp_path_factory):
        file = load(written(folder, WHOLE))

        again = load(written(tmp_path_factory.mktemp("elsewhere"), file.text))

        assert again.text == file.text
        assert again.indicators == file.indicators
        assert (again.store, again.strategies, again.history) == (file.store, file.strategies, file.history)

    @pytest.mark.parametrize("text", [WHOLE, SMALL], ids=["whole", "small"])
    def test_json_yaml_and_mappings_say_the_same_as_toml(self, inside, text):
        document = tomllib.loads(text)
        plain = json.loads(json.dumps(document, default=str))

        toml = load(written(inside, text))
        others = [
            load(written(inside, json.dumps(plain), "session.json")),
            load(written(inside, yaml.safe_dump(document, sort_keys=False), "session.yaml")),
            load(written(inside, yaml.safe_dump(plain, sort_keys=False), "session.yml")),
            load(document),
            load(plain),
        ]

        assert [other.text for other in others] == [toml.text] * 5
        assert [other.indicators for other in others] == [toml.indicators] * 5

    def test_a_mapping_may_hold_values_instead_of_text(self, inside):
        document = changed(session__intervals=(Interval.parse("5m"),), store=Path("data"), session__symbols=("a", "b"))

        file = load(document)

        assert (file.path, file.symbols, [str(i) for i in file.intervals]) == (None, ("A", "B"), ["5m"])
        assert file.store == (inside / "data").resolve()

    def test_a_mapping_is_left_as_it_was(self, inside):
        document = changed(mode="live", scanners=[])
        before = repr(document)

        problems_of(document)

        assert repr(document) == before

    def test_no_symbols_are_allowed_where_a_strategy_may_add_some(self, inside):
        file = load(changed(session__symbols=[], strategies=[{"use": "strategies.py:Crossover"}]))

        assert file.symbols == ()

    def test_an_interval_of_history_need_not_be_the_sessions(self, inside):
        file = load(changed(history=[{"days": 1, "intervals": ["1w"]}]))

        assert (file.history[0].symbols, file.intervals) == (None, (Interval.parse("1m"),))

    @pytest.mark.parametrize("market", ["24/7", "forex", "XTKS", "CMES"])
    def test_markets_of_every_kind_are_known(self, inside, market):
        assert load(changed(market=market)).market == market.upper()


class TestFaults:
    @pytest.mark.parametrize(
        ("change", "place", "what", "fix"),
        [
            ({"market": ...}, "market", "is missing", "the code of an exchange"),
            ({"market": "NASDAK"}, "market", "no market has that name", "Did you mean NASDAQ?"),
            ({"market": 7}, "market", "was 7; it should be a valid string", "the code of an exchange"),
            ({"mode": "paper"}, "mode", "was 'paper'", 'mode = "backtest"'),
            ({"name": "a/b"}, "name", "'a/b' cannot be the name of a folder", "a name for the run"),
            ({"store": "nowhere"}, "store", "there is no folder", "openbell import FILE... --store nowhere"),
            ({"store": 5}, "store", "was 5, which is not a path", "the folder of bars"),
            ({"backtest": ...}, "backtest", "is missing", "a table [backtest] with start and end"),
            ({"backtest": []}, "backtest", "was []", "a table [backtest]"),
            ({"backtest__start": ...}, "backtest.start", "is missing", "start = 2024-07-01"),
            ({"backtest__start": "July"}, "backtest.start", "'July' is not a date", "the first day"),
            ({"backtest__end": 20240703}, "backtest.end", "20240703 is not a date", "the last day"),
            ({"backtest__end": date(2024, 6, 1)}, "backtest.end", "2024-06-01, which is before start", "not before"),
            ({"backtest__speed": -1}, "backtest.speed", "was -1; it should be greater", "0 for as fast as possible"),
            ({"backtest__speed": "fast"}, "backtest.speed", "was 'fast'", "a number"),
            ({"backtest__speed": float("nan")}, "backtest.speed", "was nan", "a number"),
            ({"backtest__speed": True}, "backtest.speed", "was True", "a number"),
            ({"session": ...}, "session", "is missing", "[session]"),
            ({"session__symbols": []}, "session.symbols", "names no symbol", "symbols ="),
            ({"session__symbols": "AZO"}, "session.symbols", "was 'AZO'", "a list of symbols"),
            ({"session__symbols": ["A", "b", "B"]}, "session.symbols", "B stands there more than once", "a list"),
            ({"session__symbols": ["A", "B C"]}, "session.symbols[1]", "'B C' is not a symbol", "a list"),
            ({"session__symbols": [False]}, "session.symbols[0]", "was False", "a list"),
            ({"session__intervals": []}, "session.intervals", "at least 1 item", "one or more intervals"),
            ({"session__intervals": ["5x"]}, "session.intervals[0]", "'5x' is not an interval", "a list"),
            ({"session__intervals": [5]}, "session.intervals[0]", "5 is not an interval", "a list"),
            ({"session__intervals": ["2d"]}, "session.intervals[0]", "'2d' is several days", "a list"),
            ({"session__hours": "late"}, "session.hours", "was 'late'", 'hours = "extended"'),
            ({"session__prices": "adj"}, "session.prices", "was 'adj'", 'prices = "raw"'),
            ({"session__completeness": 1.5}, "session.completeness", "was 1.5", "from 0.0 to 1.0"),
            ({"history": [{"intervals": ["1m"]}]}, "history[0].days", "is missing", "days = 30"),
            ({"history": [{"days": 0, "intervals": ["1m"]}]}, "history[0].days", "was 0", "1 or more"),
            ({"history": [{"days": 2.5, "intervals": ["1m"]}]}, "history[0].days", "was 2.5", "1 or more"),
            ({"history": [{"days": 1, "intervals": []}]}, "history[0].intervals", "at least 1", "one or more"),
            (
                {"history": [{"days": 1, "intervals": ["1m"], "symbols": "some"}]},
                "history[0].symbols",
                'neither "all" nor a list',
                'symbols = "all"',
            ),
            ({"history": {"days": 1}}, "history", "was {'days': 1}", "[[history]]"),
            ({"quality": {"history": "yes"}}, "quality.history", "was 'yes'", "true or false"),
            ({"strategies": [{}]}, "strategies[0].use", "is missing", "a class and where it is"),
            ({"strategies": [{"use": "cross"}]}, "strategies[0].use", "'cross' does not name a class", "a class"),
            ({"strategies": [{"use": "gone.py:X"}]}, "strategies[0].use", "there is no file", "Correct the path"),
            (
                {"strategies": [{"use": "a.b:C", "params": {"x": None}}]},
                "strategies[0].params.x",
                "was None",
                "leave the key out",
            ),
            ({"sesion": {}}, "sesion", "is not a key", "Did you mean session?"),
            ({"session__intervalls": ["1m"]}, "session.intervalls", "is not a key", "Did you mean intervals?"),
            ({"completeness": 1.0}, "completeness", "is not a key", "It belongs in [session]."),
            ({"days": 3}, "days", "is not a key", "It belongs in [[history]] or"),
            ({"backtest__zzz": 1}, "backtest.zzz", "is not a key", "start, end, speed"),
            ({"quality": {"histroy": True}}, "quality.histroy", "is not a key", "Did you mean history?"),
        ],
    )
    def test_each_is_told_with_its_place_its_value_and_what_to_do(self, inside, change, place, what, fix):
        (problem,) = problems_of(changed(**change))

        assert problem.where == place
        assert what in problem.what
        assert fix in problem.fix

    @pytest.mark.parametrize(
        ("indicator", "place", "what"),
        [
            ({"name": "rsx", "interval": "5m"}, "name", "rsx"),
            ({"name": "rsi", "interval": "5m", "params": {"period": 0}}, "params.period", "period=0"),
            ({"name": "rsi", "interval": "5m"}, "params.period", "needs period"),
            ({"name": "rsi", "interval": "5m", "params": {"period": 2, "perod": 3}}, "params.perod", "perod"),
            ({"name": "rsi", "interval": "5m", "params": {"period": [1]}}, "params.period", "[1]"),
            ({"name": "rsi", "interval": "5m", "params": 14}, "params", "was 14"),
            ({"name": "rsi", "interval": "5q", "params": {"period": 14}}, "interval", "'5q' is not an interval"),
            ({"name": "rsi", "params": {"period": 14}}, "interval", "is missing"),
            ({"name": "sma", "interval": "5m", "params": {"period": 9}, "column": "clos"}, "column", "clos"),
            ({"name": "rsi", "interval": "5m", "params": {"period": 14}, "keep": 1}, "keep", "was 1"),
            (
                {"name": "rsi", "interval": "5m", "params": {"period": 14}, "input": {"name": "emma"}},
                "input.name",
                "emma",
            ),
            (
                {"name": "rsi", "interval": "5m", "params": {"period": 14}, "input": {"name": "ema", "parms": {}}},
                "input.parms",
                "is not a key",
            ),
            (
                {
                    "name": "rsi",
                    "interval": "5m",
                    "params": {"period": 14},
                    "input": {"name": "ema", "params": {"period": -1}},
                },
                "input.params.period",
                "period=-1",
            ),
        ],
    )
    def test_an_indicator_that_cannot_be_is_told_with_its_key(self, inside, indicator, place, what):
        (problem,) = problems_of(changed(indicators=[indicator]))

        assert problem.where == f"indicators[0].{place}"
        assert what in problem.what
        assert problem.fix

    def test_all_are_told_at_once(self, folder):
        path = written(
            folder,
            """
market = "XNYY"
stor = "data"
mode = "live"

[backtest]
start = 2024-07-05
end = 2024-07-03
speed = -2

[session]
intervals = ["1m", "7q"]
completeness = 3

[[history]]
days = 0
intervals = []

[[indicators]]
name = "rsi"
interval = "5q"
params = { period = 0, colour = "red" }
keep = "no"

[[scanners]]
use = "scanners.py:GapUp"
""",
        )

        problems = problems_of(path)

        assert sorted(places(problems)) == sorted(
            [
                "market",
                "stor",
                "store",
                "mode",
                "backtest.end",
                "backtest.speed",
                "session.intervals[1]",
                "session.completeness",
                "history[0].days",
                "history[0].intervals",
                "indicators[0].interval",
                "indicators[0].keep",
                "indicators[0].params.period",
                "indicators[0].params.colour",
                "scanners[0].use",
            ]
        )
        assert all(problem.where.startswith(f"{path}: ") for problem in problems)
        assert {problem.code for problem in problems} >= {"not_built", "unknown_key", "missing_key", "no_file"}

    def test_live_sessions_are_not_built_yet(self, inside):
        (problem,) = problems_of(changed(mode="live"))

        assert (problem.where, problem.code) == ("mode", "not_built")
        assert "not built yet" in problem.what

    @pytest.mark.parametrize(
        ("keys", "place", "what"),
        [
            ({"column": "volme"}, ".column", "column 'volme' is not known"),
            ({"statistic": "meen"}, ".statistic", "statistic 'meen' is not known"),
            ({"per": "hour"}, ".per", "per 'hour' is not known"),
            ({"early": "drop"}, ".early", "was 'drop'"),
            ({"days": 0}, ".days", "was 0"),
            ({"weeks": 3}, ".days", "days=10 and weeks=3"),
            ({"per": "minute", "column": "gap"}, "", "gap has no curve"),
            ({"name": ""}, ".name", "at least 1 character"),
        ],
    )
    def test_an_aggregate_that_cannot_be_is_told_with_its_key(self, inside, keys, place, what):
        (problem,) = problems_of(changed(aggregates=[{"name": "x", "column": "volume", "days": 10} | keys]))

        assert problem.where == f"aggregates[0]{place}"
        assert what in problem.what

    def test_aggregates_of_one_name_are_refused(self, inside):
        one = {"name": "x", "column": "volume", "days": 10}

        (problem,) = problems_of(changed(aggregates=[one, one | {"days": 5}]))

        assert (problem.where, problem.code) == ("aggregates[1].name", "name_taken")

    @pytest.mark.parametrize(
        ("start", "end", "what"),
        [
            ("2024-07-04", "2024-07-04", "closed on every day from 2024-07-04 to 2024-07-04"),
            ("1970-01-02", "2024-07-04", "known from 1990-01-02"),
            ("2024-07-04", "2099-07-04", "not on 2099-07-04"),
        ],
    )
    def test_a_range_without_a_session_is_refused(self, inside, start, end, what):
        (problem,) = problems_of(changed(backtest__start=start, backtest__end=end))

        assert problem.where == "backtest"
        assert what in problem.what

    def test_a_range_is_looked_at_whatever_else_is_wrong(self, inside):
        problems = problems_of(changed(backtest__start="2024-07-04", backtest__end="2024-07-04", backtest__speed=-1))

        assert [problem.where for problem in problems] == ["backtest.speed", "backtest"]

    def test_long_values_are_cut_in_messages(self, inside):
        (problem,) = problems_of(changed(session__symbols={"x" * 500: 1}))

        assert len(problem.what) < 150


class TestFiles:
    def test_a_syntax_error_is_told_with_line_and_column(self, folder):
        path = written(folder, 'name = "a"\nmarket = XNYS\n')

        (problem,) = problems_of(path)

        assert problem.where == f"{path}:2:10"
        assert "is not sound TOML" in problem.what

    def test_a_file_that_ends_too_early_is_told_with_its_last_line(self, folder):
        path = written(folder, 'name = "a"\nsymbols = ["A"')

        (problem,) = problems_of(path)

        assert problem.where == f"{path}:2"

    @pytest.mark.parametrize(
        ("name", "text", "place", "what"),
        [
            ("session.json", '{"name": "a",\n "b" 1}', ":2:6", "is not sound JSON"),
            ("session.yaml", "name: a\nb: [1,\n", ":3:1", "is not sound YAML"),
            ("session.yaml", "name: \x07", "", "is not sound YAML"),
            ("session.json", "[1]", "", "holds a list"),
            ("session.yaml", "", "", "holds a NoneType"),
            ("session.ini", "", "", "ends in '.ini'"),
        ],
    )
    def test_other_forms_are_told_as_well(self, folder, name, text, place, what):
        path = written(folder, text, name)

        (problem,) = problems_of(path)

        assert problem.where == f"{path}{place}"
        assert what in problem.what

    def test_a_file_that_is_not_there_is_told(self, folder):
        (problem,) = problems_of(folder / "gone.toml")

        assert (problem.code, problem.what) == ("no_file", "the session file does not exist.")

    def test_a_folder_is_no_file(self, folder):
        (folder / "x.toml").mkdir()

        (problem,) = problems_of(folder / "x.toml")

        assert (problem.code, "directory" in problem.what) == ("unreadable", True)

    def test_text_that_is_not_utf8_is_told(self, folder):
        (folder / "x.toml").write_bytes(b'name = "\xff"')

        (problem,) = problems_of(folder / "x.toml")

        assert "is not text in UTF-8" in problem.what

    def test_a_byte_order_mark_does_no_harm(self, folder):
        (folder / "x.toml").write_text(SMALL, encoding="utf-8-sig")

        assert load(folder / "x.toml").name == "small"

    def test_yaml_without_its_package_says_how_to_install_it(self, folder, monkeypatch):
        monkeypatch.setitem(sys.modules, "yaml", None)

        (problem,) = problems_of(written(folder, "name: a", "session.yaml"))

        assert "pip install 'openbell[yaml]'" in problem.fix


def test_the_schema_names_every_section():
    described = schema()

    assert set(described["properties"]) == {
        "name", "market", "mode", "store", "backtest", "session", "history", "quality", "budget", "indicators",
            "aggregates", "scanners", "strategies",
    }  # fmt: skip
    json.dumps(described)


def test_checking_a_file_imports_nothing_heavy(folder):
    path = written(folder, WHOLE)
    load(path)
    program = (
        "import sys; from openbell.config.loader import load; "
        f"load({str(path)!r}); print(sorted({{'numba', 'polars', 'pandas', 'yaml'}} & set(sys.modules)))"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
