"""Numbers from bars: definitions, the kernels made of them, and the columns that hold their values."""
