"""Errors of this package.

    Torch2WebError
    ├── InputError                invalid input; exit code 2
    │   ├── CatalogError          models.toml: a missing or unknown key, or an invalid value
    │   ├── PreprocessingError    preprocessing that contradicts itself, or cannot be computed exactly
    │   ├── CheckpointError       a missing, unreadable or unsafe checkpoint
    │   │   ├── PickledModuleError  a whole pickled module, whose loading would execute code
    │   │   └── StateDictError    keys or shapes do not match the architecture
    │   ├── OptionError           an option of the command line with an invalid value
    │   ├── MissingOptionsError   options that a model needs and that its file does not answer
    │   ├── FactoryError          the factory of a network is missing, fails or returns no network
    │   ├── OwnImagesError        a folder or file of --images that has no pictures
    │   ├── FeaturesError         a layer that is not in the network
    │   ├── KeyFileError          an invalid file of a private or public key
    │   ├── MissingExtraError     an option whose optional packages are not installed
    │   ├── ManifestError         a model_info.json that violates its schema
    │   ├── TemplateFileError     a file of --template that is broken, or replaces no template
    │   ├── TextEncodingError     a text file that is neither UTF-8 nor marked as UTF-16 or UTF-32
    │   ├── OutcomeError          an invalid device report, received or read from parity/
    │   ├── RequestError          a request that the server of `serve --api` refuses
    │   ├── ClusterError          a Dask cluster that cannot be reached or used
    │   └── OutputError           an unusable output or site folder
    ├── CheckError                a failed check of a build product; exit code 1
    │   ├── ExportError           the ONNX export failed or has another signature
    │   ├── VerificationError     the outputs differ from those of PyTorch
    │   ├── ConstantOutputError   the outputs do not depend on the input
    │   ├── NoPlanError           the compiled backend is required and cannot run the model
    │   ├── WorkerError           the process that converted a model ended, twice
    │   ├── FailedModelsError     several models failed, or some with --keep-going
    │   ├── SignatureError        the signature of a site is missing or invalid
    │   ├── UnsoundFileError      a file of a model that `doctor` found problems in
    │   ├── SiteError             a site does not match its checksums or golden outputs
    │   └── BudgetError           a file exceeds its size budget
    ├── AssetsError               missing or damaged assets of the installation; exit code 1
    ├── ServerError               the server of `serve --api` cannot run a model; exit code 1
    └── ToolError                 npm, esbuild, tsc or zig failed; exit code 1

Messages state what was found, what was expected and what to do; attributes carry the same as data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Torch2WebError(Exception):
    """Base of all errors of this package; `exit_code` is the exit status of the command."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors come back from other processes; constructors take other arguments than `args`."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[Torch2WebError], args: tuple[Any, ...], data: dict[str, Any]) -> Torch2WebError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(data)
    return error


class InputError(Torch2WebError):
    exit_code = 2


class CatalogError(InputError):
    def __init__(self, path: Path, key: str, problem: str) -> None:
        self.path, self.key, self.problem = path, key, problem
        super().__init__(f"{path}: {key + ': ' if key else ''}{problem}")


class PreprocessingError(InputError):
    """`key` is the key, transform or setting that has the problem, such as `mean`; empty for the whole."""

    def __init__(self, key: str, problem: str) -> None:
        self.key, self.problem = key, problem
        super().__init__(f"preprocessing: {key + ': ' if key else ''}{problem}")


class CheckpointError(InputError):
    """`path` is that of the file, or its URL."""

    def __init__(self, path: Path | str, problem: str, advice: str = "") -> None:
        self.path, self.problem, self.advice = path, problem, advice
        super().__init__(f"{path}: {problem}" + (f"\n{advice}" if advice else ""))


class PickledModuleError(CheckpointError):
    """A pickled torch.nn.Module of the class `class_name`, in the file's dict under `key`, "" for the file
    itself."""

    def __init__(self, path: Path, key: str, class_name: str) -> None:
        self.key, self.class_name = key, class_name
        inside = "".join(f"[{part!r}]" for part in key.split(".")) if key else ""
        target = path.with_name(f"{path.stem}_state_dict.pth").name
        super().__init__(
            path,
            f"it is a whole pickled module of the class {class_name}{f' under {key!r}' if key else ''}: "
            f"loading it would execute {class_name}",
            "Save its state dict where the class can be imported, if you trust the file:\n"
            f"  model = torch.load({path.name!r}, map_location='cpu', weights_only=False){inside}\n"
            f"  torch.save(model.state_dict(), {target!r})",
        )


