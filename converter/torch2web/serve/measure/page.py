"""Serves a site with the page that measures it, which is no part of the site."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from PIL import Image

from torch2web.assets import Assets
from torch2web.serve.static import SiteHandler, create_server

PAGE = "torch2web-measure.html"
_SCRIPT = "torch2web-measure.js"
_PICTURES = "torch2web-measure/"

_HTML = f"""<!doctype html>
<meta charset="utf-8">
<title>torch2web report</title>
<link rel="icon" href="data:,">
<script type="module" src="{_SCRIPT}"></script>
"""


def picture_paths(count: int) -> list[str]:
    """Where the pictures are served, by number."""
    return [f"{_PICTURES}{number}.png" for number in range(count)]


@contextmanager
def serving(site: Path, assets: Assets, pictures: Sequence[Image.Image]) -> Iterator[str]:
    """Serve `site`, the page and `pictures` on a free port; yields the address, which ends in a slash."""
    files = {
        PAGE: ("text/html", _HTML.encode()),
        _SCRIPT: ("text/javascript", assets.read("scripts/measure.js")),
    }
    files |= {
        path: ("image/png", _png(image))
        for path, image in zip(picture_paths(len(pictures)), pictures, strict=True)
    }
    with create_server(site, 0, handler=partial(_Handler, files=files)) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SiteHandler):
    """SiteHandler with files that are in memory."""

    def __init__(self, *arguments: object, files: Mapping[str, tuple[str, bytes]], **options: object) -> None:
        self.files = files
        super().__init__(*arguments, **options)  # type: ignore[arg-type]

    def do_GET(self) -> None:  # noqa: N802
        found = self.files.get(urlsplit(self.path).path.removeprefix("/"))
        if found is None:
            super().do_GET()
            return
        content_type, content = found
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
