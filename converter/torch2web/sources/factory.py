"""Networks made by a function or class that the catalogue names as `module:attribute`, or by timm."""

import difflib
import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from torch2web.catalog import Source
from torch2web.errors import FactoryError
from torch2web.sources.timm_package import import_timm
from torch2web.sources.user_code import current_folder_first, described

CLASS_PARAMETERS = (
    "num_classes",
    "n_classes",
    "nb_classes",
    "num_labels",
    "n_labels",
    "classes",
    "num_outputs",
    "n_outputs",
)
"""Names that factories give the parameter for the number of classes."""

_PACKAGES = {
    "torchvision": "torchvision",
    "timm": "timm",
    "transformers": "transformers",
    "efficientnet_pytorch": "efficientnet-pytorch",
    "pretrainedmodels": "pretrainedmodels",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "open_clip": "open-clip-torch",
    "lightning": "lightning",
    "pytorch_lightning": "pytorch-lightning",
    "einops": "einops",
    "monai": "monai",
}
"""Modules of packages that networks come from or need, and the package that pip installs."""


@dataclass(frozen=True)
class Factory:
    """A function that makes networks, with what the catalogue passes to it."""

    name: str
    """For people: `module:function`, or `timm NAME`."""
    function: Callable[..., Any]
    args: Mapping[str, Any] = field(default_factory=dict)
    optional: Mapping[str, Any] = field(default_factory=dict)
    """Arguments that are passed only where the function has a parameter of the name."""

    def classes_parameter(self) -> tuple[str, bool]:
        """The parameter for the number of classes that was not given, and whether the function names it.

        A function with `**kwargs`, such as torchvision's, may take `num_classes` without naming it. An empty
        name: it takes none, or it was given.
        """
        parameters = _parameters(self.function)
        if any(name in self.args for name in CLASS_PARAMETERS):
            return "", False
        if named := next((name for name in CLASS_PARAMETERS if name in parameters), ""):
            return named, True
        if any(entry.kind == inspect.Parameter.VAR_KEYWORD for entry in parameters.values()):
            return CLASS_PARAMETERS[0], False
        return "", False

    def __call__(self, classes: int | None = None) -> nn.Module:
        """Make the network, with `classes` as its number of classes where it takes one.

        Raises FactoryError.
        """
        name, is_named = self.classes_parameter()
        given = {**self._optional(), **self.args}
        if classes is None or not name:
            return self._call(given)
        if is_named:
            return self._call({**given, name: classes})
        try:
            return self._call({**given, name: classes})
        except FactoryError as error:
            if isinstance(error.__cause__, TypeError) and name in str(error.__cause__):
                return self._call(given)  # its **kwargs are passed on to what takes no number of classes
            raise

    def require_arguments(self) -> None:
        """Raise FactoryError for arguments that are lacking or unknown, without calling the function."""
        name, is_named = self.classes_parameter()
        self._require_bindable({**self._optional(), **self.args, **({name: 0} if is_named else {})})

    def _optional(self) -> dict[str, Any]:
        parameters = _parameters(self.function)
        return {name: value for name, value in self.optional.items() if name in parameters}

    def _call(self, args: Mapping[str, Any]) -> nn.Module:
        self._require_bindable(args)
        try:
            network = self.function(**args)
        except MemoryError:
            raise
        except Exception as error:
            shown = f" with {_shown(args)}" if args else ""
            raise FactoryError(self.name, f"called{shown}, it raised {described(error)}") from error
        if not isinstance(network, nn.Module):
            problem = f"it returned {type(network).__name__}, expected a torch.nn.Module"
            if isinstance(network, tuple) and any(isinstance(entry, nn.Module) for entry in network):
                problem += "; name a function that returns the network alone"
            raise FactoryError(self.name, problem)
        return network

    def _require_bindable(self, args: Mapping[str, Any]) -> None:
        """Raise FactoryError for arguments that are lacking or unknown."""
        parameters = _parameters(self.function)
        lacking = [
            name
            for name, entry in parameters.items()
            if entry.default is entry.empty
            and entry.kind in (entry.POSITIONAL_OR_KEYWORD, entry.KEYWORD_ONLY)
            and name not in args
        ]
        if lacking:
            problem = f"it needs the arguments {', '.join(lacking)}"
            example = json.dumps(dict.fromkeys(lacking, "…"), ensure_ascii=False)
            advice = f"Give them as factory_args (--factory-args '{example}')."
            raise FactoryError(self.name, problem, advice, lacking)
        accepts_any = any(entry.kind == entry.VAR_KEYWORD for entry in parameters.values())
        unknown = [name for name in args if name not in parameters]
        if unknown and parameters and not accepts_any:
            known = ", ".join(parameters)
            raise FactoryError(self.name, f"it has no argument {', '.join(unknown)}; it has {known}")


