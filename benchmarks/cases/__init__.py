"""What is measured: one module per case, each with a ``run`` that gives lines of the table."""
