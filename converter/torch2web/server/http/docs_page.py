"""The page at /docs: one file, which loads nothing else."""

import base64
import hashlib
from html import escape

from torch2web.serve.static import is_origin
from torch2web.server.http.openapi import STATUSES, predict_paths
from torch2web.server.inference import ServedSite
from torch2web.server.settings import MIB, ApiSettings

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent); }
body { margin: 0 auto; max-width: 56rem; padding: 1.5rem 1rem 4rem; line-height: 1.5;
  font-family: system-ui, sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.25rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.875rem; }
pre { border: 1px solid var(--line); border-radius: 0.5rem; overflow: auto; padding: 0.75rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: 0.4rem 0.75rem 0.4rem 0; text-align: left;
  vertical-align: top; }
form { display: flex; flex-wrap: wrap; gap: 0.75rem; }
button, input { font: inherit; max-width: 100%; min-height: 2.75rem; }
"""

POLICY = (
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


def docs_page(site: ServedSite, settings: ApiSettings, address: str = "") -> str:
    """HTML, with commands for the origin `address` of the request; for `http://HOST` where that is none."""
    address = address if is_origin(address) else "http://HOST"
    path, *others = predict_paths(site)
    token = bool(settings.token_digest)
    header = " -H 'Authorization: Bearer TOKEN'" if token else ""
    trying = (
        "<p>This server asks for a token, which a form cannot send: use the commands above.</p>"
        if token
        else f'<form method="post" action="{path}" enctype="multipart/form-data">'
        '<label>Picture <input type="file" name="image" accept="image/*" required></label>'
        "<button>Predict</button></form>"
    )
    also = f" (the same: {', '.join(f'<code>{other}</code>' for other in others)})" if others else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Prediction API</title>
<style>{_STYLE}</style>
<h1>Prediction API</h1>
<p>Send a picture, get the answer of {escape(site.models[site.default].title)} to
<code>POST {path}</code>{also}, or that of any model below to
<code>POST /api/models/NAME/predict</code>. The full description, as OpenAPI:
<a href="openapi.json">openapi.json</a>.</p>
<h2>Send a picture</h2>
<pre>curl{header} -F image=@face.jpg {address}{path}
curl{header} -H 'Content-Type: image/jpeg' --data-binary @face.jpg {address}{path}
curl{header} -H 'Content-Type: application/json' -d '{{"image": "BASE64"}}' {address}{path}</pre>
<p>At most {settings.max_bytes / MIB:g} MiB and {settings.max_pixels / 1e6:g} million pixels. No picture is
kept.</p>
<h2>Try it</h2>
{trying}
<h2>Models</h2>
<div class="wide" tabindex="0"><table><tr><th>name<th>title<th>version<th>answers{_rows(site)}</table></div>
<h2>Other addresses</h2>
<ul>
<li><code>GET /api/models</code>: the models, with versions and hashes
<li><code>GET /healthz</code>: 200 while this worker answers
<li><code>GET /metrics</code>: figures for Prometheus
</ul>
<h2>Answers that are none</h2>
<div class="wide" tabindex="0"><table><tr><th>status<th>meaning{_statuses()}</table></div>
</html>
"""


def _rows(site: ServedSite) -> str:
    return "".join(
        f"<tr><td><code>{escape(model.name)}</code><td>{escape(model.title)}<td>{escape(model.version)}"
        f"<td>{escape(_meaning(model.labels, model.outputs))}"
        for model in site.models.values()
    )


def _meaning(labels: tuple[str, ...], outputs: int) -> str:
    if not labels:
        return f"a vector of {outputs} numbers"
    return ", ".join(labels[:8]) + (f", … {len(labels) - 8} more" if len(labels) > 8 else "")


def _statuses() -> str:
    return "".join(f"<tr><td>{status}<td>{escape(text)}" for status, text in STATUSES.items())
