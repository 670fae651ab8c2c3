"""`python -m web.build`: compile the assets if a source changed, and print their sizes."""

import sys

from torch2web.assets import load_assets
from torch2web.errors import Torch2WebError
from web.build.assets import refresh_assets
from web.build.scripts import check_engine_budgets, check_script_budgets


def main() -> int:
    try:
        changed = refresh_assets()
    except Torch2WebError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    assets = load_assets()
    scripts = {path.rpartition("/")[2]: assets.read(path) for path in assets.below("scripts/")}
    modules = {path.rpartition("/")[2]: assets.read(path) for path in assets.below("engine/")}
    for form, sizes in (
        ("gzipped", check_script_budgets(scripts)),
        ("in brotli", check_engine_budgets(modules)),
    ):
        print(f"KiB {form}: " + ", ".join(f"{name} {size / 1024:.1f}" for name, size in sizes.items()))
    print("Assets compiled." if changed else "Assets are up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
