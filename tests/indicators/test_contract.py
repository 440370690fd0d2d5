"""The contract over every indicator of the catalogue."""

import pytest

from openbell.indicators import registry
from openbell.testing.indicators import CHECKS, Case, cases


def _all_cases() -> list[Case]:
    return [case for name in registry.names() for case in cases(registry.definition(name), count=3)]


@pytest.mark.parametrize("case", _all_cases(), ids=str)
class TestEveryIndicator:
    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_keeps_the_contract(self, case, check):
        check(case)
