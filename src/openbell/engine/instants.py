"""Instant after instant: bars in, callbacks, requests; each line of it is gone through at each of them."""

from collections.abc import Callable
from threading import get_ident

from openbell.engine.control import Control
from openbell.engine.dispatch import Dispatcher
from openbell.engine.requests import Requests
from openbell.engine.stream import Stream
from openbell.session.session_data import SessionData


def run_instants(
    until: int,
    session: SessionData,
    stream: Stream,
    dispatcher: Dispatcher,
    requests: Requests,
    control: Control,
    on_instant: Callable[[int], None] | None,
) -> bool:
    """Run every instant up to one, ns UTC, with the requests of each; False when the control has held it before.

    Parameters
    ----------
    on_instant
        Called with each instant when its bars are in, before anybody else is called.
    """
    me, revision, capacity = get_ident(), -1, -1
    with control.streaming() as may_come:
        while True:
            if not (control.quiet or may_come(stream.next_end(), until)):
                return False
            with requests.turn:
                if session.revision != revision or session.capacity != capacity:
                    revision, capacity = session.revision, session.capacity
                    stream.renew()
                    dispatcher.renew()
                happened = stream.step(until, dispatcher.heard if control.quiet and on_instant is None else None)
                if happened is None:
                    return True
                if on_instant is not None:
                    on_instant(happened.now)
                requests.calling = me
                try:
                    dispatcher.call(happened)
                finally:
                    requests.calling = None
                if requests.waiting:
                    requests.serve()
