"""What stands above the header of a table of bars, taken away: titles, comments, addresses, empty lines, more headers.

The file is only copied when something is there; most files begin with their header or their first bar.
"""

from dataclasses import replace

from openbell.errors import Problem, StoreError
from openbell.store.formats.generic import layout_of
from openbell.store.formats.source import Source

_MOST_LINES = 12
_NO_BARS = ("#", "//", "https://", "http://", "sep=")
_BINARY = (b"PAR1", b"[", b"{")


def without_preamble(source: Source) -> Source:
    """The file from its header on, or from its first bar; the file itself when it begins so.

    Raises
    ------
    StoreError
        If it holds the bars of several symbols side by side.
    """
    if source.head.lstrip()[:4].startswith(_BINARY) or not source.lines:
        return source
    lines = source.head.decode(source.encoding, errors="replace").lstrip("\ufeff").splitlines()[:_MOST_LINES]
    if lines[0].strip() and not lines[0].startswith(_NO_BARS) and not _is_yfinance(lines):
        return source if layout_of(source) is not None else _from_header(source, lines)
    if _is_yfinance(lines):
        return _one_header(source, lines)
    return _from_header(source, lines)


def broken_into_lines(source: Source) -> Source:
    """The file with line feeds where it has only carriage returns, and without empty lines at its beginning."""
    head = source.head
    if head[:1] in (b"\r", b"\n", b" ") and source.lines:
        return replace(source, content=_text(source).lstrip().encode())
    if b"\n" not in head and b"\r" in head[:-1] and not head.startswith(_BINARY):
        return replace(source, content=_text(source).replace("\r", "\n").encode())
    return source


def _from_header(source: Source, lines: list[str]) -> Source:
    """From the first line on that is a header, or a bar where only comments and empty lines stand above it."""
    for place, line in enumerate(lines):
        if not line.strip() or line.startswith(_NO_BARS):
            continue
        trimmed = replace(source, content="\n".join(lines[place:]).encode())
        layout = layout_of(trimmed)
        above = [one for one in lines[:place] if one.strip() and not one.startswith(_NO_BARS)]
        if layout is not None and place and (layout.header or not above):
            return replace(source, content=_after(_text(source), place).encode())
    return source


def _is_yfinance(lines: list[str]) -> bool:
    """Whether there are three lines of headers: what, of whom, and the name of the stamps."""
    return len(lines) > 3 and lines[0].startswith("Price,") and lines[1].startswith("Ticker,")


def _one_header(source: Source, lines: list[str]) -> Source:
    symbols = list(dict.fromkeys(word for word in lines[1].split(",")[1:] if word))
    if len(symbols) != 1:
        what = f"holds {len(symbols)} symbols side by side ({', '.join(symbols[:5])})."
        fix = "Write one file per symbol, or one table with a column Symbol: frame.stack(level=1)."
        raise StoreError(Problem(str(source), what, fix, code="columns"))
    stamps = lines[2].split(",")[0] or "Date"
    header = ",".join([stamps, *lines[0].split(",")[1:]])
    return replace(source, symbol=symbols[0], content=f"{header}\n{_after(_text(source), 3)}".encode())


def _text(source: Source) -> str:
    return source.bytes().decode(source.encoding, errors="replace").lstrip("\ufeff")


def _after(text: str, lines: int) -> str:
    """What is left without some lines at the beginning."""
    start = 0
    for _ in range(lines):
        start = text.find("\n", start) + 1
    return text[start:]
