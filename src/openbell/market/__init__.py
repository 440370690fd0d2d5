"""When a market trades, and what time it is: the exchange calendar and the one clock."""
