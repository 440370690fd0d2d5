"""What users' code is handed: parameters, declared needs, the session at an instant, and a place for signals."""
