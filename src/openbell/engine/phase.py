"""The phases of a session's day, and what may be asked in each."""

from enum import StrEnum

from openbell.errors import Problem


class Phase(StrEnum):
    """Where a session stands."""

    IDLE = "idle"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    ENDED = "ended"
    CLOSED = "closed"


def refusal(phase: Phase) -> Problem | None:
    """Why requests cannot be carried out in a phase, or None when they can."""
    if phase in (Phase.PROVISIONING, Phase.ACTIVE):
        return None
    reasons = {
        Phase.IDLE: ("no day has begun.", "Call start_day first."),
        Phase.ENDED: ("today is over.", "Ask again on the next day, after start_day."),
        Phase.CLOSED: ("the session is closed.", "Make a new SessionCoordinator."),
    }
    what, fix = reasons[phase]
    return Problem("session", what, fix, code=f"session_{phase.value}")
