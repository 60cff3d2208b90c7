"""``python -m modelwright`` is the command line."""

import sys

from modelwright.cli import main

if __name__ == "__main__":
    sys.exit(main())
