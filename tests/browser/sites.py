"""Files of a built site by their role, and sites derived from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from onnxruntime import InferenceSession
from safetensors.numpy import load, save

from tests.materials import MATERIALS, images
from torch2web.assets import Assets, load_assets
from torch2web.catalog import EXACT, SiteSettings
from torch2web.catalog.load import ModelSpec
from torch2web.site.manifest.check import read_manifest
from torch2web.site.manifest.delivery import Delivery
from torch2web.site.manifest.layout import MANIFEST
from torch2web.site.manifest.records import ModelRecord, VariantRecord, Weights
from torch2web.site.write import SiteInputs, write_site
from torch2web.store.hashing import write_bytes_hashed
from torch2web.store.parts import PART_SIZE, PARTS, PartedFile, join_parts, write_parts
from torch2web.variants.encodings import Tensors, decode_all
from torch2web.verification.onnx_session import create_session_with


def manifest_of(site: Path) -> dict[str, Any]:
    return read_manifest((site / MANIFEST).read_bytes())


def model_of(site: Path, name: str) -> dict[str, Any]:
    """A model's entry of the manifest."""
    found: dict[str, Any] = next(model for model in manifest_of(site)["models"] if model["name"] == name)
    return found


def variant_of(site: Path, name: str, variant: str = "") -> dict[str, Any]:
    """A variant's entry of the manifest; of the default variant unless one is named."""
    variants = model_of(site, name)["variants"]
    found: dict[str, Any] = next(entry for entry in variants if variant in ("", entry["name"]))
    return found


def weights_of(site: Path, name: str, variant: str = "") -> list[str]:
    """Paths of the parts of a variant's weights."""
    return [part["path"] for part in variant_of(site, name, variant)["weights"]["parts"]]


def runtime_of(site: Path) -> dict[str, str]:
    """Paths of onnxruntime-web's files by their role."""
    files = manifest_of(site)["runtime"]["files"]
    return {
        "api": files["api"]["path"],
        "glue": files["glue"]["path"],
        "wasm": files["wasm"]["parts"][0]["path"],
    }


def script_of(site: Path, name: str = "torch2web") -> str:
    """Path of the loader or one of its parts, under the name with its hash."""
    (found,) = site.glob(f"{name}-{32 * '[0-9a-f]'}.js")
    return found.name


def style_of(site: Path) -> str:
    """Path of the page's style sheet."""
    (found,) = site.glob(f"page-{32 * '[0-9a-f]'}.css")
    return found.name


def session_of(site: Path, name: str, variant: str = "") -> InferenceSession:
    """An onnxruntime session of a variant, with the weights as the site stores them."""
    tensors = load(join_parts(site, variant_of(site, name, variant)["weights"]))
    return create_session_with(join_parts(site, model_of(site, name)["graph"]), decode_all(tensors))


def derived_site(
    site: Path,
    folder: Path,
    spec: ModelSpec,
    weights: Weights,
    *,
    plain: bytes | None = None,
    change: Callable[[Tensors], Tensors] = lambda tensors: tensors,
    assets: Assets | None = None,
    settings: SiteSettings | None = None,
) -> Path:
    """A consistent site with only the exact variant of one model of `site`.

    `change` is applied to its weights; all recorded measurements stay unchanged.
    """
    entry, exact = model_of(site, spec.name), variant_of(site, spec.name, EXACT)
    target = folder / "site"
    stored = save(change(load(join_parts(site, exact["weights"]))))
    if plain is None:
        plain = (site / "models" / spec.output).read_bytes()

    def copied(file: str) -> PartedFile | None:
        content = join_parts(site, entry[file]) if file in entry else b""
        return write_parts(target, PARTS, content, PART_SIZE) if content else None

    record = ModelRecord(
        spec=spec,
        weights=weights,
        plain=write_bytes_hashed(target, f"models/{spec.output}", plain),
        graph=copied("graph"),
        plan=copied("plan"),
        no_graph="",
        no_plan=entry.get("no_plan", ""),
        source={"architecture": spec.source.name, "exporter": entry["provenance"]["exporter"]},
        verification=entry["verification"],
        variants=(
            VariantRecord(
                name=EXACT,
                weights=write_parts(target, PARTS, stored, PART_SIZE),
                verification=exact["verification"],
                golden=exact["golden"],
                logits={},
                bounds={},
            ),
        ),
        left_out=(),
        golden=exact["golden"],
        refused=(),
        reference={},
        outputs=len(spec.labels),
    )
    delivery = Delivery(verify_page=False, precompressed=False)
    inputs = SiteInputs(
        generator=manifest_of(site)["generator"],
        assets=assets or load_assets(),
        models=[record],
        images=images(),
        samples=MATERIALS.samples() if MATERIALS.fit([spec.labels]) else (),
        delivery=delivery,
        cache=folder / "cache",
        settings=settings or SiteSettings(),
    )
    write_site(target, inputs)
    return target
