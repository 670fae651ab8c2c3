"""Every command and option of the command line, and which of them fit together."""

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from torch2web.cli.options.api import add_api_options, require_api
from torch2web.cli.options.build import add_build_options
from torch2web.cli.options.defaults import Defaults
from torch2web.cli.options.model import add_model_options, given_options
from torch2web.cli.options.paths import absolute
from torch2web.cli.options.versions import COMMANDS, add_version_commands
from torch2web.cli.terminal import printable

_EPILOG = "exit codes: 0 done, 1 a check failed, 2 wrong usage or bad input, 130 interrupted"


class _Parser(argparse.ArgumentParser):
    """Prints wrong arguments escaped; the parsers of the commands are of this class too."""

    commands: "Mapping[str, _Parser]"
    """The parsers of the commands, by name; of the command line's parser alone."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message, "\n", sys.stderr.encoding or "ascii"))

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End the process for arguments that this command does not have, with similar ones that it has."""
        known = [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]
        given = [text.partition("=")[0] for text in unknown if text.startswith("--")]
        similar = [difflib.get_close_matches(flag, known, 1) for flag in given]
        meant = " ".join(dict.fromkeys(found[0] for found in similar if found))
        hint = f"; did you mean {meant}?" if meant else ""
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")


def create_parser(defaults: Defaults) -> _Parser:
    """Every command and option; each has a help text."""
    parser = _Parser(
        prog=defaults.program,
        description="Convert PyTorch checkpoints into a web page that predicts what PyTorch predicts.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"torch2web {version('torch2web')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    add_build_options(
        commands.add_parser("build", help="build a site from checkpoints", epilog=_EPILOG), defaults
    )
    _add_add(commands.add_parser("add", help="add a model to the catalogue", epilog=_EPILOG), defaults)
    doctor = commands.add_parser("doctor", help="say what is wrong with a file, or right", epilog=_EPILOG)
    add_model_options(doctor, required=True)
    _add_verify(commands.add_parser("verify", help="check a built site again", epilog=_EPILOG), defaults)
    _add_serve(
        commands.add_parser("serve", help="serve a built site on this machine", epilog=_EPILOG), defaults
    )
    report = "write the report of a site, with measurements and results of devices"
    _add_report(commands.add_parser("report", help=report, epilog=_EPILOG), defaults)
    add_version_commands(commands, defaults, _EPILOG)
    parser.commands = commands.choices
    return parser


def parse_options(arguments: Sequence[str], defaults: Defaults) -> argparse.Namespace:
    """The parsed `arguments`; ends the process with exit code 2 where they do not fit together."""
    parser = create_parser(defaults)
    known = ("build", "add", "doctor", "verify", "serve", "report", *COMMANDS, "-h", "--help", "--version")
    if defaults.command and (not arguments or arguments[0] not in known):
        arguments = [defaults.command, *arguments]
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.commands[options.command].refuse(unknown)
    run = ["python", defaults.program] if defaults.program.endswith(".py") else [defaults.program]
    options.run = " ".join(run)
    options.typed = [*run, *arguments]
    options.answers = []  # of questions on a terminal: options and values
    if options.command == "serve" and not options.parity and options.parity_dir != defaults.folder / "parity":
        parser.error("--parity-dir goes with --parity")
    if options.command == "serve" and options.parity and options.host:
        parser.error("--parity does not go with --host: the emulated hosts accept no results of devices")
    if options.command == "serve":
        require_api(parser, options)
    command = " ".join(run)
    if options.command == "add":
        catalog = (
            "" if options.catalog == defaults.folder / "models.toml" else f" --catalog {options.catalog}"
        )
        options.build_command = f"{command} build{catalog}"
    if options.command == "doctor":
        options.typed[options.typed.index("doctor")] = "build"
    if options.command == "build":
        _require_one_kind(parser, options, defaults)
        site = "" if options.out == defaults.folder / "site" else f" {options.out}"
        options.serve_command = f"{command} serve{site}"
    return options


def _require_one_kind(
    parser: argparse.ArgumentParser, options: argparse.Namespace, defaults: Defaults
) -> None:
    """End the process where options of a single file and of the catalogue are mixed."""
    if options.file is None:
        if given := next(given_options(options), ""):
            parser.error(
                f"{given} describes the model of a file: {' '.join(options.typed[:2])} FILE {given} …"
            )
        return
    if not options.file.exists() and not options.file.suffix and options.file.parent == Path.cwd():
        parser.error(f"there is neither a command nor a file {options.file.name!r}")
    of_catalog = {
        "--catalog": options.catalog != defaults.folder / "models.toml",
        "--demo": options.demo,
        "--only": bool(options.only),
        "--checkpoints": options.checkpoints is not None,
    }
    if mixed := [flag for flag, given in of_catalog.items() if given]:
        parser.error(f"{mixed[0]} goes with the catalogue, not with a file ({options.file.name})")


def _add_add(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    add_model_options(parser, required=True)
    parser.add_argument(
        "--catalog",
        type=absolute,
        default=defaults.folder / "models.toml",
        metavar="FILE",
        help="catalogue to add to, created if there is none (default: models.toml)",
    )


def _add_verify(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    _add_site(parser, defaults)
    parser.add_argument(
        "--public-key",
        type=absolute,
        metavar="KEY",
        help="require a signature by the private key of this public key (PEM)",
    )


def _add_serve(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    _add_site(parser, defaults)
    parser.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port to listen on, 0 for any free one (8000)"
    )
    parser.add_argument(
        "--parity",
        action="store_true",
        help="let other devices in the same network check themselves, and save their results",
    )
    parser.add_argument(
        "--host",
        choices=("nginx", "cloudflare", "github"),
        help="emulate this host: its headers, its limits, its answer for a missing file",
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        help="address of this machine to listen on (default: 127.0.0.1; with --parity all addresses)",
    )
    _add_parity_dir(parser, defaults)
    add_api_options(parser)


def _add_report(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    _add_site(parser, defaults)
    parser.add_argument(
        "--browser",
        type=_browsers,
        default=(),
        metavar="NAMES",
        help="measure the site in these first: some of chromium,firefox,webkit, run by Playwright",
    )
    parser.add_argument(
        "--out",
        type=absolute,
        metavar="DIR",
        help="folder to write the report to (default: that of the results)",
    )
    _add_parity_dir(parser, defaults)


_BROWSERS = ("chromium", "firefox", "webkit")


def _browsers(text: str) -> tuple[str, ...]:
    """Names with commas between them, each once."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if unknown := [name for name in names if name not in _BROWSERS]:
        raise argparse.ArgumentTypeError(f"found {unknown[0]!r}, expected some of {', '.join(_BROWSERS)}")
    return names


def _add_site(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    parser.add_argument(
        "site",
        type=absolute,
        nargs="?",
        default=defaults.folder / "site",
        metavar="SITE",
        help="the built site (default: site)",
    )


def _add_parity_dir(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    parser.add_argument(
        "--parity-dir",
        type=absolute,
        default=defaults.folder / "parity",
        metavar="DIR",
        help="folder of the results of devices (default: parity)",
    )
