"""What the page does beyond one picture: heat map, history with export, several files at once."""

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from playwright.sync_api import FilePayload, Page

from tests.browser.axe import violations
from tests.browser.server import Host
from tests.browser.shown import READY
from tests.conftest import ROOT
from web.build.node import run_node
from web.build.scripts import node_package

LABELS = ("Bored", "Confused", "Focused", "Tired")


@pytest.fixture
def shown(quiet_page: Page, host: Host) -> Page:
    """The page with its first answer."""
    quiet_page.goto(host.url)
    quiet_page.wait_for_selector(READY)
    return quiet_page


def test_nothing_of_it_is_loaded_before_it_is_asked_for(shown: Page, host: Host) -> None:
    own = re.compile(r"page-[0-9a-f]{32}\.(js|css)")
    before = [path for path in host.requests if path.startswith("page-")]
    assert [path for path in before if not own.fullmatch(path)] == []
    shown.click("#history summary")
    shown.wait_for_selector("#history-rows tr")
    loaded = [path for path in host.requests if path.startswith("page-") and path not in before]
    assert [path.rpartition("-")[0] for path in loaded] == ["page-history"]


ALPHA = """() => {
    const canvas = document.getElementById("heat");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [canvas.width, canvas.height, [...data.filter((_, at) => at % 4 === 3)]];
}"""


def _alpha(page: Page) -> NDArray[np.float64]:
    width, height, values = page.evaluate(ALPHA)
    return np.array(values, float).reshape(height, width)


def test_heat_map_lies_on_the_picture(shown: Page, host: Host, tmp_path: Path, small_site: Path) -> None:
    with Image.open(small_site / "samples/confused-1.jpg") as face:
        face.convert("RGB").resize((500, 300)).save(tmp_path / "wide.png")
    host.extras["wide.png"] = tmp_path / "wide.png"
    shown.set_input_files("#file", tmp_path / "wide.png")
    shown.wait_for_selector(READY)
    shown.click("#heat-toggle")
    shown.wait_for_selector("#heat:visible")
    assert violations(shown) == []
    assert f"“{shown.inner_text('#label')}”" in shown.inner_text("#heat-note")
    wanted = shown.evaluate(
        """async () => {
            const { loadModel } = await import("./torch2web.js");
            const integrity = document.documentElement.dataset.manifest;
            const model = await loadModel("mobilenet_emotion", { integrity });
            const blob = await (await fetch("wide.png")).blob();
            const { heatmap } = await model.predict(blob, { heatmap: true });
            return [...heatmap.values];
        }"""
    )
    alpha = _alpha(shown)
    assert alpha.shape == (384, 640), "the picture's shape"
    rows, columns = (np.arange(7) + 0.5) * 384 / 7, (np.arange(7) + 0.5) * 640 / 7
    centres = alpha[np.ix_(rows.astype(int), columns.astype(int))]
    map_ = np.maximum(np.array(wanted).reshape(7, 7), 0)
    assert np.corrcoef(centres.ravel(), map_.ravel())[0, 1] > 0.95
    shown.fill("#heat-strength", "20")
    assert shown.locator("#heat").evaluate("canvas => canvas.style.opacity") == "0.2"
    before = alpha
    shown.select_option("#heat-label", "Focused")
    shown.wait_for_function("() => document.getElementById('heat-note').textContent.includes('Focused')")
    assert np.abs(_alpha(shown) - before).max() > 0
    shown.locator(".sample").first.click()
    shown.wait_for_function(
        "() => document.getElementById('heat').width === 640"
        " && document.getElementById('heat').height === 640"
    )
    shown.click("#heat-toggle")
    shown.wait_for_selector("#heat", state="hidden")


DRAW = """async ([orientation, width, height, applied]) => {
    const { drawHeatmap } = await import("/draw.js");
    const canvas = document.createElement("canvas");
    const values = Float32Array.from({ length: 12 }, (_, at) => at - 2);
    const steps = [{ op: "resize", size: 40, filter: "bilinear" }, { op: "center_crop", size: [40, 40] }];
    const drawn = drawHeatmap(canvas, { width: 4, height: 3, values }, { preprocessing: { steps } },
        { width, height }, { exif: orientation, applied });
    return [canvas.toDataURL(), drawn];
}"""


def test_heat_map_of_a_turned_picture(page: Page, host: Host, tmp_path: Path) -> None:
    """Shown upright, while the network saw it as it is stored: as Pillow turns the stored one."""
    script = tmp_path / "draw.js"
    esbuild = str(node_package("esbuild") / "bin" / "esbuild")
    source = str(ROOT / "web/page/heatmap/draw.ts")
    run_node([esbuild, source, "--bundle", "--format=esm", "--log-level=error", f"--outfile={script}"], ROOT)
    host.extras |= {"draw.js": script, "blank.html": ROOT / "tests/browser/harness/blank.html"}
    page.goto(f"{host.url}blank.html")

    def drawn(orientation: int, size: tuple[int, int], *, applied: bool) -> tuple[Image.Image, Any]:
        url, said = page.evaluate(DRAW, [orientation, *size, applied])
        return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))), said

    stored, said = drawn(1, (640, 480), applied=False)
    assert said == {"speaks": True, "isCut": True}
    alpha = np.asarray(stored)[..., 3]
    assert (alpha[:, [40, 600]] > 100).all(), "the edges that were cut off are dark"
    assert alpha[20, 100] < 10, "what speaks against it is not coloured"
    for orientation in range(2, 9):
        stored.getexif()[0x0112] = orientation
        expected = ImageOps.exif_transpose(stored)
        found, _ = drawn(orientation, expected.size, applied=False)
        difference = np.abs(np.asarray(found, int) - np.asarray(expected, int))
        assert difference.mean() < 2, orientation
    upright, _ = drawn(6, (640, 480), applied=True)
    assert (np.asarray(upright) == np.asarray(stored)).all(), "the network saw it upright"


