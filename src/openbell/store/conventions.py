"""What the stamps of files mean: which clock they are on, and which end of a bar they are.

Decided once for all files of an import that are written alike, from all their bars together; never file by file, where
a single quiet day shows anything.

1. `settled`: what is not said is found, or assumed with a warning. Instants stay on their clock.
2. `contradiction`: what is said is held against the bars.
3. `mislabelled`: the refusal, with both figures and the flags that make it right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from openbell.errors import Problem, Severity
from openbell.market.session import Hours
from openbell.store.evidence import Evidence, Openings
from openbell.store.formats.format import Convention, Hints

_ZONES = (
    "America/New_York", "Etc/GMT+5", "America/Chicago", "America/Halifax", "America/Los_Angeles", "Europe/London",
    "Europe/Berlin", "Europe/Athens", "Asia/Kolkata", "Asia/Hong_Kong", "Asia/Tokyo",
)  # fmt: skip
_FITTING, _FITTING_ROUND_THE_CLOCK, _FITTING_EXTENDED = 0.8, 0.99, 0.97
_LEAD, _LEAD_EXTENDED = 0.004, 0.02
_LEADING_BARS = 5
_SURELY = 0.95
_CLEARLY = 0.03
_CLEAR_BARS, _CLEAR_DAYS = 20, 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What stamps mean, how that is known, and what is to be said of it.

    Parameters
    ----------
    convention
        With a zone and an end.
    note
        What was found or assumed; None where all was said.
    doubt
        Why the zone may be another one; None where it is known or the bars show it.
    """

    convention: Convention
    note: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Another convention that fits clearly better than the one that is said, and both figures."""

    market: str
    said: Convention
    better: Convention
    share: float
    better_share: float
    openings: Openings


@dataclass(frozen=True, slots=True)
class _Reading:
    """A zone, how much of the trade lies in hours under it, and whether no other one fits as well."""

    zone: str
    share: float
    clear: bool


def settled(evidence: Sequence[Evidence], convention: Convention) -> Settled:
    """The convention of files that are written alike, with what is not said of it.

    Parameters
    ----------
    evidence
        Their bars, per market and interval.
    """
    telling = _telling(evidence)
    reading = _Reading(convention.zone or "UTC", 1.0, True)
    if convention.zone is None and telling:
        reading = _zone_of(telling)
    full = replace(convention, zone=reading.zone, stamp=convention.stamp or "open")
    shown = _openings(evidence, reading.zone).end(strong=not convention.wall)
    if convention.stamp is None and shown is not None:
        full = replace(full, stamp=shown)
    if convention.zone is not None and (convention.stamp is not None or full.stamp == "open"):
        return Settled(full)
    hours = " and ".join(dict.fromkeys(one.calendar.name for one in telling))
    found = reading.clear and bool(telling)
    note = _described(full, f"found against the hours of {hours}" if found else "assumed")
    return Settled(full, note, None if reading.clear else _doubt(telling, reading, hours))


def _telling(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The bars whose hours show a zone: of markets that close, best of those that are closed for most of the day."""
    filled = [one for one in evidence if len(one.ts)]
    return [one for one in filled if one.edged] or [one for one in filled if one.calendar.name != "24/7"]


def _zone_of(telling: Sequence[Evidence]) -> _Reading:
    rows = sum(len(one.ts) for one in telling)
    edged = telling[0].edged
    least = _FITTING if edged else _FITTING_ROUND_THE_CLOCK
    rounds = [(Hours.REGULAR, least, _LEAD), (Hours.EXTENDED, _FITTING_EXTENDED, _LEAD_EXTENDED)]
    for hours, fitting, lead in rounds if edged else rounds[:1]:
        shares = {zone: _share(telling, zone, hours=hours) for zone in _distinct(telling)}
        best = max(shares.values())
        if best >= fitting:
            close = [zone for zone, share in shares.items() if share >= best - max(lead, _LEADING_BARS / rows)]
            return _Reading(close[0], shares[close[0]], len(close) == 1 and _is_enough(telling, close[0]))
    return _Reading("UTC", _share(telling, "UTC"), False)


def _is_enough(evidence: Sequence[Evidence], zone: str) -> bool:
    """Whether there are some days, or a session from end to end: part of a day fits under many zones."""
    return sum(one.days for one in evidence) >= _CLEAR_DAYS or _openings(evidence, zone).whole is not None


def _share(evidence: Sequence[Evidence], zone: str, *, hours: Hours = Hours.REGULAR, counted: bool = False) -> float:
    shares = [one.share(zone, hours=hours, counted=counted) for one in evidence]
    return float(np.average(shares, weights=[len(one.ts) for one in evidence]))


