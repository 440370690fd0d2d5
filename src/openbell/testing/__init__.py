"""For tests of users and of openbell: synthetic markets and contract checks."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openbell.testing.indicators import check_indicator as check_indicator

__all__ = ["check_indicator"]


def __getattr__(name: str) -> object:
    if name == "check_indicator":
        from openbell.testing.indicators import check_indicator

        return check_indicator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