class StateDictError(CheckpointError):
    """Keys or shapes of a state dict do not match the architecture; `compared` is its key, "" for a bare
    one."""

    MAX_SHOWN = 5

    def __init__(
        self,
        path: Path,
        architecture: str,
        missing: Sequence[str],
        unexpected: Sequence[str],
        misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]],
        compared: str = "",
    ) -> None:
        self.architecture, self.compared = architecture, compared
        self.missing, self.unexpected, self.misshaped = tuple(missing), tuple(unexpected), dict(misshaped)
        shapes = [
            f"{key} (found {list(found)}, expected {list(expected)})"
            for key, (found, expected) in misshaped.items()
        ]
        where = f" under {compared!r}" if compared else ""
        lines = [f"its state dict{where} does not match the architecture {architecture}:"]
        for kind, entries in (
            ("missing", self.missing),
            ("unexpected", self.unexpected),
            ("misshaped", shapes),
        ):
            if entries:
                more = f", … {len(entries) - self.MAX_SHOWN} more" if len(entries) > self.MAX_SHOWN else ""
                lines.append(f"  {len(entries)} {kind}: {', '.join(entries[: self.MAX_SHOWN])}{more}")
        advice = (
            "Name the network that was trained: factory and factory_args, or timm, in models.toml "
            "(--factory, --factory-args, --timm)."
        )
        super().__init__(path, "\n".join(lines), advice)


class OptionError(InputError):
    """`option` such as `--mean`."""

    def __init__(self, option: str, problem: str) -> None:
        self.option, self.problem = option, problem
        super().__init__(f"{option}: {problem}")


class MissingOptionsError(InputError):
    """`missing`: what each option says, by option; `command`: has likely values for them, of which `notes`
    say which are guesses."""

    def __init__(
        self, path: Path, missing: Mapping[str, str], command: str, notes: Sequence[str] = ()
    ) -> None:
        self.path, self.missing, self.command = path, dict(missing), command
        width = max(map(len, missing))
        lines = [f"  {option.ljust(width)}  {problem}" for option, problem in missing.items()]
        things = "one thing" if len(missing) == 1 else f"{len(missing)} things"
        super().__init__(
            "\n".join([f"{path}: {things} must be known that the file does not say:", *lines])
            + "".join(f"\n  {note}" for note in notes)
            + f"\nWith these values:\n  {command}"
        )


class FactoryError(InputError):
    """`factory` as the catalogue names it, such as `my_package.nets:build` or `timm resnet18`; `lacking`:
    arguments that it needs and that were not given."""

    def __init__(self, factory: str, problem: str, advice: str = "", lacking: Sequence[str] = ()) -> None:
        self.factory, self.problem, self.advice, self.lacking = factory, problem, advice, tuple(lacking)
        super().__init__(f"{factory}: {problem}" + (f"\n{advice}" if advice else ""))


class OwnImagesError(InputError):
    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class FeaturesError(InputError):
    """The layer of `features` is not there, or is not what PyTorch computes."""

    def __init__(self, model: str, problem: str) -> None:
        self.model, self.problem = model, problem
        super().__init__(f"{model}: features: {problem}")


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


class TemplateFileError(InputError):
    """`line` is that of the problem, 0 where it is about the whole file."""

    def __init__(self, path: Path, problem: str, line: int = 0) -> None:
        self.path, self.problem, self.line = path, problem, line
        super().__init__(f"{path}{f', line {line}' if line else ''}: {problem}")


class TextEncodingError(InputError):
    """`source` is the path of the file, or what else the text came from."""

    def __init__(self, source: object, problem: str) -> None:
        self.source, self.problem = source, problem
        super().__init__(f"{source}: {problem}")


class OutcomeError(InputError):
    """`key` is a path such as `tests[0].outcome`."""

    def __init__(self, key: str, problem: str) -> None:
        self.key, self.problem = key, problem
        super().__init__(f"{key + ': ' if key else ''}{problem}")


class RequestError(InputError):
    """`status` is the HTTP status of the answer; `retry_after`: seconds, where another try may succeed."""

    def __init__(self, status: int, problem: str, retry_after: int | None = None) -> None:
        self.status, self.problem, self.retry_after = status, problem, retry_after
        super().__init__(problem)


class ClusterError(InputError):
    """`address` as given to --dask."""

    def __init__(self, address: str, problem: str) -> None:
        self.address, self.problem = address, problem
        super().__init__(f"--dask {address}: {problem}")


