"""Options of the command `build`, besides those of a single model."""

import argparse

from torch2web.cli.options.defaults import Defaults
from torch2web.cli.options.model import add_model_options
from torch2web.cli.options.paths import absolute
from torch2web.site.manifest import Backends


def add_build_options(parser: argparse.ArgumentParser, defaults: Defaults) -> None:
    """Add every option of `build`."""
    add_model_options(parser, required=False)
    parser.add_argument(
        "--checkpoints",
        type=absolute,
        metavar="DIR",
        help="folder of your checkpoints (default: the catalogue's, or the demo weights)",
    )
    catalog = parser.add_mutually_exclusive_group()
    catalog.add_argument(
        "--catalog",
        type=absolute,
        default=defaults.folder / "models.toml",
        metavar="FILE",
        help="catalogue of the models (default: models.toml)",
    )
    catalog.add_argument(
        "--demo",
        action="store_true",
        help="take the demo's catalogue: three emotion classifiers",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="build only this model; may be repeated",
    )
    parser.add_argument(
        "--out",
        type=absolute,
        default=defaults.folder / "site",
        metavar="DIR",
        help="folder to write the site to (default: site)",
    )
    parser.add_argument(
        "--cache",
        type=absolute,
        default=defaults.cache,
        metavar="DIR",
        help=f"folder of conversions kept between builds (default: {defaults.cache})",
    )
    parser.add_argument(
        "--backend",
        choices=tuple(map(str, Backends)),
        default=str(Backends.BOTH),
        help="inference backends to include: the small compiled engine with a plan of each model, "
        "onnxruntime-web, or both (default: both)",
    )
    parser.add_argument(
        "--variants",
        type=_names,
        default=(),
        metavar="NAMES",
        help="variants to include besides each model's default: names such as fp16,fp32, or all "
        "(default: fp32 of models in which it has at most 32 MiB)",
    )
    parser.add_argument(
        "--effort",
        choices=("full", "fast"),
        default="full",
        help="full searches the smallest weights that pass, the variant compact; fast does without, which "
        "saves up to a minute or two for each model (default: full)",
    )
    parser.add_argument(
        "--images",
        type=absolute,
        metavar="DIR",
        help="judge the models on these pictures too; subfolders named like labels measure accuracy",
    )
    parser.add_argument(
        "--template",
        type=absolute,
        metavar="DIR",
        help="folder with Jinja templates of your own, in place of those of the same name: docs/site.md",
    )
    parser.add_argument(
        "--samples",
        type=_samples,
        metavar="N|NAMES",
        help="pictures of --images for visitors to try, published as they are: at most N, spread over the "
        "subfolders, or paths in it such as cat/1.jpg,dog/7.jpg",
    )
    parser.add_argument(
        "--allow-dead",
        action="store_true",
        help="build models whose logits do not depend on the image, and record it",
    )
    parser.add_argument(
        "--no-precompressed",
        dest="precompressed",
        action="store_false",
        help="leave out the .br and .gz files that servers send in place of files that shrink",
    )
    parser.add_argument(
        "--no-verify-page",
        dest="verify_page",
        action="store_false",
        help="leave out verify.html and the Python that it runs in the browser",
    )
    parser.add_argument(
        "--no-docs",
        dest="docs",
        action="store_false",
        help="leave out the documentation in docs/",
    )
    parser.add_argument(
        "--max-file-size",
        type=_mebibytes,
        default=20 * 2**20,
        metavar="MIB",
        help="largest file in MiB that the page may load; larger ones are split (default: 20)",
    )
    parser.add_argument(
        "--no-full-onnx",
        dest="full_onnx",
        action="store_false",
        help="leave out the whole ONNX files, which only servers and people need",
    )
    # The former name, for one version.
    parser.add_argument("--no-plain-models", dest="full_onnx", action="store_false", help=argparse.SUPPRESS)
    parser.add_argument(
        "--sign",
        type=absolute,
        metavar="KEY",
        help="sign the manifest with this private key (ECDSA P-256, PEM)",
    )

    _add_machines(parser)


def _add_machines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="leave out models that fail, and build the site of the others; exit code 1",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="convert up to N models at once, each in a process of its own (default: one for each core, "
        "at most 4)",
    )
    parser.add_argument(
        "--dask",
        default="",
        metavar="ADDRESS",
        help="convert on the Dask cluster of this scheduler, such as tcp://10.0.0.1:8786, or local for one "
        "of --jobs workers on this machine",
    )
    parser.add_argument(
        "--memory",
        type=_gibibytes,
        metavar="GIB",
        help="memory in GiB that --jobs may use; models that do not fit wait (default: what is free)",
    )


def _names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected names such as fp16,fp32, or all")
    return names


def _samples(text: str) -> int | tuple[str, ...]:
    """A number of pictures, or their names."""
    if not text.lstrip("+-").isdecimal():
        return tuple(name.strip() for name in text.split(",") if name.strip())
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected 1 or more, or names of pictures")
    return int(text)


def _mebibytes(text: str) -> int:
    """A number of MiB as bytes."""
    return _bytes_in("MiB", 2**20, 20, text)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of processes, 1 or more")
    return int(text)


def _gibibytes(text: str) -> int:
    """A number of GiB as bytes."""
    return _bytes_in("GiB", 2**30, 16, text)


def _bytes_in(unit: str, size: int, example: int, text: str) -> int:
    """Bytes of `text`, a number of `unit`, each of `size` bytes."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0.01 <= number <= 2**20:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of {unit}, such as {example}")
    return round(number * size)
