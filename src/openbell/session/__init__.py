"""What is there now: symbols, bars, indicators, asks, and their digest."""
