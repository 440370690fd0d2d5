"""Signals: checked when made, kept in order, handed on."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sessions import document, started, store_blocks

import openbell as ob
from openbell.bars.block import Block
from openbell.desk.desk import Desk
from openbell.desk.signals import Action, Signal, SignalBook
from openbell.market.calendar import load_calendar
from openbell.store.importing import import_files
from openbell.testing.market import SyntheticMarket

TRADER = """
import openbell as ob


class Trader(ob.Strategy):
    def on_bars(self, bars):
        at = bars.time.strftime("%H:%M")
        if bars.interval != "1m":
            return
        if at == "10:00":
            self.buy("nvda", quantity=10, reason="first", meta={"score": 1.5})
            self.buy("AAPL", weight=0.25)
        elif at == "11:00":
            self.sell("NVDA", quantity=4, price=bars.close[0])
        elif at == "15:00":
            self.close("AAPL", reason="end of day")
            self.hold("NVDA")


class Later(ob.Strategy):
    heard = 0

    def on_bars(self, bars):
        made = [s for s in self.desk.signals.since(bars.now) if s.source != self.desk.owner]
        if bars.interval == "1m":
            self.heard += len(made)
            if made:
                self.hold(made[0].symbol, reason=f"heard {len(made)}")
"""


@pytest.fixture
def report(store: Path, tmp_path: Path):
    (tmp_path / "mine.py").write_text(TRADER)
    rules = [{"use": f"{tmp_path}/mine.py:{name}"} for name in ("Trader", "Later")]
    made = document(store, strategies=rules, session={"symbols": ["NVDA", "AAPL"]})
    return ob.run(made, out=tmp_path / "run")


def test_signals_are_kept_in_order_for_later_strategies_and_the_caller(report):
    first_day = [s for s in report.signals if s.at < next(iter(report.signals)).at + 8 * 3_600_000_000_000]

    assert [(s.action, s.symbol, s.source) for s in first_day] == [
        ("buy", "NVDA", "strategy:Trader"),
        ("buy", "AAPL", "strategy:Trader"),
        ("hold", "NVDA", "strategy:Later"),
        ("sell", "NVDA", "strategy:Trader"),
        ("hold", "NVDA", "strategy:Later"),
        ("close", "AAPL", "strategy:Trader"),
        ("hold", "NVDA", "strategy:Trader"),
        ("hold", "AAPL", "strategy:Later"),
    ]
    assert [day.signals for day in report.days] == [8, 8, 8]
    assert not any(day.faults for day in report.days)


def test_an_action_may_be_said_in_words_and_is_checked(store: Path):
    day = started(store, at="10:00")
    desk = Desk(day, "user:me", day.signals)

    assert desk.signal("buy", "nvda").action is Action.BUY
    with pytest.raises(ob.SessionError, match=r"'byu' is no action.\n    Use buy."):
        desk.signal("byu", "NVDA")


def test_the_run_folder_has_them_with_exchange_time(report, tmp_path: Path):
    frame = pl.read_parquet(tmp_path / "run" / "signals.parquet")

    assert len(frame) == 24
    assert frame["exchange_time"][0].strftime("%Y-%m-%d %H:%M %Z") == "2024-06-06 10:00 EDT"
    assert frame["ts"].is_sorted()
    assert frame.row(0, named=True) | {"ts": 0, "exchange_time": 0} == {
        "ts": 0, "exchange_time": 0, "symbol": "NVDA", "action": "buy", "quantity": 10.0, "weight": None, "price": None,
        "reason": "first", "source": "strategy:Trader", "meta": '{"score": 1.5}',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"quantity": 0}, "bad_size"),
        ({"quantity": float("nan")}, "bad_size"),
        ({"quantity": 1, "weight": 0.5}, "two_sizes"),
        ({"weight": 1.5}, "bad_size"),
        ({"price": -1.0}, "bad_size"),
        ({"meta": {"a": [1]}}, "bad_meta"),
    ],
)
def test_what_is_wrong_with_a_signal_is_said_and_it_is_not_kept(words, code):
    book = SignalBook()

    with pytest.raises(ob.SessionError) as raised:
        book.add(Signal(1, "AAPL", Action.BUY, **words))

    assert [problem.code for problem in raised.value.problems] == [code]
    assert len(book) == 0


def test_close_takes_no_size():
    with pytest.raises(ob.SessionError, match="close means all of it"):
        SignalBook().add(Signal(1, "AAPL", Action.CLOSE, quantity=1))


@pytest.mark.filterwarnings("ignore")
def test_vectorbt_gets_an_equity_curve_that_a_reader_can_check(report):
    pytest.importorskip("vectorbt")
    from openbell.engine.portfolio import orders_of

    portfolio = ob.to_vectorbt(report, init_cash=100_000)

    equity = portfolio.value()
    orders = orders_of(report)
    assert len(equity) == len(orders.ends) == 3 * 390
    assert str(equity.index[0]) == "2024-06-06 09:31:00-04:00"
    close = {name: orders.close[:, place] for place, name in enumerate(orders.symbols)}
    at = {text: int(np.flatnonzero(equity.index.strftime("%m-%d %H:%M") == text)[0]) for text in
          ("06-06 10:00", "06-06 11:00", "06-06 15:00")}  # fmt: skip
    bought = close["NVDA"][at["06-06 10:00"]]
    shares = 25_000 / close["AAPL"][at["06-06 10:00"]]
    end = at["06-06 15:00"]
    sold = close["NVDA"][at["06-06 11:00"]]
    gained = shares * (close["AAPL"][end] - close["AAPL"][at["06-06 10:00"]])
    expected = 100_000 + gained + 4 * (sold - bought) + 6 * (close["NVDA"][end] - bought)
    assert equity.iloc[end] == pytest.approx(expected, rel=1e-9)


HOLDER = """
import openbell as ob


