"""The story of a run: what is told comes back in order, now and after years."""

from pathlib import Path

from openbell.engine.story import Story
from openbell.errors import Problem, Severity
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


def test_every_turn_a_request_can_take_is_told_in_order_each_day_anew(tmp_path: Path):
    problem = Problem("AAPL/5m", "has gaps.", "Import them.", "gaps", Severity.WARNING)
    made_room, loaded = StepReport("evict_symbol", 0.25, 0, "OLD"), StepReport("load_historical", 0.5, 390)
    failed = "failed here; the session is as it was"
    turns = [
        (Status.DONE, (loaded,), (), None, [("", ""), ("load_historical", "")]),
        (Status.DONE, (loaded,), (problem,), None, [("", "AAPL/5m: has gaps."), ("load_historical", "")]),
        (Status.NOTHING_TO_DO, (), (), None, [("", "")]),
        (Status.REFUSED, (), (problem, problem), None, [("", "AAPL/5m: has gaps.; AAPL/5m: has gaps.")]),
        (Status.FAILED, (made_room, loaded), (problem,), "register_indicator",
         [("", "AAPL/5m: has gaps."), ("evict_symbol", ""), ("load_historical", ""), ("", "made room for AAPL"),
          ("register_indicator", failed)]),
    ]  # fmt: skip
    story = Story()
    for day in (1, 2):
        story.tell(
            ProvisioningResult("AAPL", "bar", "user", status, steps, step, problems, at=day)
            for status, steps, problems, step, _ in turns
        )

    told = [(event.at, event.status, event.step, event.note) for event in story]
    assert told == [
        (day, "done" if note.startswith("made room") else status.value, step, note)
        for day in (1, 2)
        for status, *_, lines in turns
        for step, note in lines
    ]
    assert [event.bars for event in story] == [390 * (event.step == "load_historical") for event in story]
    assert {event.symbol for event in story if event.operation == "evict"} == {"OLD"}
    story.write(tmp_path / "story.parquet")
    assert Story.read(tmp_path / "story.parquet").events == story.events
