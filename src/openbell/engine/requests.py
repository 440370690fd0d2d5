"""Carrying requests out at the right moment, whoever makes them.

Between calls a request is carried out at once; inside a callback it is queued until the callbacks of the instant are
through; another thread's request waits for the next moment between two instants. Callbacks come first, in order of
asking, then threads by ticket number.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from openbell.errors import Problem
from openbell.provisioning.result import ProvisioningResult, Status

PATIENCE_SECONDS = 60.0
_GLANCE_SECONDS = 0.02

Action = Callable[[], ProvisioningResult]


@dataclass(slots=True)
class Ticket:
    """A request on its way: what to do, and the result that its maker holds."""

    action: Action
    promised: ProvisioningResult
    done: threading.Event = field(default_factory=threading.Event)


class Requests:
    """The one door through which a session is changed.

    Parameters
    ----------
    patience
        Seconds that another thread's request waits for its turn before it is refused.

    Attributes
    ----------
    calling
        The thread in which users' callbacks run, None while there are none: what it asks for is queued.
    waiting
        Whether there may be something for `serve` to do.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self.turn = threading.RLock()
        self.patience = patience
        self._gate = threading.Lock()
        self._from_callbacks: list[Ticket] = []
        self._from_threads: list[Ticket] = []
        self.calling: int | None = None
        self.waiting = False

    def callbacks(self) -> "Requests":
        """While users' callbacks run (``with requests.callbacks():``) what this thread asks for is queued."""
        return self

    def __enter__(self) -> None:
        self.calling = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self.calling = None

    def submit(self, promised: ProvisioningResult, action: Action) -> ProvisioningResult:
        """Have an action carried out: at once, or queued inside a callback.

        Parameters
        ----------
        promised
            What its maker gets, with status ``queued``; it is completed in place.
        action
            Does the work and gives the outcome.
        """
        ticket = Ticket(action, promised)
        if self.calling == threading.get_ident():
            self._from_callbacks.append(ticket)
            self.waiting = True
            return promised
        with self._gate:
            self._from_threads.append(ticket)
            self.waiting = True
        self._wait(ticket)
        return promised

    def serve(self) -> None:
        """Carry out everything that waits; the turn must be held."""
        # Said before it is looked, so that what comes meanwhile is not overlooked.
        self.waiting = False
        while self._from_callbacks or self._from_threads:
            with self._gate:
                waiting = self._from_callbacks or self._from_threads
                ticket = waiting.pop(0)
            self._complete(ticket, ticket.action())

    def forget(self) -> None:
        """Drop what waits; nothing survives the night."""
        with self._gate:
            waiting, self._from_callbacks, self._from_threads = self._from_callbacks + self._from_threads, [], []
        for ticket in waiting:
            over = Problem(
                ticket.promised.symbol, "the day ended before this was carried out.", "Ask again.", "too_late"
            )
            self._refuse(ticket, over)

    def _wait(self, ticket: Ticket) -> None:
        until = monotonic() + self.patience
        while not ticket.done.is_set():
            if self.turn.acquire(timeout=_GLANCE_SECONDS):
                try:
                    self.serve()
                finally:
                    self.turn.release()
            elif monotonic() > until and self._withdraw(ticket):
                what = f"no moment between two instants came within {self.patience:g} seconds."
                fix = "Ask from the session's own thread, or see what keeps a callback busy."
                self._refuse(ticket, Problem(ticket.promised.symbol, what, fix, code="timeout"))

    def _withdraw(self, ticket: Ticket) -> bool:
        with self._gate:
            if ticket not in self._from_threads:
                return False
            self._from_threads.remove(ticket)
            return True

    def _refuse(self, ticket: Ticket, problem: Problem) -> None:
        promised = ticket.promised
        refused = ProvisioningResult(promised.symbol, promised.operation, promised.source, Status.REFUSED)
        refused.problems = (problem,)
        refused.at = promised.at
        self._complete(ticket, refused)

    def _complete(self, ticket: Ticket, outcome: ProvisioningResult) -> None:
        for name in ("status", "steps", "failed_step", "problems", "at"):
            setattr(ticket.promised, name, getattr(outcome, name))
        ticket.done.set()
