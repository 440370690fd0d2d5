"""Pages that run: what a page of the docs tells a reader to do is done, and what it shows is compared.

- A ```` ```console ```` block holds commands after ``$ `` with what they print; ``| head -N`` and ``| grep TEXT`` work.
- A ```` ```python ```` block is run, all blocks of a page in one namespace; a ```` ```text ```` block after it, or
  after nothing but prose, is what it prints.
- A block with a file's name after the language, like ```` ```toml session.toml ````, is written to that file.

Three dots stand for any text. `record` puts what is printed now into the blocks that do not agree any more.
"""

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from openbell.cli.main import main

_FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Passage:
    """Something a page shows: where it stands, what it says, what is printed when it is done."""

    line: int
    start: int
    end: int
    said: str
    printed: str

    @property
    def agrees(self) -> bool:
        """Whether the page says what is printed."""
        parts = [re.escape(part) for part in re.split(r"\.\.\.\n?", self.said.strip())]
        return re.fullmatch(".*?".join(parts), self.printed.strip(), re.DOTALL) is not None


def passages(page: Path) -> Iterator[Passage]:
    """Do what a page says in the present folder, and give everything that it shows."""
    text = page.read_text()
    names: dict[str, object] = {"__name__": page.stem}
    printed: str | None = None
    for fence in _FENCE.finditer(text):
        language, file, body = fence.groups()
        line = text.count("\n", 0, fence.start()) + 2
        if file is not None:
            Path(file).write_text(body)
        elif language == "console":
            yield from _console(body, fence.start(3), line)
        elif language == "python":
            code = compile("\n" * (line - 1) + body, str(page), "exec")
            assert not printed, (
                f"{page.name}: the block before line {line} prints, and no text block shows it: {printed}"
            )
            printed = _caught(lambda code=code: exec(code, names))
        elif language == "text" and printed is not None:
            yield Passage(line, fence.start(3), fence.end(3), body, printed)
            printed = None


def record(page: Path) -> int:
    """Rewrite what does not agree; returns how many places that were."""
    text = page.read_text()
    wrong = [passage for passage in passages(page) if not passage.agrees]
    for passage in reversed(wrong):
        text = text[: passage.start] + passage.printed.rstrip() + "\n" + text[passage.end :]
    page.write_text(text)
    return len(wrong)


def _console(body: str, offset: int, line: int) -> Iterator[Passage]:
    commands = list(_COMMAND.finditer(body))
    for command, following in zip(commands, [*commands[1:], None], strict=True):
        first = min(command.end() + 1, len(body))
        last = len(body) if following is None else following.start()
        said = body[first:last]
        at = line + body.count("\n", 0, command.start())
        yield Passage(at, offset + first, offset + last, said, _done(command[1]))


def _done(command: str) -> str:
    words, *filters = (shlex.split(part) for part in command.split(" | "))
    assert words[0] == "openbell", f"only openbell runs here, not {words[0]}"
    lines = _caught(lambda: main(words[1:])).splitlines()
    for name, *rest in filters:
        lines = lines[: int(rest[0].lstrip("-n"))] if name == "head" else [one for one in lines if rest[-1] in one]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _caught(work) -> str:
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told):
        work()
    return told.getvalue()
