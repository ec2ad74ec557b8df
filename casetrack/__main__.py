"""``python -m casetrack``."""

from casetrack.cli.app import main

if __name__ == "__main__":
    main()
