"""Putting together what is alike."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Those with equal keys together, by key, in order of first mention.

    Examples
    --------
    >>> grouped(["sma", "rsi", "smma"], lambda name: name[0])
    {'s': ['sma', 'smma'], 'r': ['rsi']}
    """
    groups: defaultdict[Key, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return dict(groups)