def _distinct(evidence: Sequence[Evidence]) -> Iterator[str]:
    """Zones under which these bars are not all at the same instants: UTC first, then the markets' own."""
    seen = set()
    for zone in dict.fromkeys(("UTC", *(one.calendar.timezone.key for one in evidence), *_ZONES)):
        behind = tuple(one.behind(zone).tobytes() for one in evidence)
        if behind not in seen:
            seen.add(behind)
            yield zone


def _openings(evidence: Sequence[Evidence], zone: str) -> Openings:
    shown = [one.openings(zone) for one in evidence if one.edged and len(one.ts)]
    wholes = {one.whole for one in shown}
    seen, sharp, late = (sum(getattr(one, name) for one in shown) for name in ("seen", "sharp", "late"))
    return Openings(seen, sharp, late, wholes.pop() if len(wholes) == 1 else None)


def _described(convention: Convention, how: str) -> str:
    clock = f"stamps are the {convention.stamp} of the bar"
    return f"{clock}, on the clock of {convention.zone} ({how})" if convention.wall else f"{clock} ({how})"


def _doubt(telling: Sequence[Evidence], reading: _Reading, hours: str) -> str | None:
    """Why a zone that is assumed may be wrong; None for UTC where that fits, if others do as well."""
    if reading.zone == "UTC" and reading.share >= (_FITTING if telling[0].edged else _FITTING_ROUND_THE_CLOCK):
        return None
    return (
        f"its stamps name no zone and its bars show none; taken as {reading.zone}, {reading.share:.0%} of the trade "
        f"lies in the hours of {hours}."
    )


def contradiction(evidence: Sequence[Evidence], convention: Convention) -> Contradiction | None:
    """What fits clearly better than a convention; None where nothing does, and of markets that do not close long."""
    telling = [one for one in evidence if one.edged and len(one.ts)]
    if not telling:
        return None
    zone = convention.zone or "UTC"
    share = _share(telling, zone)
    better, better_share = zone, share
    if share < _SURELY:
        better, better_share = _better_zone(telling, zone, share)
    openings = _openings(telling, better)
    end = openings.end(strong=True) or convention.stamp
    if better == zone and end == convention.stamp:
        return None
    right = replace(convention, zone=better, stamp=end)
    return Contradiction(telling[0].calendar.name, convention, right, share, better_share, openings)


def _better_zone(telling: Sequence[Evidence], zone: str, share: float) -> tuple[str, float]:
    """Another zone under which nearly all trade is in hours, by volume and by bars; else this one."""
    rows = sum(len(one.ts) for one in telling)
    shares = {other: _share(telling, other) for other in _distinct(telling)}
    other = max(shares, key=lambda name: (shares[name], name == telling[0].calendar.timezone.key))
    best = min(shares[other], _share(telling, other, counted=True))
    clear = best >= _SURELY and best - share >= max(_CLEARLY, _CLEAR_BARS / rows)
    shown = _openings(telling, other)
    enough = shown.seen >= _CLEAR_DAYS or shown.whole is not None
    return (other, shares[other]) if clear and enough else (zone, share)


def mislabelled(where: str, found: Contradiction, hints: Hints) -> Problem:
    """What is to be said of stamps that contradict: a refusal, a warning where everything was said by the user."""
    said, better, told = found.said, found.better, found.openings
    what = (
        f"its stamps, taken as the {said.stamp} of a bar in {said.zone}, do not fit the hours of {found.market}: "
        f"{found.share:.0%} of the trade lies in them; taken as the {better.stamp} of a bar in {better.zone} it is "
        f"{found.better_share:.0%}, and of {told.seen} openings there {told.sharp} begin with the stamp of the open, "
        f"{told.late} with the next one."
    )
    flags = [f"--timezone {better.zone}"] if better.zone != said.zone else []
    flags += [f"--stamp {better.stamp}"] if better.stamp != said.stamp else []
    if None not in (hints.timezone, hints.stamp, hints.market):
        fix = f"They were taken as said. If that is wrong, undo this import and say {' '.join(flags)}."
        return Problem(where, what, fix, code="mislabelled", severity=Severity.WARNING)
    insist = f"--timezone {said.zone} --stamp {said.stamp} --market {found.market}"
    fix = (
        f"If that is what they mean, import with {' '.join(flags)}; if the market is another one, say --market; if all "
        f"is right as it is, say {insist}."
    )
    return Problem(where, what, fix, code="mislabelled")
