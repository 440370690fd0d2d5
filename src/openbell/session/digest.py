"""The state of a session as a short text: equal states give equal texts, on every machine.

The *digest* covers now and the way prices are read; symbols by name: tier, the actions its prices are adjusted for; per
interval its base, the held bars (stamps, bits of each field, completeness), what quality is counted over; per indicator
outputs, valid, settled, last update; figures over past sessions. Quality and gaps follow from the bars and the stretch
they are counted over, so the stretch is what is written.
The *fingerprint* adds who asked for what, by which path it came, locks and rows.
"""

import hashlib

import numpy as np

from openbell.session.hashing import session_hashes
from openbell.session.records import SymbolRecord
from openbell.session.session_data import SessionData


def digest(session: SessionData) -> str:
    """Hex digest of the state at now, 32 characters."""
    whole = hashlib.blake2b(digest_size=16)
    whole.update(f"now {session.time.now} completeness {session.completeness!r} prices {session.prices}\n".encode())
    for name in session.symbols:
        whole.update(symbol_digest(session, session.records[name]))
    return whole.hexdigest()


def fingerprint(session: SessionData) -> str:
    """Hex digest of the state, of who asked for it and of how it came about, 32 characters."""
    whole = hashlib.blake2b(digest(session).encode(), digest_size=16)
    for name in session.symbols:
        record = session.records[name]
        asks = sorted(f"{ask!r} {since}" for ask, since in session.asks.of(name).items())
        path = (record.row, record.added_by, record.origin, record.added_at, record.auto_provisioned)
        later = (record.upgraded_from_adhoc, record.upgraded_at, record.locked)
        whole.update(f"{name} {path} {later} {asks}\n".encode())
    return whole.hexdigest()


def symbol_digest(session: SessionData, record: SymbolRecord) -> bytes:
    """The part of the digest that is one symbol's, 16 bytes."""
    part = hashlib.blake2b(digest_size=16)
    begins = session.time.calendar.begins
    quality = (record.history_quality, record.session_quality)
    part.update(f"{record.name} {record.tier.value} {quality} {record.listed}\n".encode())
    part.update("".join(f"adjusted for {action}\n" for action in record.actions).encode())
    for interval, series in sorted(record.series.items(), key=lambda item: item[0].rank):
        part.update(f"{interval} from {series.base} since {series.since}\n".encode())
        for block in series.history.parts:
            part.update(session_hashes(block, begins))
        part.update(b"today\n")
        part.update(session_hashes(session.lanes[interval].panel.block(record.row), begins))
    for key, spec in sorted(record.indicators.items()):
        manager, row = session.indicators, record.row
        state = (manager.valid(spec, row), manager.settled(spec, row), manager.last_updated(spec, row))
        part.update(f"{key} {state} {key in record.kept}\n".encode())
        values = manager.values(spec)[:, row]
        part.update(np.where(np.isnan(values), np.nan, values).tobytes())
        if key in record.kept:
            kept = session.kept[spec].series(row)
            part.update(np.where(np.isnan(kept), np.nan, kept).tobytes())
    for key, figure in sorted(record.aggregates.items()):
        part.update(f"{key} over past sessions\n".encode())
        part.update(np.where(np.isnan(figure), np.nan, figure).tobytes())
    return part.digest()
