"""``python -m benchmarks.peers``: openbell and every peer that is installed, on the same bars, results compared."""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import benchmarks.strategies
from benchmarks.documents import document
from benchmarks.processes import ROOT, used_by
from openbell.store.importing import import_files
from openbell.testing.market import SyntheticMarket

HERE = Path(__file__).parent
BEGAN = "BENCHMARK_BEGAN"
# What runs it, and what an interpreter must be able to import for that.
PEERS = {
    "talipp and a loop": ("benchmarks.peers.talipp_loop", "import talipp"),
    "backtrader": ("benchmarks.peers.backtrader_cerebro", "import backtrader"),
    "NautilusTrader": ("benchmarks.peers.nautilus_engine", "import nautilus_trader"),
    "NautilusTrader, Rust engine": (
        "benchmarks.peers.nautilus_rust",
        "from nautilus_trader.core.nautilus_pyo3 import BacktestEngine, DataActor, DataActorConfig",
    ),
    "vectorbt": ("benchmarks.peers.vectorbt_columns", "import vectorbt"),
}
# NautilusTrader and vectorbt want different versions of pandas, so there are two.
PYTHONS = [str(ROOT / name / "bin" / "python") for name in (".venv-peers", ".venv-peers-vectorbt")]
OURS = {
    "openbell, a condition": "CountedConditions",
    "openbell, arrays": "Counted",
    "openbell, per bar": "CountedEachBar",
}
HEADS = (
    "",
    "version",
    "bars/s",
    "to first bar",
    "memory",
    "symbol added",
    "openbell is",
    "same bars",
    "same values",
    "same hits",
)


@dataclass(frozen=True, slots=True)
class Place:
    """The bars that everybody works on."""

    tidy: Path
    store: Path
    symbols: tuple[str, ...]
    held: str
    market: SyntheticMarket


@dataclass(frozen=True, slots=True)
class Measured:
    """What one of them did."""

    name: str
    outcome: dict[str, Any]
    megabytes: float

    @property
    def rate(self) -> float:
        """1m bars of the last session a second; 0 for one that streams nothing."""
        stream = self.outcome["stream"]
        return float(self.outcome["bars"] / stream) if stream else 0.0


def main() -> None:
    arguments = _parser().parse_args()
    place = prepared(arguments.data, arguments.symbols, arguments.sessions)
    with TemporaryDirectory() as scratch:
        found = [_run(name, place, Path(scratch), listener=listener) for name, listener in OURS.items()]
        for name, (module, needed) in PEERS.items():
            if name in arguments.skip:
                continue
            python = next((one for one in arguments.python or PYTHONS if _does(one, needed)), None)
            if python is None:
                print(f"{name}: no environment can do `{needed}`; make bench-peers makes them", file=sys.stderr)
            else:
                found.append(_run(name, place, Path(scratch), python=python, module=module))
    print(f"{arguments.symbols} symbols, {arguments.sessions - 1} days of history, one session streamed\n")
    print(_table(found))


def prepared(folder: Path, symbols: int, sessions: int) -> Place:
    """Tidy files and a store of the same bars, without gaps, and one symbol more than is configured."""
    market = SyntheticMarket(symbols + 1, sessions=sessions, defects=False)
    root = folder / f"peers{symbols}x{sessions}"
    tidy, store = root / "1m", root / "store"
    if not (root / "done").exists():
        market.write(root)
        import_files([tidy], store, interval="1m", market="XNYS")
        (root / "done").touch()
    return Place(tidy, store, market.symbols[:-1], market.symbols[-1], market)


def _run(
    name: str, place: Place, scratch: Path, *, listener: str = "", python: str = sys.executable, module: str = ""
) -> Measured:
    """One of them in a process of its own; openbell twice, so that its kernels are compiled the second time."""
    print(f"running {name}", file=sys.stderr)
    facts, out, hits = scratch / "work.json", scratch / "out.json", scratch / "hits"
    session = document(place.store, place.symbols, place.market.last_date, days=len(place.market.dates) - 1)
    day = place.market.last_date
    session |= {"backtest": {"start": str(day), "end": str(day)}}
    session |= {"strategies": [{"use": f"{benchmarks.strategies.__file__}:{listener}", "params": {"out": str(hits)}}]}
    first = {"folder": str(place.tidy), "symbols": place.symbols, "opens": _opens(place), "out": str(out)}
    facts.write_text(json.dumps(first | {"held": place.held, "hits": str(hits), "session": session}))
    command = [python, "-m", module or "benchmarks.peers.openbell_session", str(facts)]
    if listener:
        used_by(command, {BEGAN: str(time.time())})
    used = used_by(command, {BEGAN: str(time.time())})
    return Measured(name, json.loads(out.read_text()), used.megabytes)


def _opens(place: Place) -> int:
    """Start of the last session: its first bar's stamp."""
    block = place.market.block(place.symbols[0])
    sessions = len(place.market.dates)
    gaps = [i + 1 for i, (a, b) in enumerate(zip(block.ts, block.ts[1:], strict=False)) if b - a > 3600 * 10**9]
    assert len(gaps) == sessions - 1
    return int(block.ts[gaps[-1]])


def _does(python: str, needed: str) -> bool:
    """Whether an interpreter is there and can import this."""
    try:
        return subprocess.run([python, "-c", needed], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _table(found: list[Measured]) -> str:
    ours = found[0]
    rows = [HEADS, *(_cells(one, ours) for one in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cells(one: Measured, ours: Measured) -> tuple[str, ...]:
    outcome, theirs = one.outcome, ours.outcome
    added = outcome["added"]
    return (
        one.name,
        outcome["version"],
        f"{one.rate:,.0f}" if one.rate else "no events",
        f"{outcome['ready']:.2f} s",
        f"{one.megabytes:.0f} MB",
        "cannot" if added is None else f"{added * 1e3:.1f} ms",
        f"{ours.rate / one.rate:,.1f} x" if one.rate else "",
        "yes" if outcome["bars"] == theirs["bars"] else f"NO, {outcome['bars']:,}",
        _agreement(outcome["values"], theirs["values"]),
        _hits(outcome, theirs),
    )


def _agreement(values: dict[str, dict[str, float]], ours: dict[str, dict[str, float]]) -> str:
    """Whether all last values agree to a millionth of the price or of the range."""
    differing = {
        word
        for symbol, row in ours.items()
        for word, value in row.items()
        if not math.isclose(value, values[symbol][word], rel_tol=1e-6, abs_tol=1e-6 * row["sma"])
    }
    return "yes" if not differing else f"NO: {', '.join(sorted(differing))}"


def _hits(outcome: dict[str, Any], theirs: dict[str, Any]) -> str:
    if outcome["hits"] == theirs["hits"]:
        return "yes"
    late = "" if outcome["locked"] else ": 1m bar before the 5m bar it closes"
    return f"NO, {outcome['hits']:,} of {theirs['hits']:,}{late}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--symbols", type=int, default=50)
    parser.add_argument("--sessions", type=int, default=31)
    parser.add_argument("--data", type=Path, default=HERE.parent / "data", help="where the synthetic data is kept")
    parser.add_argument("--skip", action="append", default=[], choices=PEERS, help="a peer that there is no time for")
    parser.add_argument("--python", action="append", help="an interpreter that has peers; may be given several times")
    return parser


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
