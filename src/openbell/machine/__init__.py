"""Loops as machine code: compiled once, kept on disk, and run without the compiler."""
