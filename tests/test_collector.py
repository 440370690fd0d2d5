"""The collector rests while very much is made, and finds what is lost all the same."""

import gc
import weakref

import pytest

from openbell.collector import collector_resting, give_back


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _collecting():
    gc.collect()
    assert gc.isenabled()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("many", [10, 50_000])
def test_knots_that_were_made_meanwhile_are_found_later(many):
    with collector_resting():
        assert not gc.isenabled()
        kept = [[] for _ in range(many)]
        knot = weakref.ref(Knot())

    assert gc.isenabled()
    assert len(kept) == many
    gc.collect()
    assert knot() is None


def test_what_is_very_much_is_not_gone_through_at_once():
    seen: list[int] = []
    gc.callbacks.append(lambda phase, info: seen.append(info["generation"]))
    try:
        with collector_resting():
            kept = [[] for _ in range(50_000)]
        few = [[] for _ in range(10)]
    finally:
        gc.callbacks.pop()

    assert (len(kept), len(few), seen) == (50_000, 10, [])


def test_one_that_was_off_stays_off_and_what_was_frozen_stays_frozen():
    gc.freeze()
    frozen = gc.get_freeze_count()
    with collector_resting():
        kept = [[] for _ in range(50_000)]
    assert gc.get_freeze_count() == frozen
    gc.disable()
    with collector_resting():
        pass

    assert not gc.isenabled()
    assert len(kept) == 50_000


def test_memory_is_given_back_without_a_word():
    give_back()
