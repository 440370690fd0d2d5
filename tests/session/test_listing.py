from pathlib import Path

import pytest
from sessions import started


@pytest.mark.parametrize(("days", "sessions"), [(3, 3), (4, 4), (8, 4)])
def test_quality_counts_from_the_listing_on(store: Path, days: int, sessions: int):
    history = [{"days": days, "intervals": ["1m"], "symbols": "all"}]

    bars = started(store, history=history).session_data.get_symbol_data("NVDA").bars["1m"]

    # NVDA's first session is the fourth one before this day.
    assert bars.history_quality == 100.0 * len(bars.history) / (390 * sessions)
    assert not any(gap.whole_session for gap in bars.gaps)
