"""Proof against looking ahead, and against results that depend on how much history was loaded.

1. Run the session file and note what comes out (`traced`).
2. Choose instants at which something came out, and some others (`_instants`).
3. For each: run again, up to there, on a store in which everything later is altered (`poisoned`). Whatever differs up
   to that instant knew the future.
4. Run again with a week more history. Whatever differs depends on how much was loaded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from openbell.config.session_file import HistoryRule, SessionFile
from openbell.engine.poison import poisoned
from openbell.engine.trace import Said, Trace, Values, traced
from openbell.market.calendar import load_calendar
from openbell.market.local import datetime_at

FUTURE, DEPTH = "future", "history depth"
MORE_DAYS = 7

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something whose output changed and must not.

    Parameters
    ----------
    check
        ``future`` or ``history depth``.
    who
        ``indicator:rsi_14_5m``, ``aggregate:avg_volume``, ``strategy:Crossover``, ``scanner:GapUp``, or ``session``.
    first
        The first instant at which its output differs, exchange time.
    altered_after
        The instant after which everything was altered; None for the check of depth.
    was, became
        Its output there, in words.
    """

    check: str
    who: str
    first: datetime
    altered_after: datetime | None
    was: str
    became: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        where = f"{self.who} at {self.first:%Y-%m-%d %H:%M:%S}"
        if self.altered_after is None:
            head = f"{where}: another output with more history loaded."
        else:
            head = f"{where}: another output when what came after {self.altered_after:%Y-%m-%d %H:%M:%S} was altered."
        return f"{head}\n    was     {self.was}\n    became  {self.became}"


@dataclass(slots=True)
class Verdict:
    """What `verify` found.

    Parameters
    ----------
    name
        Of the session file.
    instants
        After which everything was altered, one run each, exchange time.
    outputs
        How many outputs the plain run had, by strategy, scanner, indicator and figure over past sessions.
    findings
        What changed, the first one of each check first: later ones may follow from it.
    """

    name: str
    instants: list[datetime] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        found = [finding.as_dict() for finding in self.findings]
        return {
            "name": self.name, "ok": self.ok, "instants": self.instants, "outputs": self.outputs, "findings": found,
        }  # fmt: skip

    def __str__(self) -> str:
        outputs = ", ".join(f"{who} {count:,}" for who, count in self.outputs.items())
        head = (
            f"{self.name}: altered after {len(self.instants)} instants, and once with {MORE_DAYS} more days of history"
        )
        lines = [head, f"compared: {outputs or 'no output at all'}"]
        lines += [str(finding) for finding in self.findings] or ["nothing knew the future, nothing depended on depth"]
        return "\n".join(lines)


def verify(file: SessionFile, *, times: int = 8, seed: int = 1, progress: Progress | None = None) -> Verdict:
    """Whether a session file's indicators, strategies and scanners keep to what could be known.

    Parameters
    ----------
    times
        How many instants to alter everything after.
    seed
        Another seed chooses other instants.
    progress
        Called before each run.

    Raises
    ------
    ValueError
        If it is to be altered after no instant, which would prove nothing, or the seed is negative.
    """
    if times < 1 or seed < 0:
        raise ValueError(f"times is 1 or more and seed 0 or more; were {times} and {seed}")
    tell = progress or (lambda _what, _done, _total: None)
    zone = load_calendar(file.market).timezone
    random = np.random.default_rng(seed)
    tell("runs", 0, times + 2)
    plain = traced(replace(file, speed=0.0))
    chosen = _instants(plain, times, random)
    verdict = Verdict(file.name, [datetime_at(at, zone) for at in chosen], _outputs(plain))
    found: dict[tuple[str, str], tuple[int, Finding]] = {}
    for done, at in enumerate(chosen, start=1):
        tell("runs", done, times + 2)
        with TemporaryDirectory(prefix="openbell-verify-") as folder:
            other = traced(poisoned(replace(file, speed=0.0), Path(folder), at, seed + done), until=at)
        for who, first, was, became in differences(plain, other, until=at):
            _keep(found, Finding(FUTURE, who, datetime_at(first, zone), datetime_at(at, zone), was, became), first)
    tell("runs", times + 1, times + 2)
    for who, first, was, became in differences(plain, traced(deeper(file))):
        _keep(found, Finding(DEPTH, who, datetime_at(first, zone), None, was, became), first)
    tell("runs", times + 2, times + 2)
    order = sorted(found.values(), key=lambda one: (one[1].check != FUTURE, one[0], one[1].who))
    verdict.findings = [finding for _, finding in order]
    return verdict


