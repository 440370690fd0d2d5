"""Driving a session from the outside, as a caller does."""

from collections.abc import Mapping
from typing import Any

import openbell as ob
from benchmarks.measure import timed
from openbell.engine.report import DayReport


class Day:
    """One session day, with what its parts took.

    Parameters
    ----------
    document
        The session file.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.start_seconds = timed(self._start)

    def _start(self) -> None:
        self.session = ob.SessionCoordinator.from_file(self._document)
        self.session.start_day()

    def stream(self) -> float:
        """Seconds from the open to the close."""
        return timed(lambda: self.session.advance_to("23:00"))

    def finish(self) -> DayReport:
        """End the day.

        Raises
        ------
        RuntimeError
            If a callback raised: what it then cost means nothing.
        """
        report = self.session.finish_day(detail=False)
        if report.faults:
            raise RuntimeError(f"a callback failed: {report.faults[0]}")
        self.session.close()
        return report
