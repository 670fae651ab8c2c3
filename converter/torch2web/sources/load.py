"""Loads the model of a catalogue entry, wherever its network comes from."""

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from torch2web.catalog import Materials, ModelSpec
from torch2web.sources.build_network import check_network, load_model, load_network
from torch2web.sources.export import exporters_of
from torch2web.sources.files import check_file, load_file
from torch2web.sources.loaded import Export, ExportRecord, LoadedModel, run_in_double
from torch2web.sources.outputs import with_one_output
from torch2web.sources.user_code import current_folder_first


def load_source(spec: ModelSpec, checkpoint: Path | None, materials: Materials) -> LoadedModel:
    """Load the network of `spec` with the weights in `checkpoint`; None takes the demo's of `materials`.

    Raises FactoryError, CheckpointError, StateDictError or ExportError.
    """
    if spec.source.kind == "architecture":
        notes: list[str] = []
        network = load_model(spec, checkpoint, materials, notes)
        return _loaded(spec, network, notes, {"architecture": spec.source.name})
    assert checkpoint is not None, "demo weights belong to the demo's architectures"
    with current_folder_first():
        if spec.source.kind == "file":
            return load_file(spec, checkpoint)
        loaded = load_network(spec, checkpoint)
        chosen = with_one_output(spec.name, loaded.network, spec.input_shape, spec.source.output)
        provenance = {
            "architecture": spec.source.name,
            "source": spec.source.kind,
            **({"state_key": loaded.state_key} if loaded.state_key else {}),
        }
        return _loaded(spec, chosen.network, (*loaded.notes, *chosen.notes), provenance)


def check_source(spec: ModelSpec, checkpoint: Path | None, materials: Materials) -> None:
    """Find what is wrong with a checkpoint without running its network: load_source takes many times as long.

    It is read and has finite weights, and names and shapes are the network's, as far as these are known
    before a run. Raises FactoryError, CheckpointError, StateDictError or ExportError.
    """
    if spec.source.kind == "architecture":
        load_model(spec, checkpoint, materials)
        return
    assert checkpoint is not None, "demo weights belong to the demo's architectures"
    with current_folder_first():
        if spec.source.kind == "file":
            check_file(spec, checkpoint)
        else:
            check_network(spec, checkpoint)


def _loaded(
    spec: ModelSpec, network: nn.Module, notes: Sequence[str], provenance: dict[str, str]
) -> LoadedModel:
    double = run_in_double(network, spec.input_shape)
    exporters = tuple(map(_in_current_folder, exporters_of(network, spec)))
    return LoadedModel.of_network(network, double, exporters, notes, provenance)


def _in_current_folder(export: Export) -> Export:
    """`export` for a network whose code may import more of the user's modules."""

    def exported(path: Path) -> ExportRecord:
        with current_folder_first():
            return export(path)

    return exported
