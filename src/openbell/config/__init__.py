"""The session file: its model and its loader."""
