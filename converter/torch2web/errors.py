"""Every error that this package raises on purpose.

    Torch2WebError
    ├── InputError                what was given does not fit; exit code 2
    │   ├── CatalogError          models.toml: a key that is missing, unknown or of the wrong type
    │   ├── CheckpointError       a checkpoint that is missing, unreadable or unsafe
    │   │   └── StateDictError    its keys or shapes are not the architecture's
    │   ├── KeyFileError          a file that is not the key to sign with or to check with
    │   ├── MissingExtraError     an option needs packages of an extra that is not installed
    │   ├── ManifestError         a model_info.json that does not follow its schema
    │   ├── OutcomeError          what a device sent, or a file under parity/, is not the outcome of a check
    │   └── OutputError           the folder to write into or to read from
    ├── CheckError                a check on what was built failed; exit code 1
    │   ├── ExportError           the ONNX file is not what was asked for
    │   ├── VerificationError     the ONNX file does not compute what PyTorch does
    │   ├── DeadModelError        the logits do not depend on the input
    │   ├── NoPlanError           the compiled backend, the only one wanted, cannot run the model
    │   ├── SignatureError        the signature of a site is missing, or is not the key's on this manifest
    │   ├── SiteError             a built site is not as its checksums and golden outputs say
    │   └── BudgetError           a file of the bundle is larger than its budget
    ├── AssetsError               loader, engine or pages of this installation are missing or damaged
    └── ToolError                 npm, esbuild, tsc or zig failed; exit code 1

Each message says what was found, what was expected and what to do; the attributes carry the same
as data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path


class Torch2WebError(Exception):
    """Base of all errors of this package; `exit_code` is what the command ends with."""

    exit_code = 1


class InputError(Torch2WebError):
    exit_code = 2


class CatalogError(InputError):
    def __init__(self, path: Path, key: str, problem: str) -> None:
        self.path, self.key, self.problem = path, key, problem
        super().__init__(f"{path}: {key + ': ' if key else ''}{problem}")


class CheckpointError(InputError):
    def __init__(self, path: Path, problem: str, advice: str = "") -> None:
        self.path, self.problem, self.advice = path, problem, advice
        super().__init__(f"{path}: {problem}" + (f"\n{advice}" if advice else ""))


class StateDictError(CheckpointError):
    """The keys or the shapes of a state dict are not those of the architecture."""

    SHOWN = 5

    def __init__(
        self,
        path: Path,
        architecture: str,
        missing: Sequence[str],
        unexpected: Sequence[str],
        misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]],
    ) -> None:
        self.architecture = architecture
        self.missing, self.unexpected, self.misshaped = tuple(missing), tuple(unexpected), dict(misshaped)
        shapes = [
            f"{key} (found {list(found)}, expected {list(expected)})"
            for key, (found, expected) in misshaped.items()
        ]
        lines = [f"its state dict does not fit the architecture {architecture}:"]
        for kind, entries in (
            ("missing", self.missing),
            ("unexpected", self.unexpected),
            ("misshaped", shapes),
        ):
            if entries:
                more = f", … {len(entries) - self.SHOWN} more" if len(entries) > self.SHOWN else ""
                lines.append(f"  {len(entries)} {kind}: {', '.join(entries[: self.SHOWN])}{more}")
        advice = "Name the architecture and the labels that this checkpoint was trained with in models.toml."
        super().__init__(path, "\n".join(lines), advice)


class KeyFileError(InputError):
    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class MissingExtraError(InputError):
    """`option` needs the packages of the extra `extra`."""

    def __init__(self, option: str, extra: str) -> None:
        self.option, self.extra = option, extra
        super().__init__(f"{option} needs packages that are not installed: pip install 'torch2web[{extra}]'")


class ManifestError(InputError):
    """`key` is a path such as `models[0].input.dtype`."""

    def __init__(self, key: str, problem: str) -> None:
        self.key, self.problem = key, problem
        super().__init__(f"model_info.json: {key + ': ' if key else ''}{problem}")


class OutcomeError(InputError):
    """`key` is a path such as `tests[0].outcome`."""

    def __init__(self, key: str, problem: str) -> None:
        self.key, self.problem = key, problem
        super().__init__(f"{key + ': ' if key else ''}{problem}")


class OutputError(InputError):
    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class CheckError(Torch2WebError):
    exit_code = 1


class ExportError(CheckError):
    def __init__(self, model: str, problem: str) -> None:
        self.model, self.problem = model, problem
        super().__init__(f"{model}: the exported ONNX file was refused: {problem}")


class VerificationError(CheckError):
    """`figures` holds the measured differences by name, `worst_image` where the largest one was."""

    def __init__(self, model: str, problem: str, figures: Mapping[str, float], worst_image: str) -> None:
        self.model, self.problem = model, problem
        self.figures, self.worst_image = dict(figures), worst_image
        listed = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
        super().__init__(
            f"{model}: {problem}"
            + (f"\n  measured: {listed}" if listed else "")
            + (f"\n  worst image: {worst_image}" if worst_image else "")
        )


class DeadModelError(CheckError):
    def __init__(self, model: str, spread: float, needed: float) -> None:
        self.model, self.spread, self.needed = model, spread, needed
        super().__init__(
            f"{model}: its logits hardly depend on the image: their standard deviation between images is "
            f"{spread:.3g}, where at least {needed:.3g} is needed for a comparison to prove anything. "
            "Were these weights trained? --allow-dead builds all the same and records it."
        )


class NoPlanError(CheckError):
    """`reason` names the operator, or says how far off the plan's logits are."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(
            f"{model}: the compiled backend cannot run it: {reason}\n"
            "  --backend both builds this model for onnxruntime-web and the others for either; "
            "--backend onnxruntime builds none for the compiled backend."
        )


class SignatureError(CheckError):
    """`path` is the signature's, relative to the site."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class SiteError(CheckError):
    """`problems` lists everything that is off, not only the first."""

    def __init__(self, site: Path, problems: Sequence[str]) -> None:
        self.site, self.problems = site, tuple(problems)
        super().__init__(
            f"{site}: {len(problems)} problem(s)\n" + "\n".join(f"  {line}" for line in problems)
        )


class BudgetError(CheckError):
    """`form` is how the bytes were compressed."""

    def __init__(self, name: str, size: int, budget: int, form: str = "gzipped") -> None:
        self.name, self.size, self.budget, self.form = name, size, budget, form
        super().__init__(f"{name} is {size:,} bytes {form}, over its budget of {budget:,}")


class AssetsError(Torch2WebError):
    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}; install torch2web again, or run `make assets` in a checkout")


class ToolError(Torch2WebError):
    """`output` is what the tool printed."""

    def __init__(self, tool: str, problem: str, output: str = "") -> None:
        self.tool, self.problem, self.output = tool, problem, output
        super().__init__(f"{tool}: {problem}" + (f"\n{output.strip()}" if output.strip() else ""))
