"""From PyTorch checkpoints to site/: see `python build.py --help`. The command of a checkout."""

import sys
from pathlib import Path

from torch2web.cli import Defaults, main
from web.build.assets import refresh_assets

if __name__ == "__main__":
    sys.exit(main(defaults=Defaults.checkout(Path(__file__).parent), prepare=refresh_assets))
