"""Options of the commands about a store of versions."""

import argparse
from pathlib import Path
from typing import Any

from torch2web.cli.options.defaults import Defaults
from torch2web.cli.options.paths import absolute

COMMANDS = ("publish", "versions", "rollback", "diff", "prune")


def add_version_commands(commands: Any, defaults: Defaults, epilog: str) -> None:
    """Add the parsers of COMMANDS to `commands`, the subparsers of the command line."""
    publish = commands.add_parser("publish", help="add a built site to a store of versions", epilog=epilog)
    publish.add_argument(
        "site",
        type=absolute,
        nargs="?",
        default=defaults.folder / "site",
        metavar="SITE",
        help="the built site (default: site)",
    )
    publish.add_argument(
        "--share",
        type=_share,
        metavar="SHARE",
        help="make it the canary: what this share of the visitors gets (0.1: every tenth); the latest stays",
    )
    _add_store(publish, "--into", "the store: a folder, or a URL such as s3://bucket/models (extra: fsspec)")
    _add_key(publish)
    versions = commands.add_parser("versions", help="list the builds of a store", epilog=epilog)
    _add_store(versions, "--in", "the store")
    rollback = commands.add_parser(
        "rollback", help="make another build of a store the latest again", epilog=epilog
    )
    rollback.add_argument(
        "build",
        nargs="?",
        default="",
        metavar="BUILD",
        help="number or id (default: no canary; the one with the number before)",
    )
    _add_store(rollback, "--in", "the store")
    _add_key(rollback)
    diff = commands.add_parser("diff", help="say what changed between two builds of a store", epilog=epilog)
    diff.add_argument("old", metavar="OLD", help="number or id of a build, or latest")
    diff.add_argument("new", metavar="NEW", help="number or id of a build, or latest")
    _add_store(diff, "--in", "the store")
    prune = commands.add_parser("prune", help="remove old builds from a store", epilog=epilog)
    prune.add_argument(
        "--keep",
        type=_number,
        default=5,
        metavar="N",
        help="newest builds to keep besides the latest (default: 5)",
    )
    _add_store(prune, "--in", "the store")
    _add_key(prune)


def _add_store(parser: argparse.ArgumentParser, option: str, text: str) -> None:
    parser.add_argument(option, dest="store", type=_place, required=True, metavar="STORE", help=text)


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sign",
        type=absolute,
        metavar="KEY",
        help="sign the store's index with this private key (extra: signing)",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number from 0 to 1, such as 0.1")
    return share


def _place(text: str) -> Path | str:
    """A folder, or a URL as it stands."""
    return text if "://" in text else absolute(text)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of builds, 0 or more")
    return int(text)
