"""The npm packages of the rivals, bundled for the page."""

from pathlib import Path

from web.build.node import install_packages, pinned_version, run_node
from web.build.scripts import node_package

HERE = Path(__file__).parent


def version_of(package: str) -> str:
    """The version that the lock file pins."""
    return pinned_version(HERE, package)


def package_folder(package: str) -> Path:
    """Where the installed package lies."""
    return HERE / "node_modules" / package


def bundled(script: str, folder: Path) -> Path:
    """Write the script of this folder with all that it imports into `folder`, as one module.

    Raises ToolError.
    """
    install_packages(HERE)
    target = folder / script
    esbuild = str(node_package("esbuild") / "bin" / "esbuild")
    options = ["--bundle", "--format=esm", "--minify", "--log-level=error"]
    run_node([esbuild, str(HERE / script), *options, f"--outfile={target}"], HERE)
    return target
