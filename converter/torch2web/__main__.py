"""`python -m torch2web`: the same command as `torch2web`."""

import sys

from torch2web.cli import main

if __name__ == "__main__":
    sys.exit(main())
