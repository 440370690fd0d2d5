"""How much of what was expected is there: gaps, score, checks; arithmetic only."""
