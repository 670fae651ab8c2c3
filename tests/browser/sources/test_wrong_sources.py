"""Values that are not an image, or not a list of images, are named."""

import pytest
from playwright.sync_api import Page

from tests.browser.server import Fault, Host
from tests.browser.sources.pictures import MODEL, open_sources


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("undefined", "DecodeError", "Found an Undefined, which is not an image; pass a Blob, a URL"),
        ("42", "DecodeError", "Found a Number"),
        ("'no such file.jpg'", "DownloadError", "status 404"),
        ("'http://'", "DecodeError", '"http://" is not the URL of an image'),
        ("new Blob(['<svg xmlns=\"http://www.w3.org/2000/svg\"/>'])", "DecodeError", "SVG"),
        ("await probe.fetchBlob('/photos/photo.heic')", "DecodeError", "HEIC"),
    ],
)
def test_values_that_are_no_image_are_named(
    page: Page, host: Host, source: str, error: str, message: str
) -> None:
    host.faults["photos/photo.heic"] = Fault(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    open_sources(page, host)
    for options in ("{}", "{ worker: false }"):
        script = f"async name => sources.answer(await probe.load(name, {options}), {source})"
        found = page.evaluate(script, MODEL)
        assert found["error"] == error
        assert message in found["message"]


def test_batch_takes_any_list_and_nothing_else(page: Page, host: Host) -> None:
    open_sources(page, host)
    found = page.evaluate(
        """async name => {
            const blob = await probe.fetchBlob("/photos/upright.jpg");
            const outcomes = [];
            for (const options of [{}, { worker: false }]) {
                const model = await probe.load(name, options);
                const data = new DataTransfer();
                data.items.add(new File([blob], "one.jpg"));
                data.items.add(new File([blob], "two.jpg"));
                const labels = await model.predictBatch(data.files).then(all => all.map(one => one.label));
                const single = await model.predictBatch(blob).catch(probe.describe);
                const nothing = await model.predictBatch(undefined).catch(probe.describe);
                outcomes.push({ labels, single, nothing });
            }
            return outcomes;
        }""",
        MODEL,
    )
    for outcome in found:
        assert len(outcome["labels"]) == 2
        assert outcome["single"]["error"] == outcome["nothing"]["error"] == "RangeError"
        assert "takes an array of images; found a Blob" in outcome["single"]["message"]
