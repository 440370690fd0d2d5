"""Trading sessions: every symbol, bar and indicator ready at the bell, and one call away after it."""

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openbell import define
    from openbell.api import check, plan, run
    from openbell.engine.coordinator import SessionCoordinator
    from openbell.engine.portfolio import to_vectorbt
    from openbell.errors import (
        ConfigError,
        IndicatorError,
        MarketError,
        OpenbellError,
        Problem,
        ProvisioningError,
        SessionError,
        StoreError,
    )
    from openbell.indicators.compute import compute, indicator
    from openbell.log import enable_logging
    from openbell.scanners.scanner import Scanner
    from openbell.strategies.strategy import Strategy

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "IndicatorError",
    "MarketError",
    "OpenbellError",
    "Problem",
    "ProvisioningError",
    "Scanner",
    "SessionCoordinator",
    "SessionError",
    "StoreError",
    "Strategy",
    "__version__",
    "check",
    "compute",
    "define",
    "enable_logging",
    "indicator",
    "plan",
    "run",
    "to_vectorbt",
]

# Found when first asked for, so that importing openbell costs nothing that is not used.
_HOMES = {
    "ConfigError": "errors",
    "IndicatorError": "errors",
    "MarketError": "errors",
    "OpenbellError": "errors",
    "Problem": "errors",
    "ProvisioningError": "errors",
    "Scanner": "scanners.scanner",
    "SessionCoordinator": "engine.coordinator",
    "SessionError": "errors",
    "StoreError": "errors",
    "Strategy": "strategies.strategy",
    "check": "api",
    "compute": "indicators.compute",
    "define": "define",
    "enable_logging": "log",
    "indicator": "indicators.compute",
    "plan": "api",
    "run": "api",
    "to_vectorbt": "engine.portfolio",
}

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"openbell has no {name!r}; it has {', '.join(__all__)}")
    module = import_module(f"openbell.{home}")
    value: object = module if home == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
