"""The phases of a day, dispatch, pacing, and the coordinator of a session."""
