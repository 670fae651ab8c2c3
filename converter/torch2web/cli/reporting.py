"""The command `report`: measures a site where asked to, and writes its report."""

import argparse

from torch2web.assets import load_assets
from torch2web.cli.terminal import Output
from torch2web.serve.measure import (
    Measuring,
    draw_again,
    measure_browser,
    measure_native,
    require_browsers,
    save_measured,
)
from torch2web.serve.parity import REPORT, report_inputs
from torch2web.site.report import (
    CONVERSION_REPORT,
    ReportInputs,
    card_path,
    conversion_report,
    model_cards,
    report_page,
)


def write_reports(options: argparse.Namespace, output: Output) -> None:
    """Write the report of `options.site`, after measuring it in `options.browser`. Raises Torch2WebError."""
    assets = load_assets()
    inputs = report_inputs(options.site, options.parity_dir)
    if options.browser:
        _measure(options, inputs, output)
        inputs = report_inputs(options.site, options.parity_dir)
    page = report_page(assets, inputs)
    files = {REPORT: page}
    if inputs.models:
        files[CONVERSION_REPORT] = conversion_report(assets, inputs)
        files |= {card_path(name): card for name, card in model_cards(assets, inputs).items()}
    folder = options.out or options.parity_dir
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    output.line(f"{folder / REPORT}: {len(page) / 1024:.0f} KiB, one file that needs no other")
    if others := [name for name in files if name != REPORT]:
        output.line(f"beside it: {', '.join(others)}")


def _measure(options: argparse.Namespace, inputs: ReportInputs, output: Output) -> None:
    """Each browser, then native onnxruntime; what is done stays saved if a later one fails."""
    require_browsers(options.browser)
    images = draw_again(inputs.data)
    if not images:
        output.warning(
            "Answers are not compared: the site's pictures were drawn by another version; build it again."
        )
    backends = sum(("plan" in model) + 3 * ("graph" in model) + 2 for model in inputs.manifest["models"])
    total, done = len(options.browser) * backends, 0
    with output.progress() as show:

        def step(text: str) -> None:
            nonlocal done
            show(text, done, max(total, done))
            done += 1

        measuring = Measuring(options.site, load_assets(), inputs.manifest, images, step)
        for name in options.browser:
            save_measured(options.parity_dir, inputs.manifest_sha256, measure_browser(name, measuring))
        native = measure_native(options.site, inputs.manifest, step)
        save_measured(options.parity_dir, inputs.manifest_sha256, native)
