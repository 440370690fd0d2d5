"""Logging: silent unless a script asks for it."""

import logging
import sys


def enable_logging(level: int | str = logging.INFO) -> None:
    """Print openbell's log lines on standard error, for scripts; calling it again only changes the level.

    Parameters
    ----------
    level
        INFO has one line per phase of a session, WARNING what is missing in a usable result.

    Examples
    --------
    >>> enable_logging("WARNING")
    >>> logging.getLogger("openbell").getEffectiveLevel() == logging.WARNING
    True
    """
    logger = logging.getLogger("openbell")
    logger.setLevel(level)
    if not any(type(handler) is logging.StreamHandler for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
