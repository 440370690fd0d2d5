"""Run a command and say what it took; small by itself, because a child's peak memory begins with its parent's.

``python -IS launch.py COMMAND...``; standard output is one JSON document.
"""

import json
import os
import sys
import time


def main() -> None:
    words = sys.argv[1:]
    nothing = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    began = time.perf_counter()
    child = os.posix_spawn(words[0], words, os.environ, file_actions=nothing)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({"seconds": seconds, "megabytes": usage.ru_maxrss / 1024, "code": code}))


if __name__ == "__main__":
    main()
