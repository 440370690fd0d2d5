"""The story of a run: what is told comes back in order, now and after years."""

from pathlib import Path

from openbell.engine.story import Story
from openbell.errors import Problem
from openbell.provisioning.result import ProvisioningResult, Status, StepReport


def told(symbol: str, at: int) -> ProvisioningResult:
    """A request with two steps, the first of which made room."""
    steps = (StepReport("evict_symbol", 0.25, 0, "OLD"), StepReport("load_historical", 0.5, 390))
    return ProvisioningResult(symbol, "symbol", "config", Status.DONE, steps, at=at)


def test_days_come_back_in_order(tmp_path: Path):
    story = Story()
    for day in range(3):
        story.tell(told(f"S{n}", day) for n in range(600))

    events = story.events
    assert len(events) == 3 * 600 * 4
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert story.events == events
    assert [(event.step, event.seconds, event.bars) for event in story.of("s7")[:3]] == [
        ("", 0.0, 0),
        ("evict_symbol", 0.25, 0),
        ("load_historical", 0.5, 390),
    ]
    assert {event.note for event in story.of("OLD")} == {f"made room for S{n}" for n in range(600)}

    story.write(tmp_path / "story.parquet")
    assert Story.read(tmp_path / "story.parquet").events == events


def test_what_failed_says_so():
    problem = Problem("AAPL", "has no bars.", "Import some.", code="none")
    result = ProvisioningResult("AAPL", "bar", "user", Status.FAILED, (), "load_session", (problem,), 7)
    story = Story()
    story.tell([result])

    first, second = story.events
    assert (first.note, first.status, first.at) == ("AAPL: has no bars.", "failed", 7)
    assert (second.step, second.note) == ("load_session", "failed here; the session is as it was")