def require_factory(source: Source) -> None:
    """Raise FactoryError unless the factory of `source` can be imported, and called with its arguments.

    Imports look in the current folder too; nothing is called.
    """
    if source.kind in ("factory", "timm"):
        with current_folder_first():
            factory_of(source, 3).require_arguments()


def factory_of(source: Source, channels: int) -> Factory:
    """The factory of `source`, whose kind is `factory` or `timm`. Raises FactoryError."""
    if source.kind == "timm":
        return _timm_factory(source, channels)
    return Factory(source.name, _find(source.name), source.args)


def _find(name: str) -> Callable[..., Any]:
    module_name, _, attributes = name.partition(":")
    found: Any = _import(name, module_name)
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            functions = [key for key, value in vars(found).items() if callable(value) and key[0] != "_"]
            listed = ", ".join(functions[:10]) + (", …" if len(functions) > 10 else "")
            problem = f"{module_name} has no {attribute}; it has {listed or 'no function or class'}"
            raise FactoryError(name, problem) from error
    if isinstance(found, nn.Module) or not callable(found):
        kind = "a network, not a function" if isinstance(found, nn.Module) else f"a {type(found).__name__}"
        raise FactoryError(name, f"it is {kind}; expected a function or class that makes the network")
    function: Callable[..., Any] = found
    return function


def _import(name: str, module_name: str) -> object:
    if module_name.endswith(".py"):  # importing it would run the file first
        problem = f"there is no module {module_name}: modules are named without .py"
        raise FactoryError(name, problem, f"Try {module_name.removesuffix('.py')}:{name.partition(':')[2]}")
    try:
        return importlib.import_module(module_name)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        parents = [".".join(module_name.split(".")[: end + 1]) for end in range(module_name.count(".") + 1)]
        lacking = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
        package = _PACKAGES.get(lacking.partition(".")[0], "")
        if lacking in parents and package and lacking in _PACKAGES:
            raise FactoryError(name, f"{lacking} is not installed", f"Run: pip install {package}") from error
        if lacking in parents:
            problem = f"there is no module {lacking}, neither in {Path.cwd()} nor installed"
            raise FactoryError(name, problem, _module_advice(name, module_name, lacking)) from error
        advice = f"Run: pip install {package}" if package else ""
        raise FactoryError(name, f"importing {module_name} raised {described(error)}", advice) from error


def _module_advice(name: str, module_name: str, lacking: str) -> str:
    files = [path.stem for path in Path.cwd().glob("*.py")]
    function = name.partition(":")[2]
    if similar := difflib.get_close_matches(lacking, files, 1):
        return f"Did you mean {similar[0]}{module_name.removeprefix(lacking)}:{function}?"
    return "Run the command in the folder that contains it, or install its package."


def _timm_factory(source: Source, channels: int) -> Factory:
    name = source.description
    try:
        timm = import_timm()
    except ModuleNotFoundError as error:
        if error.name != "timm":
            raise FactoryError(name, f"importing timm raised {described(error)}") from error
        raise FactoryError(name, "timm is not installed", "Run: pip install timm") from error
    except (Exception, SystemExit) as error:
        raise FactoryError(name, f"importing timm raised {described(error)}") from error
    model = source.name.partition(".")[0]
    if not timm.is_model(model) and ":" not in source.name:
        similar = timm.list_models(f"*{model.split('_')[0]}*")[:8]
        problem = f"timm {timm.__version__} has no such model"
        raise FactoryError(name, problem, f"Similar names: {', '.join(similar)}" if similar else "")
    given = {"in_chans": channels} if channels != 3 else {}

    def create(num_classes: int | None = None, **args: Any) -> Any:
        classes = {} if num_classes is None else {"num_classes": num_classes}
        return timm.create_model(source.name, **{"pretrained": False, **given, **classes, **args})

    return Factory(name, create, source.args)


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions have none
        return {}


def _shown(args: Mapping[str, Any], limit: int = 120) -> str:
    text = ", ".join(f"{key}={value!r}" for key, value in args.items())
    return text if len(text) <= limit else text[:limit] + " …"
