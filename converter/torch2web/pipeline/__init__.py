"""Composes the stages: catalogue, conversion, site. The only package that does."""

from torch2web.pipeline.checkpoints import ChosenModel, choose_models
from torch2web.pipeline.compose import BuildOptions, BuiltModel, build
from torch2web.pipeline.executors import Machines

__all__ = ["BuildOptions", "BuiltModel", "ChosenModel", "Machines", "build", "choose_models"]
