"""Cases of the three calls that ask, and of what is kept about who asked."""

import json
import threading
from pathlib import Path

import polars as pl
import pytest
from sessions import SMA, document, started

import openbell as ob

CALLS = {
    "symbol": lambda day, symbol, source: day.add_symbol(symbol, source=source),
    "bar": lambda day, symbol, source: day.add_bar(symbol, "15m", days=2, source=source),
    "indicator": lambda day, symbol, source: day.add_indicator(symbol, SMA, source=source),
}
SOURCES = ["config", "scanner", "strategy", "user", "strategy:cross"]


@pytest.mark.parametrize("call", CALLS)
class TestEveryCall:
    @pytest.mark.parametrize("source", SOURCES)
    def test_succeeds_for_every_source_and_says_who_asked(self, store: Path, call, source):
        day = started(store, "10:00")

        result = CALLS[call](day, "AAPL", source)

        assert (result.ok, result.status, result.source, result.operation) == (True, "done", source, call)
        aapl = day.session_data.get_symbol_data("AAPL")
        assert (aapl.added_by, aapl.origin) == (source, source)
        assert aapl.auto_provisioned == (call != "symbol")
        assert f"{aapl.added_at:%H:%M}" == "10:00"
        assert (aapl.upgraded_from_adhoc, aapl.upgraded_at) == (False, None)

    def test_is_refused_with_reasons_and_no_exception(self, store: Path, call):
        day = started(store, "10:00")
        before = day.fingerprint()

        result = CALLS[call](day, "ZZZZ", "user")

        assert (result.ok, result.status, result.problems[0].code) == (False, "refused", "unknown_symbol")
        assert day.fingerprint() == before

    def test_again_is_success_without_work(self, store: Path, call):
        day = started(store, "10:00")
        CALLS[call](day, "AAPL", "user")
        before = day.fingerprint()

        result = CALLS[call](day, "AAPL", "user")

        assert (result.ok, result.status, result.bars) == (True, "nothing_to_do", 0)
        assert day.fingerprint() == before

    def test_in_lower_case_is_the_same(self, store: Path, call):
        lower, upper = started(store, "10:00"), started(store, "10:00")

        CALLS[call](lower, " aapl ", "user")
        CALLS[call](upper, "AAPL", "user")

        assert lower.fingerprint() == upper.fingerprint()

    def test_before_the_first_bar_is_like_any_other(self, store: Path, call):
        early, late = started(store), started(store)

        assert CALLS[call](early, "AAPL", "user").ok
        early.advance_to("10:47")
        late.advance_to("10:47")
        assert CALLS[call](late, "AAPL", "user").ok

        assert early.digest() == late.digest()

    def test_inside_a_callback_is_queued_and_completed_in_place(self, store: Path, tmp_path: Path, call):
        words = {"symbol": "add_symbol('AAPL')", "bar": "add_bar('AAPL', '15m', days=2)"}
        asked = words.get(call, "add_indicator('AAPL', ob.indicator('sma', interval='5m', period=20))")
        code = f"""
import openbell as ob

class Asks(ob.Strategy):
    def on_day_start(self):
        self.seen = []

    def on_bars(self, bars):
        at = f"{{bars.time:%H:%M}}"
        if bars.interval != "1m" or at > "10:01" or at < "10:00":
            return
        if at == "10:00":
            self.result = self.desk.{asked}
        self.seen.append(f"{{self.result.status}} {{'AAPL' in self.desk.session_data}}")
        if at == "10:01":
            self.hold("NVDA", meta={{"seen": ", ".join(self.seen)}})
"""
        (tmp_path / "asks.py").write_text(code)
        report = ob.run(document(store, strategies=[{"use": f"{tmp_path}/asks.py:Asks"}]))

        assert next(iter(report.signals)).meta["seen"] == "queued False, done True"
        asked = [(one["operation"], one["source"], one["status"]) for one in report.days[0].requests]
        assert asked == [(call, "strategy:Asks", "done")]


