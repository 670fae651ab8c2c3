"""Writes configuration for hosts, all from `host_rules`, and for Git, which must not convert files."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch2web.assets import Assets
from torch2web.site.hosting.host_rules import (
    DEFAULT_TYPE,
    EVERYWHERE,
    HASHED,
    IMMUTABLE,
    REVALIDATED,
    TYPES,
    PathRule,
    Site,
    path_rules,
    policy_of,
)
from torch2web.site.writers import render
from torch2web.store import FileRecord, write_bytes_hashed
from torch2web.text_files import read_text

HEADERS = "_headers"
ATTRIBUTES = ".gitattributes"
"""Keeps Git on Windows from converting line ends, after which no file would match its hash."""
VERCEL = "vercel.json"
FOLDER = "hosting"


@dataclass(frozen=True)
class _Location:
    """nginx's headers for the paths that `pattern` is found in; an empty one is for all others."""

    pattern: str
    headers: Mapping[str, str]


def write_host_files(root: Path, assets: Assets, files: Sequence[FileRecord]) -> list[FileRecord]:
    """Write the configuration with which each host serves `files` below `root`."""
    site = read_site(root, [file.path for file in files])
    rules = path_rules(site)
    contents = {
        ATTRIBUTES: b"* -text\n",
        HEADERS: render(assets, "hosts/headers.j2", rules=rules),
        VERCEL: vercel_json(rules),
        f"{FOLDER}/nginx.conf": _nginx(assets, site),
        f"{FOLDER}/nginx-brotli.conf": render(assets, "hosts/nginx-brotli.conf.j2"),
        f"{FOLDER}/apache.htaccess": _apache(assets, site),
    }
    return [write_bytes_hashed(root, path, content) for path, content in contents.items()]


def read_site(root: Path, paths: Sequence[str]) -> Site:
    """The site below `root` with the policies that its pages declare."""
    policies = {path: policy_of(read_text(root / path)) for path in paths if path.endswith(".html")}
    return Site(paths, {path: policy for path, policy in policies.items() if policy})


def vercel_json(rules: Sequence[PathRule]) -> bytes:
    """Vercel's project configuration; its wildcard is `(.*)` instead of `*` (path-to-regexp)."""
    headers = [
        {
            "source": rule.path.replace("*", "(.*)"),
            "headers": [{"key": name, "value": value} for name, value in rule.headers.items()],
        }
        for rule in rules
    ]
    return (json.dumps({"headers": headers}, indent=2) + "\n").encode()


def _nginx(assets: Assets, site: Site) -> bytes:
    locations = [
        _Location("", {"Cache-Control": REVALIDATED, **EVERYWHERE}),
        _Location(HASHED, {"Cache-Control": IMMUTABLE, **EVERYWHERE}),
    ]
    pages = [(f"/{re.escape(path)}", policy) for path, policy in site.policies.items() if "/" not in path]
    for pattern, policy in (*pages, *site.folder_policies):
        headers = {"Cache-Control": REVALIDATED, **EVERYWHERE, "Content-Security-Policy": policy}
        locations.append(_Location(f"{pattern}$", headers))
    return render(
        assets,
        "hosts/nginx.conf.j2",
        types=TYPES,
        default_type=DEFAULT_TYPE,
        everywhere=EVERYWHERE,
        locations=locations,
    )


def _apache(assets: Assets, site: Site) -> bytes:
    extensions_of: dict[str, list[str]] = {}
    for extension, type_ in TYPES.items():
        extensions_of.setdefault(type_, []).append(extension)
    return render(
        assets,
        "hosts/apache.htaccess.j2",
        extensions_of=extensions_of,
        everywhere=EVERYWHERE,
        hashed=HASHED,
        immutable=IMMUTABLE,
        revalidated=REVALIDATED,
        policies={re.escape(path): policy for path, policy in site.policies.items() if "/" not in path},
        folder_policies=site.folder_policies,
    )
