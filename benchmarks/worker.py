"""Many days in one process of its own, all or so many: ``python -m benchmarks.worker SESSION OUT [DAYS]``."""

import json
import os
import sys
from pathlib import Path
from time import perf_counter


def main() -> None:
    import openbell as ob

    session, out, *most = sys.argv[1:]
    day = ob.SessionCoordinator.from_file(session)
    seconds, megabytes = [], []
    for _ in day.days[: int(most[0]) if most else None]:
        began = perf_counter()
        day.start_day()
        day.finish_day(detail=False)
        seconds.append(perf_counter() - began)
        megabytes.append(resident())
    day.close()
    Path(out).write_text(json.dumps({"seconds": seconds, "megabytes": megabytes}))


def resident() -> float:
    """Megabytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
