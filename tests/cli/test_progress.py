import os
import pty
import subprocess
import sys

SHOWS = """
from openbell.cli.progress import Progress
with Progress(patience=0.0) as tell:
    for done in range(1, 4):
        tell("reading files", done, 3)
"""


def on_a_terminal(code: str) -> str:
    terminal, child = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=child, check=True)
    os.close(child)
    said = b""
    try:
        while part := os.read(terminal, 65536):
            said += part
    except OSError:  # the terminal's other end is closed: all has been read
        pass
    os.close(terminal)
    return said.decode()


class TestProgress:
    def test_is_shown_on_a_terminal(self):
        assert "reading files" in on_a_terminal(SHOWS)

    def test_shows_what_is_watched_at_once_and_only_the_stretch_that_is_on(self):
        code = SHOWS.replace("patience=0.0", "patience=1000.0").replace(
            " as tell:", " as tell:\n    tell.watch(lambda: '10:30 | paused')"
        )
        said = on_a_terminal(code.rstrip() + "\n    tell('years', 50, 100)\n    import time; time.sleep(0.3)\n")

        last = said.rsplit("years", 1)
        assert len(last) == 2
        assert "50 %" in last[1]
        assert "10:30 | paused" in last[1]
        assert "reading files" not in last[1]

    def test_is_not_shown_where_nobody_watches(self):
        done = subprocess.run([sys.executable, "-c", SHOWS], capture_output=True, check=True)

        assert done.stderr == b""

    def test_is_not_shown_before_the_work_has_taken_a_while(self):
        assert on_a_terminal(SHOWS.replace("patience=0.0", "patience=1000.0")) == ""

    def test_loads_no_rich_until_it_is_shown(self):
        code = f"{SHOWS}\nimport sys\nassert 'rich' not in sys.modules"

        subprocess.run([sys.executable, "-c", code], check=True)
