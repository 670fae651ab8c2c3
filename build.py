"""From PyTorch checkpoints to site/: see `python build.py --help`."""

import sys

from torch2web.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
