"""Files as readers see them: out of archives, decompressed, decoded, with their first lines at hand."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

import polars as pl

from openbell.errors import Problem, StoreError

_HEAD_BYTES = 1 << 16
_LINES = 50
_ZIP, _GZIP, _ZSTD = b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_MOST_BYTES = 8 << 30


@dataclass(frozen=True)
class Source:
    """One file to import, or one member of an archive.

    Parameters
    ----------
    path
        Where the file is.
    member
        The name inside an archive, ``""`` outside one.
    content
        Decompressed bytes; None for a file that is read where it lies.
    symbol
        What its own lines above the header say.
    """

    path: Path
    member: str = ""
    content: bytes | None = field(default=None, repr=False)
    symbol: str | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.member}" if self.member else str(self.path)

    @property
    def name(self) -> str:
        """The file's own name without its endings."""
        name = PurePosixPath(self.member).name if self.member else self.path.name
        while PurePosixPath(name).suffix.lower() in _ENDINGS:
            name = PurePosixPath(name).stem
        return name

    @property
    def folders(self) -> list[str]:
        """The names of the folders it lies in, the innermost first."""
        return [part for part in reversed(self.path.absolute().parent.parts) if part not in ("/", "")]

    @cached_property
    def head(self) -> bytes:
        """Its first bytes, decompressed."""
        if self.content is not None:
            return self.content[:_HEAD_BYTES]
        if self.is_zstd:
            return "\n".join(self._zstd_lines()).encode()
        with self.path.open("rb") as file:
            return file.read(_HEAD_BYTES)

    @cached_property
    def lines(self) -> list[str]:
        """Its first lines as text, without empty ones."""
        text = self.head.decode(self.encoding, errors="replace")
        lines = text.splitlines()
        if len(self.head) == _HEAD_BYTES:
            lines = lines[:-1]
        return [line for line in lines if line.strip()][:_LINES]

    @cached_property
    def encoding(self) -> str:
        """How its text is written: UTF-8 unless a mark or its bytes say otherwise."""
        for mark, encoding in _MARKS.items():
            if self.head.startswith(mark):
                return encoding
        for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if self.head[start::2].count(0) > len(self.head) // 4:
                return encoding
        try:
            self.head.decode()
        except UnicodeDecodeError as error:
            return "utf-8" if error.start > len(self.head) - 4 else "cp1252"
        return "utf-8"

    @property
    def is_zstd(self) -> bool:
        """Whether the file is compressed with Zstandard, which polars reads as it is."""
        return self.content is None and self.path.suffix.lower() in (".zst", ".zstd")

    def text(self) -> Path | bytes:
        """What a reader of text is given: the file where it lies, or UTF-8 bytes."""
        if self.content is None and self.encoding == "utf-8":
            return self.path
        raw = self.content if self.content is not None else self.path.read_bytes()
        return raw if self.encoding == "utf-8" else raw.decode(self.encoding, errors="replace").encode()

    def bytes(self) -> bytes:
        """Everything, decompressed."""
        if self.is_zstd:
            return "\n".join(self._zstd_lines(None)).encode()
        return self.content if self.content is not None else self.path.read_bytes()

    def _zstd_lines(self, most: int | None = _LINES) -> list[str]:
        try:
            frame = pl.read_csv(
                self.path,
                has_header=False,
                separator="\x1f",
                quote_char=None,
                n_rows=most,
                schema={"line": pl.String},
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise unreadable(str(self), "Zstandard", str(error)) from error
        return frame["line"].fill_null("").to_list()


_ENDINGS = {".csv", ".txt", ".tsv", ".json", ".parquet", ".gz", ".zst", ".zstd", ".zip", ".dat"}


def sources_of(path: Path) -> Iterator[Source]:
    """The files in a file: the members of an archive, the one in a compressed file, or the file itself.

    Raises
    ------
    StoreError
        If an archive is damaged.
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_ZIP):
        yield from _members(path)
    elif head.startswith(_GZIP):
        try:
            content = gzip.decompress(path.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(str(path), "gzip", str(error)) from error
        yield Source(path, content=content)
    else:
        yield Source(path)


def _members(path: Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > _MOST_BYTES:
                raise unreadable(str(path), "zip", "it unpacks to more than 8 GiB")
            for member in sorted(members, key=lambda member: member.filename):
                yield Source(path, member.filename, archive.read(member))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise unreadable(str(path), "zip", str(error)) from error


def unreadable(where: str, form: str, why: str) -> StoreError:
    """The refusal for a file that is not whole, or not what it seems."""
    first = why.strip().splitlines()[0] if why.strip() else "no reason given"
    fix = "Check that the file is complete, and fetch it again."
    return StoreError(Problem(where, f"cannot be read as {form} ({first}).", fix, code="unreadable"))


def as_stream(content: Path | bytes) -> Path | io.BytesIO:
    """What polars is given."""
    return io.BytesIO(content) if isinstance(content, bytes) else content