class Holder(ob.Strategy):
    def on_bars(self, bars):
        if bars.interval == "1m" and bars.time.strftime("%d %H:%M") in ("06 10:00", "10 15:59"):
            act = self.buy if bars.time.day == 6 else self.sell
            act("NVDA", quantity=10 if bars.time.day == 6 else 80)
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("prices", ["splits", "adjusted"])
def test_a_split_inside_a_run_is_no_loss_to_who_holds_the_shares(tmp_path: Path, prices: str):
    pytest.importorskip("vectorbt")
    whole = dict(SyntheticMarket(("NVDA",), sessions=14, start=date(2024, 5, 21), defects=False).blocks())["NVDA"]
    early = whole.ts < load_calendar("XNYS").begins[load_calendar("XNYS").first_on_or_after(date(2024, 6, 7))]
    split = [np.where(early, 8 * column, column) for column in whole.columns[:4]]
    store = store_blocks(
        tmp_path, {"NVDA": Block.of(whole.ts, [*split, np.where(early, whole.volume / 8, whole.volume)])}
    )
    (tmp_path / "actions.csv").write_text("symbol,date,kind,value\nNVDA,2024-06-07,split,8\n")
    import_files([tmp_path / "actions.csv"], store)
    (tmp_path / "holder.py").write_text(HOLDER)
    made = document(store, strategies=[{"use": f"{tmp_path}/holder.py:Holder"}],
                    session={"symbols": ["NVDA"], "prices": prices})  # fmt: skip

    equity = ob.to_vectorbt(ob.run(made), init_cash=100_000).value()

    closes = whole.close[np.isin(whole.ts, equity.index.as_unit("ns").asi8 - 60_000_000_000)]
    start, held = int(np.flatnonzero(equity.index.strftime("%d %H:%M") == "06 10:00")[0]), 80
    expected = np.append(np.full(start, 100_000.0), 100_000 + held * (closes[start:] - closes[start]))
    expected[-1] = expected[-2]  # all are sold by then
    assert equity.to_numpy() == pytest.approx(expected, rel=1e-9)


def test_a_run_without_signals_says_so(store: Path):
    with pytest.raises(ob.SessionError, match=r"no signal.*\n.*self.buy"):
        ob.to_vectorbt(ob.run(document(store)))


@pytest.mark.parametrize("size", ["quantity", "price", "weight"])
def test_a_size_that_is_text_is_told(size):
    (problem,) = Signal(1, "NVDA", Action.BUY, **{size: "3"}).problems()

    assert problem.what == f"{size} was '3', which is no number."
