"""What the session file will say one day and cannot yet: the one table to shorten when a feature lands."""

from collections.abc import Iterator

VALUES = {("mode", "live"): "live sessions"}


def take_out(document: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    """Remove what is not built from a document, and tell of each: key, what, fix."""
    for (key, value), feature in VALUES.items():
        if document.get(key) == value:
            del document[key]
            yield key, f'was "{value}"; {feature} are not built yet in this version.', f'Leave out {key} = "{value}".'
