"""What a scanner says that its candidates must bring."""

from openbell.desk.needs import Needs
from openbell.scanners.figures import Figure


class ScanNeeds(Needs):
    """Declares what every candidate must bring; handed to ``setup``.

    ``indicator`` and ``bars`` are asked for every symbol that passes the filter, in one batch before the open and in
    the scanner's name. ``figure`` costs nothing: it is made from the store's summaries.
    """

    def figure(self, column: str, statistic: str = "mean", days: int = 20) -> Figure:
        """A figure over the sessions before today; what is returned is the handle to read it by.

        Parameters
        ----------
        column
            ``open high low close volume bars range turnover``.
        statistic
            ``last mean min max sum stdev``.
        days
            Over how many sessions.
        """
        return Figure(column, statistic, days)
