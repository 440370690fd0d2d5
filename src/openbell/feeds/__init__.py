"""Where today's bars come from."""
