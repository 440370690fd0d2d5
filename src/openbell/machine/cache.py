"""Where openbell keeps what it can make again: calendar tables, compiled kernels."""

import os
import tempfile
from pathlib import Path


def cache_root() -> Path:
    """The folder for everything that can be made again; it need not exist, and may not be writable.

    ``$OPENBELL_CACHE``, else ``openbell`` in ``$XDG_CACHE_HOME``, else ``~/.cache/openbell``; for a user without a
    home a folder beside the temporary files.
    """
    chosen = os.environ.get("OPENBELL_CACHE")
    if chosen:
        return Path(chosen)
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared and Path(shared).is_absolute():
        return Path(shared) / "openbell"
    try:
        return Path.home() / ".cache" / "openbell"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"openbell-{os.getuid()}"


def write_atomically(path: Path, content: bytes) -> None:
    """Put a file in place as a whole: a reader finds the old one or the new one, never a part.

    Raises
    ------
    OSError
        If the folder cannot be made or written; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except OSError:
        Path(aside).unlink(missing_ok=True)
        raise
