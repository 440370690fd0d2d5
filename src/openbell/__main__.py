"""``python -m openbell`` is the command ``openbell``."""

from openbell.cli.main import entry

if __name__ == "__main__":
    entry()
