"""Tables of sessions by name: read from the cache, else frozen and put there."""

import logging
import re
from functools import lru_cache
from importlib.metadata import version

from openbell.machine.cache import cache_root, write_atomically
from openbell.market.table import SessionTable

FORMAT = 1

logger = logging.getLogger(__name__)


def load_table(name: str) -> SessionTable:
    """The table of a market: a few milliseconds when it is in the cache, a second or more when not.

    A file that cannot be read is made again; a folder that cannot be written costs only the time of making it
    once more.

    Raises
    ------
    MarketError
        If no market has that name.
    """
    path = cache_root() / "calendars" / f"{_slug(name)}-{FORMAT}-{_library_version()}.npz"
    try:
        return SessionTable.read(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        logger.info("calendar is made again: %s", error)
    from openbell.market.freezing import freeze

    table = freeze(name)
    try:
        write_atomically(path, table.to_bytes())
    except OSError as error:
        logger.info("calendar is not cached: %s", error)
    return table


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", name.strip().lower())


@lru_cache(maxsize=1)
def _library_version() -> str:
    return version("exchange-calendars")