class OutputError(InputError):
    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class CheckError(Torch2WebError):
    exit_code = 1


class ExportError(CheckError):
    def __init__(self, model: str, problem: str) -> None:
        self.model, self.problem = model, problem
        super().__init__(f"{model}: the ONNX export was refused: {problem}")


class VerificationError(CheckError):
    """`figures`: measured differences by name; `worst_image`: name of the image with the largest."""

    def __init__(self, model: str, problem: str, figures: Mapping[str, float], worst_image: str) -> None:
        self.model, self.problem = model, problem
        self.figures, self.worst_image = dict(figures), worst_image
        listed = ", ".join(f"{name} {value:.3g}" for name, value in figures.items())
        super().__init__(
            f"{model}: {problem}"
            + (f"\n  measured: {listed}" if listed else "")
            + (f"\n  worst image: {worst_image}" if worst_image else "")
        )


class ConstantOutputError(CheckError):
    def __init__(self, model: str, spread: float, needed: float) -> None:
        self.model, self.spread, self.needed = model, spread, needed
        super().__init__(
            f"{model}: constant output: the standard deviation of its logits between images is {spread:.3g}, "
            f"expected at least {needed:.3g}; below that, a comparison with PyTorch is not conclusive. "
            "Check that the weights are trained, or build with --allow-dead, which records it."
        )


class NoPlanError(CheckError):
    """`reason` names the unsupported operator or the difference of the logits."""

    def __init__(self, model: str, reason: str) -> None:
        self.model, self.reason = model, reason
        super().__init__(
            f"{model}: the compiled backend cannot run it: {reason}\n"
            "  --backend both builds this model for onnxruntime-web and the others for either; "
            "--backend onnxruntime builds none for the compiled backend."
        )


class WorkerError(CheckError):
    """The process that converted `model` ended without an answer."""

    def __init__(self, model: str, problem: str) -> None:
        self.model, self.problem = model, problem
        super().__init__(f"{model}: the process that converted it {problem}")


class FailedModelsError(CheckError):
    """`failures`: the error of each model that failed, by name, of `models` in all; `outcome`: what became of
    the others."""

    def __init__(self, failures: Mapping[str, Torch2WebError], models: int, outcome: str) -> None:
        self.failures, self.models, self.outcome = dict(failures), models, outcome
        names = max(map(len, failures))
        kinds = max(len(type(error).__name__) for error in failures.values())
        lines = []
        for name, error in failures.items():
            first, *more = str(error).splitlines() or [""]
            lines.append(f"  {name.ljust(names)}  {type(error).__name__.ljust(kinds)}  {first}")
            lines += [f"  {' ' * (names + kinds + 4)}{line}" for line in more]
        super().__init__("\n".join([f"{len(failures)} of {models} models failed; {outcome}:", *lines]))


class SignatureError(CheckError):
    """`path` is that of the signature, relative to the site."""

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


class UnsoundFileError(CheckError):
    """`problems`: what was found, and what to do."""

    def __init__(self, path: Path, problems: Sequence[tuple[str, str]]) -> None:
        self.path, self.problems = path, tuple(problems)
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"  {problem}\n    {advice}" for problem, advice in problems]
        super().__init__("\n".join([f"{path}: {count}", *lines]))


class SiteError(CheckError):
    """`problems` lists all problems, not only the first."""

    def __init__(self, site: Path, problems: Sequence[str]) -> None:
        self.site, self.problems = site, tuple(problems)
        super().__init__(
            f"{site}: {len(problems)} problem(s)\n" + "\n".join(f"  {line}" for line in problems)
        )


class BudgetError(CheckError):
    """`form` is the compression of the bytes counted."""

    def __init__(self, name: str, size: int, budget: int, form: str = "gzipped") -> None:
        self.name, self.size, self.budget, self.form = name, size, budget, form
        super().__init__(f"{name} is {size:,} bytes {form}, over its budget of {budget:,}")


class AssetsError(Torch2WebError):
    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}; install torch2web again, or run `make assets` in a checkout")


class ServerError(Torch2WebError):
    pass


class ToolError(Torch2WebError):
    """`output` is the output of the tool."""

    def __init__(self, tool: str, problem: str, output: str = "") -> None:
        self.tool, self.problem, self.output = tool, problem, output
        super().__init__(f"{tool}: {problem}" + (f"\n{output.strip()}" if output.strip() else ""))
