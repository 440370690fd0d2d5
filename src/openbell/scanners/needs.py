"""What a scanner says that its candidates must bring."""

from typing import NoReturn

from openbell.desk.needs import Needs
from openbell.errors import Problem, SessionError
from openbell.scanners.figures import Figure
from openbell.scanners.sofar import VolumeSoFar


class ScanNeeds(Needs):
    """Declares what every candidate must bring; handed to ``setup``.

    ``indicator`` and ``bars`` are asked for every symbol that passes the filter, in one batch before the open and in
    the scanner's name. ``figure`` costs nothing: it is made from the store's summaries.
    ``volume_so_far`` costs one read.
    """

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.usual: list[VolumeSoFar] = []

    def aggregate(self, name: str, *_: object, **__: object) -> NoReturn:
        """Refused: candidates are light symbols, which have no figures of the session file's kind."""
        fix = "Use needs.figure(column, statistic, days), which reads no bar, or needs.volume_so_far(days)."
        raise SessionError(Problem(f"aggregate {name!r}", "is for full symbols, not for candidates.", fix))

    def calls(self, *_: object) -> NoReturn:
        """Refused: when a scanner is called stands in the session file."""
        fix = 'Set it under [[scanners]]: every = "5m", from, until.'
        raise SessionError(Problem("calls", "is for strategies, not for scanners.", fix, code="no_calls"))

    def figure(self, column: str, statistic: str = "mean", days: int = 20) -> Figure:
        """A figure over the sessions before today; what is returned is the handle to read it by.

        Parameters
        ----------
        column
            ``open high low close volume bars turnover range relative_range``.
        statistic
            ``last mean min max sum stdev``.
        days
            Over how many sessions.
        """
        return Figure(column, statistic, days)

    def volume_so_far(self, days: int = 20) -> VolumeSoFar:
        """The volume that is usual by this minute of the day; what is returned is the handle to read it by.

        It takes one read of these sessions for the candidates, before the open.

        Parameters
        ----------
        days
            Over how many sessions.
        """
        self.usual.append(VolumeSoFar(days))
        return self.usual[-1]
