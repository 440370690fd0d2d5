"""The same work done by others: one module per peer, each run by the Python of an environment of its own."""