def deeper(file: SessionFile) -> SessionFile:
    """The same with more history for everything."""
    most = max((rule.days for rule in file.history), default=0)
    intervals = {interval for rule in file.history for interval in rule.intervals} | set(file.intervals)
    more = HistoryRule(most + MORE_DAYS, tuple(sorted(intervals)), None)
    return replace(file, speed=0.0, history=(*file.history, more))


def differences(plain: Trace, other: Trace, until: int | None = None) -> Iterator[tuple[str, int, str, str]]:
    """Who differs, the first instant at which, and both outputs there."""
    kinds = (("aggregate", plain.aggregates, other.aggregates), ("indicator", plain.indicators, other.indicators))
    for kind, values, changed in kinds:
        for key in {**values, **changed}:
            found = _first_value(values.get(key, []), changed.get(key, []), until)
            if found is not None:
                yield f"{kind}:{key}", *found
    for who in {**plain.said, **other.said}:
        first = _first_said(plain.said.get(who, []), other.said.get(who, []), until)
        if first is not None:
            yield who, *first


def _first_said(one: list[Said], two: list[Said], until: int | None) -> tuple[int, str, str] | None:
    left, right = (sorted((said for said in part if until is None or said[0] <= until), key=_at) for part in (one, two))
    for place in range(max(len(left), len(right))):
        was = left[place] if place < len(left) else None
        became = right[place] if place < len(right) else None
        if was != became:
            first = min(said[0] for said in (was, became) if said is not None)
            left_text, right_text = (_text(said, first) for said in (was, became))
            return first, left_text, right_text
    return None


def _text(said: Said | None, first: int) -> str:
    return said[1] if said is not None and said[0] == first else "nothing"


def _at(said: Said) -> int:
    return said[0]


def _first_value(one: list[Values], two: list[Values], until: int | None) -> tuple[int, str, str] | None:
    """Symbols that only one of them has are left out: who promoted them differs, not the indicator."""
    later = {at: (names, values) for at, names, values in two}
    for at, names, values in one:
        if (until is not None and at > until) or at not in later:
            continue
        others, changed = later[at]
        left, right = values, changed
        if others != names:
            common = sorted(set(names) & set(others))
            left = values[:, [names.index(name) for name in common]]
            right, names = changed[:, [others.index(name) for name in common]], tuple(common)
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        if not same.all():
            output, column = (int(place[0]) for place in np.nonzero(~same))
            was, became = (f"{names[column]} {float(table[output, column])!r}" for table in (left, right))
            return at, was, became
    return None


def _instants(plain: Trace, times: int, random: np.random.Generator) -> list[int]:
    """Instants to alter everything after: half of them where something was decided, in turn by whom."""
    candidates = set(plain.instants[:-1])
    said = [sorted({at for at, _ in part} & candidates) for part in plain.said.values()]
    chosen: set[int] = set()
    pools = [pool for pool in said if pool]
    for turn in range(times // 2 if pools else 0):
        chosen.add(int(random.choice(pools[turn % len(pools)])))
    rest = sorted(candidates - chosen)
    missing = min(times - len(chosen), len(rest))
    chosen |= {int(at) for at in random.choice(rest, missing, replace=False)} if missing else set()
    return sorted(chosen)


def _outputs(trace: Trace) -> dict[str, int]:
    kinds = (("aggregate", trace.aggregates), ("indicator", trace.indicators))
    values = {
        f"{kind}:{key}": sum(v.shape[1] for _, _, v in part) for kind, held in kinds for key, part in held.items()
    }
    return {who: len(part) for who, part in trace.said.items()} | values


def _keep(found: dict[tuple[str, str], tuple[int, Finding]], finding: Finding, first: int) -> None:
    """The earliest finding of each check and one."""
    key = (finding.check, finding.who)
    if key not in found or first < found[key][0]:
        found[key] = (first, finding)
