"""``python -m nuages`` and ``python -m django``."""

from nuages.cli import main

if __name__ == "__main__":
    main()
