"""How fast openbell is, beside the plain limits of the machine, in one run: ``python -m benchmarks``."""
