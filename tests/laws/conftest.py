from pathlib import Path

import pytest
from lawful import Blocks, market_blocks, stored


@pytest.fixture(scope="session")
def blocks() -> Blocks:
    """The bars of the laws' market by interval and symbol."""
    return market_blocks()


@pytest.fixture(scope="session")
def market(blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of them."""
    return stored(tmp_path_factory.mktemp("laws"), blocks)
