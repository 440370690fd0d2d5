"""Taking turns: every part of a case once per round, so that what disturbs the machine disturbs all of them."""

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

Samples = list[float]
Figures = dict[str, Samples]
Part = Callable[[], float | Sequence[float] | Mapping[str, float | Sequence[float]]]


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    gc.collect()
    began = perf_counter()
    work()
    return perf_counter() - began


def interleaved(rounds: int, parts: Mapping[str, Part], *, warm: bool = False) -> Figures:
    """What each part measured in each round; every round begins with another part.

    A part gives its seconds, or several, or several under names of their own. With ``warm`` each works once before
    it counts, so that the first round finds files and code where the later ones do.
    """
    if warm:
        for part in parts.values():
            part()
    figures: Figures = {}
    names = list(parts)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found = parts[name]()
            for key, value in (found if isinstance(found, Mapping) else {name: found}).items():
                figures.setdefault(key, []).extend(value if isinstance(value, Sequence) else [value])
    return figures


def median(samples: Samples) -> float:
    """The middle."""
    return statistics.median(samples)


def quantile(samples: Samples, share: float) -> float:
    """The sample below which that share of them lies, the larger of two neighbours."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def quotient(above: Samples, below: Samples) -> float:
    """The middle of the ratios taken in the same turn; the ratio of the middles where turns do not pair up."""
    if len(above) == len(below):
        return median([a / b for a, b in zip(above, below, strict=True)])
    return median(above) / median(below)
