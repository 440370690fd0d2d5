"""What scans the whole market while its day is replayed."""

import openbell as ob
from openbell.scanners.market import Market
from openbell.scanners.needs import ScanNeeds


class Strong(ob.Scanner):
    """Of everything that stands high, by two indicators, the two strongest; as many are held as may be."""

    def setup(self, needs: ScanNeeds) -> None:
        self.rsi = needs.indicator("rsi", interval="5m", period=14)
        self.sma = needs.indicator("sma", interval="5m", period=20)

    def scan(self, market: Market) -> list[str]:
        rsi = market.indicator(self.rsi)
        strong = (rsi > 60.0) & (market.price > market.indicator(self.sma)) & ~market.held
        return market.names(strong, by=rsi, most=2)
