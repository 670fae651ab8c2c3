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
        help="the built site",
    )
    _add_store(publish, "--into", "the store: a folder, made if there is none")
    versions = commands.add_parser("versions", help="list the builds of a store", epilog=epilog)
    _add_store(versions, "--in", "the store")
    rollback = commands.add_parser(
        "rollback", help="make an earlier build of a store the latest again", epilog=epilog
    )
    rollback.add_argument(
        "build", nargs="?", default="", metavar="BUILD", help="number or id (default: the one before)"
    )
    _add_store(rollback, "--in", "the store")
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


def _add_store(parser: argparse.ArgumentParser, option: str, text: str) -> None:
    parser.add_argument(option, dest="store", type=_folder, required=True, metavar="STORE", help=text)


def _folder(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError(f"found {text}, expected a folder, such as a mounted bucket")
    return absolute(text)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of builds, 0 or more")
    return int(text)