def _saved(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_bytes()


def test_history_lists_answers_and_saves_them(shown: Page) -> None:
    shown.click("#history summary")
    shown.wait_for_selector("#history-rows tr")
    shown.locator(".sample").nth(2).click()
    shown.wait_for_function("() => document.querySelectorAll('#history-rows tr').length === 2")
    answers = shown.locator("#history-rows .answer").all_inner_texts()
    assert violations(shown) == []
    assert answers[0] == shown.inner_text("#label")
    rows = list(csv.DictReader(io.StringIO(_saved(shown, "#history-csv").decode("utf-8-sig"))))
    assert [row["answer"] for row in rows] == answers[::-1]
    assert sum(float(rows[0][label]) for label in LABELS) == pytest.approx(1)
    assert (rows[0]["network"], rows[0]["exact"]) == ("MobileNetV2", "true")
    records = json.loads(_saved(shown, "#history-json"))
    assert [record["answer"] for record in records] == answers[::-1]
    assert [score["name"] for score in records[0]["scores"]] == list(LABELS)
    shown.locator("#history-rows button").last.click()
    shown.wait_for_function("() => document.querySelectorAll('#history-rows tr').length === 3")
    assert shown.inner_text("#label") == answers[-1]
    shown.click("#history-clear")
    assert shown.locator("#history-rows tr").count() == 0
    assert "None yet" in shown.inner_text("#history-empty")


def test_several_files_and_a_broken_one(shown: Page, small_site: Path, tmp_path: Path) -> None:
    broken = tmp_path / "=broken.jpg"
    broken.write_bytes((small_site / "samples/tired-1.jpg").read_bytes()[:300])
    files = [small_site / f"samples/{name}-1.jpg" for name in ("bored", "tired", "focused")]
    shown.set_input_files("#file", [files[0], broken, *files[1:]])
    shown.wait_for_selector("#batch-save:visible")
    assert shown.locator("#batch-rows .file bdi").all_inner_texts() == [
        "bored-1.jpg",
        "=broken.jpg",
        "tired-1.jpg",
        "focused-1.jpg",
    ]
    answers = shown.locator("#batch-rows .answer").all_inner_texts()
    assert [answers[0], *answers[2:]] == ["Bored", "Tired", "Focused"]
    assert "cannot be read" in answers[1]
    assert violations(shown) == []
    text = shown.inner_text("#batch-text")
    assert text == "4 of 4 · Bored 1 · Tired 1 · Focused 1 · not read 1"
    rows = list(csv.DictReader(io.StringIO(_saved(shown, "#batch-csv").decode("utf-8-sig"))))
    assert [row["picture"] for row in rows][1] == "'=broken.jpg", "no formula"
    assert rows[1]["answer"] == ""
    assert "cannot be read" in rows[1]["problem"]
    assert len(json.loads(_saved(shown, "#batch-json"))) == 4


def test_several_files_can_be_stopped(shown: Page, small_site: Path) -> None:
    picture = small_site / "samples/bored-1.jpg"
    many: list[FilePayload] = [
        {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": picture.read_bytes()}
        for number in range(40)
    ]
    shown.click("#batch summary")
    shown.set_input_files("#batch-files", files=many)
    shown.wait_for_selector("#batch-rows tr")
    shown.click("#batch-abort")
    shown.wait_for_selector("#batch-save:visible")
    done = shown.locator("#batch-rows tr").count()
    assert 1 <= done < 40
    assert f"{done} of 40" in shown.inner_text("#batch-text")
    assert len(json.loads(_saved(shown, "#batch-json"))) == done


def test_dropped_folder_gives_its_pictures(shown: Page) -> None:
    """The entries that browsers give of a dropped folder, which no script can make."""
    shown.evaluate(
        """async () => {
            const blob = await (await fetch("samples/tired-1.jpg")).blob();
            const fileEntry = (name, type) => ({
                isFile: true,
                isDirectory: false,
                file: (resolve) => resolve(new File([blob], name, { type })),
            });
            const folder = (...entries) => ({
                isFile: false,
                isDirectory: true,
                createReader: () => ({ readEntries: (resolve) => resolve(entries.splice(0, 100)) }),
            });
            const dropped = folder(
                fileEntry("b.jpg", "image/jpeg"), fileEntry(".DS_Store", ""),
                fileEntry("notes.txt", "text/plain"),
                folder(fileEntry("a.jpg", "image/jpeg")));
            const event = new Event("drop", { bubbles: true, cancelable: true });
            event.dataTransfer = { files: [], items: [{ webkitGetAsEntry: () => dropped }] };
            document.body.dispatchEvent(event);
        }"""
    )
    shown.wait_for_selector("#batch-save:visible")
    assert shown.locator("#batch-rows .file bdi").all_inner_texts() == ["a.jpg", "b.jpg"]
    assert shown.locator("#batch-rows .answer").all_inner_texts() == ["Tired", "Tired"]
