import pytest
from rich.console import Console

from openbell.cli.summary import summary


def bars(base: str | None, history: int, today: int, quality: float | None, gaps: int | None) -> dict:
    missing = {"days": 0, "runs": 1, "single": (gaps or 1) - 1}
    counts = {"history_bars": history, "session_bars": today}
    return {"base": base, **counts, "quality": quality, "gaps": gaps, "missing": missing}


def value(amount: object, *, settled: bool = True, valid: bool = True) -> dict:
    return {"value": amount, "valid": valid, "settled": settled, "last_updated": "2024-07-01T20:00:00Z"}


def symbol(quality: float | None = 79.4, tier: str = "full") -> dict:
    return {
        "tier": tier,
        "intervals": {"1m": bars(None, 5800, 310, quality, 41), "5m": bars("1m", 1900, 78, 98.04, 1)},
        "indicators": {
            "sma_20_5m": value(361.2),
            "macd_5m": value({"macd": 0.5, "signal": None, "histogram": 0.25}, settled=False),
        },
    }


def report(symbols: dict, **changes: object) -> dict:
    dropped = {"ZZZZ": [{"where": "ZZZZ", "what": "is not in the store [data].", "fix": "Import it."}]}
    request = {"at": "...", "source": "scanner:gap-up", "operation": "indicator", "symbol": "TSLA", "status": "done"}
    day = {
        "date": "2024-07-01",
        "digest": "0123456789abcdef",
        "instants": 390,
        "bars": 3210,
        "symbols": symbols,
        "dropped": dropped,
        "requests": [{**request, "steps": [], "milliseconds": 3.1}],
        "signals": 4,
    }
    return {"name": "thin names", "mode": "backtest", "digest": "0123456789abcdef", "days": [day], **changes}


def printed(values: dict, width: int = 120) -> str:
    console = Console(width=width, markup=False, highlight=False)
    with console.capture() as captured:
        for renderable in summary(values, width):
            console.print(renderable)
    return captured.get()


def row_of(text: str, *words: str) -> str:
    return next(line for line in text.splitlines() if all(word in line for word in words))


class TestASummaryOfFewSymbols:
    def test_has_a_row_per_symbol_and_interval(self):
        text = printed(report({"ERIE": symbol()}))

        assert row_of(text, "ERIE", "1m").split()[3:] == ["stored", "5,800", "310", "79.4", "41", "0", "1", "40"]
        assert row_of(text, "5m", "from 1m").split()[3:] == ["1,900", "78", "98.0", "1", "0", "1", "0"]

    def test_marks_what_is_not_settled_and_leaves_out_what_has_no_value(self):
        text = printed(report({"ERIE": symbol()}))

        assert row_of(text, "ERIE", "361.20").split() == ["ERIE", "361.20", "0.5000~", "-", "0.2500~"]
        assert "not settled" in text

    def test_says_why_symbols_were_dropped_and_what_to_do_word_for_word(self):
        text = printed(report({"ERIE": symbol()}))

        assert "is not in the store [data]." in row_of(text, "ZZZZ")
        assert "Import it." in text

    def test_counts_requests_by_outcome(self):
        assert "scanner:gap-up" in row_of(printed(report({"ERIE": symbol()})), "indicator", "done", "1")

    def test_says_why_requests_were_refused(self):
        values = report({"ERIE": symbol()})
        problem = {"where": "TSLA", "what": "the store does not know this symbol.", "fix": "Import its bars."}
        refused = {"status": "refused", "problems": [problem]}
        values["days"][0]["requests"] = [one | refused for one in values["days"][0]["requests"]]

        assert "TSLA: the store does not know" in row_of(printed(values), "scanner:gap-up", "refused")

    @pytest.mark.parametrize("width", [40, 60, 80])
    def test_fits_a_narrow_terminal(self, width):
        text = printed(report({"ERIE": symbol(), "FICO": symbol(None, "adhoc")}), width)

        assert max(len(line.rstrip()) for line in text.splitlines()) <= width
        assert "sma_20_5m" in text

    def test_unknown_quality_is_not_zero(self):
        assert row_of(printed(report({"TSLA": symbol(None, "adhoc")})), "TSLA", "adhoc").split()[6:8] == ["-", "41"]

    def test_an_interrupted_run_says_so(self):
        assert "interrupted" in printed(report({}, interrupted=True))

    def test_a_run_without_days_has_a_headline_only(self):
        assert len(printed(report({}, days=[])).splitlines()) == 1


@pytest.fixture(scope="module")
def text() -> str:
    return printed(report({f"SYN{i:04d}": symbol(50 + i / 10) for i in range(500)}))


class TestASummaryOfManySymbols:
    def test_is_short(self, text):
        assert len(text.splitlines()) < 60

    def test_adds_up_each_interval(self, text):
        assert row_of(text, "1m", "500").split()[:4] == ["1m", "500", "2,900,000", "155,000"]

    def test_shows_the_worst_by_quality_and_where_the_rest_is(self, text):
        assert row_of(text, "SYN0000").split() == ["SYN0000", "50.0"]
        assert "SYN0010" not in text
        assert "--json" in text
