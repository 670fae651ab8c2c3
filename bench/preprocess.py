"""From pixels to the input tensor: the loader in the page beside Pillow and NumPy, interleaved."""

import statistics
import time

import numpy as np
from PIL import Image

from bench.site import harness_page
from torch2web.cli.terminal.console import Output
from torch2web.images.preprocessing import Preprocessing, preprocess
from torch2web.images.steps import Resize

SIZES = {(640, 480): 4, (1280, 720): 9, (1920, 1080): 19}
"""With the milliseconds that a plain port took, which is the most that is wanted."""
ROUNDS = 15
SPEC = Preprocessing((Resize((224, 224), "bilinear"),), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

IN_PAGE = """async ([width, height]) => {
    const model = await probe.load("mobilenet_emotion");
    const image = new ImageData(width, height);
    for (let i = 0; i < image.data.length; i++) image.data[i] = (i * 2654435761) >>> 24;
    const started = performance.now();
    await model.preprocess(image);
    return performance.now() - started;
}"""


def measure_preprocess(output: Output) -> None:
    """Minimum and median for the same sizes, interleaved."""
    times: dict[tuple[int, int], tuple[list[float], list[float]]] = {size: ([], []) for size in SIZES}
    random = np.random.Generator(np.random.PCG64(0))
    pictures = {
        size: Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), np.uint8)) for size in SIZES
    }
    with harness_page("mobilenet_emotion") as page:
        for _ in range(ROUNDS):
            for size, (browser, python) in times.items():
                browser.append(page.evaluate(IN_PAGE, size))
                started = time.perf_counter()
                preprocess(pictures[size], SPEC)
                python.append(1000 * (time.perf_counter() - started))
    rows = [
        (
            f"{size[0]} × {size[1]}",
            f"{min(browser):.1f}",
            f"{statistics.median(browser):.1f}",
            str(SIZES[size]),
            f"{min(python):.1f}",
            f"{statistics.median(python):.1f}",
            f"{min(browser) / min(python):.1f}",
        )
        for size, (browser, python) in times.items()
    ]
    headings = ("preprocess, ms", "page min", "median", "wanted", "Python min", "median", "ratio of minima")
    output.table(headings, rows)