class TestWhilePaused:
    @pytest.mark.parametrize("call", CALLS)
    def test_what_is_asked_is_done_at_once_and_ends_like_unpaused(self, store: Path, call):
        paused, other = started(store, "10:00"), started(store, "10:00")
        paused.control.pause()
        paused.advance_to("11:00")

        result = CALLS[call](paused, "AAPL", "user")

        assert (result.status, f"{paused.time.at(paused.time.now):%H:%M}") == ("done", "10:00")
        CALLS[call](other, "AAPL", "user")
        assert paused.fingerprint() == other.fingerprint()
        paused.control.resume()
        for day in (paused, other):
            day.advance_to("11:00")
        assert paused.digest() == other.digest()

    def test_another_threads_request_is_done_while_the_stream_waits(self, store: Path):
        day, other = started(store, "10:00"), started(store, "10:00")
        streamer = threading.Thread(target=lambda: day.advance_to("15:00"))
        day.control.pause()
        streamer.start()

        result = day.add_symbol("AAPL")
        day.control.resume()
        streamer.join(timeout=60)

        assert (result.status, f"{day.time.at(day.time.now):%H:%M}") == ("done", "15:00")
        other.add_symbol("AAPL")
        other.advance_to("15:00")
        assert day.digest() == other.digest()


class TestMetadata:
    def test_removed_and_added_again_is_fresh(self, store: Path):
        day = started(store, "10:00")
        day.add_indicator("AAPL", SMA, source="scanner")
        day.add_symbol("AAPL", source="strategy")
        day.remove_symbol("AAPL")
        day.advance_to("10:30")

        day.add_symbol("AAPL", source="user")

        aapl = day.session_data.get_symbol_data("AAPL")
        assert (aapl.added_by, aapl.origin, aapl.auto_provisioned) == ("user", "user", False)
        assert (aapl.upgraded_from_adhoc, f"{aapl.added_at:%H:%M}") == (False, "10:30")
        assert [str(one.owner) for one in day.owners.why("AAPL")] == ["user"]

    def test_an_upgrade_keeps_the_origin_beside_who_asked_for_it(self, store: Path):
        day = started(store, "10:00")
        day.add_bar("AAPL", "5m", source="scanner:gap-up")
        day.advance_to("11:12")

        day.add_symbol("AAPL", source="strategy")

        aapl = day.session_data.get_symbol_data("AAPL")
        assert (aapl.added_by, aapl.origin) == ("strategy", "scanner:gap-up")
        assert (aapl.auto_provisioned, aapl.upgraded_from_adhoc) == (True, True)
        assert (f"{aapl.added_at:%H:%M}", f"{aapl.upgraded_at:%H:%M}") == ("10:00", "11:12")

    def test_it_is_in_the_report_and_the_run_folder(self, store: Path, tmp_path: Path):
        code = """
import openbell as ob

class Asks(ob.Strategy):
    def on_day_start(self):
        self.desk.add_indicator("AAPL", ob.indicator("sma", interval="5m", period=20))
        self.desk.add_symbol("ZZZZ")

    def on_bars(self, bars):
        if bars.interval == "5m" and f"{bars.time:%H:%M}" == "11:00":
            self.desk.add_symbol("AAPL")
"""
        (tmp_path / "asks.py").write_text(code)

        ob.run(document(store, strategies=[{"use": f"{tmp_path}/asks.py:Asks"}]), out=tmp_path / "run")

        written = json.loads((tmp_path / "run" / "report.json").read_text())
        aapl = written["days"][-1]["symbols"]["AAPL"]
        kept = ("tier", "added_by", "origin", "auto_provisioned", "upgraded_from_adhoc")
        assert [aapl[name] for name in kept] == ["full", "strategy:Asks", "strategy:Asks", True, True]
        table = pl.read_parquet(tmp_path / "run" / "requests.parquet")
        first = table.filter(pl.col("date") == "2024-06-06").select("symbol", "operation", "status").rows()
        assert first == [
            ("AAPL", "indicator", "done"),
            ("ZZZZ", "symbol", "refused"),
            ("AAPL", "symbol", "done"),
        ]
        assert table["steps"][0].startswith("create_symbol,add_interval_1m")
