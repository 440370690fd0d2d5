"""Bars on disk: immutable Parquet files, the catalogue beside them, imports and reads."""
