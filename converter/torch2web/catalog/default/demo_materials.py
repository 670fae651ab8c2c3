"""Materials of the default catalogue: the demo's faces and weights. The only importer of `demo`."""

from pathlib import Path

from torch2web import demo
from torch2web.assets import FILES
from torch2web.catalog.materials import Materials, ReferenceImage, Sample


def default_materials() -> Materials:
    """Drawn faces of the classes Bored, Confused, Focused and Tired, and weights trained on such faces."""
    return Materials(
        labels=demo.LABELS,
        reference_images=lambda: tuple(ReferenceImage(name, face) for name, face in demo.reference_faces()),
        calibration_images=lambda: tuple(
            ReferenceImage(name, face) for name, face in demo.calibration_faces()
        ),
        search_images=lambda: tuple(ReferenceImage(name, face) for name, face in demo.search_faces()),
        samples=lambda: tuple(Sample(*sample, drawn=True) for sample in demo.draw_samples()),
        weights_file=demo.weights_file,
        load_weights=demo.load_demo_state,
    )


def demo_catalog() -> Path:
    """Path of the demo's models.toml inside this package."""
    return FILES / "models.toml"
