"""Files for hosts: headers for caching, types and isolation of every file of a built site."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.patience import PATIENCE
from torch2web.errors import OutputError
from torch2web.serve.host_emulation.create import EMULATED_HOSTS, create_emulated_server
from torch2web.serve.host_emulation.limits import CLOUDFLARE, GITHUB, NGINX, Limits, require_within
from torch2web.serve.static.server import ISOLATION_HEADERS
from torch2web.site.hosting.headers_file import MAX_LINE, MAX_RULES, headers_of, read_headers_file
from torch2web.site.hosting.host_files import read_site
from torch2web.site.hosting.host_rules import EVERYWHERE, IMMUTABLE, REVALIDATED, Site, path_rules, policy_of

HASH = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def originals(small_site: Path) -> list[str]:
    """Paths that visitors may request: no precompressed files, and no files for hosts."""
    paths = [path.relative_to(small_site).as_posix() for path in small_site.rglob("*") if path.is_file()]
    ours = (".gitattributes", "_headers", "vercel.json", "hosting/", "SHA256SUMS")
    return sorted(path for path in paths if not path.startswith(ours) and not path.endswith((".br", ".gz")))


@pytest.fixture(scope="module")
def site(small_site: Path, originals: list[str]) -> Site:
    return read_site(small_site, originals)


def test_every_file_has_the_caching_of_its_name(originals: list[str], site: Site) -> None:
    hashed = [path for path in originals if site.headers(path)["Cache-Control"] == IMMUTABLE]
    assert {re.sub("[0-9a-f]{32}", "*", path) for path in hashed} == {
        *(f"engine/engine{build}-*.wasm" for build in ("", "-relaxed", "-threads", "-relaxed-threads")),
        "models/parts/*.bin",
        "start-*.bin",
        *(
            f"samples/small/{Path(path).stem}-*.jpg"
            for path in originals
            if re.match(r"samples/\w", path) and path.count("/") == 1
        ),
        *(f"onnxruntime/ort-wasm-simd-threaded{build}-*.mjs" for build in ("", ".jspi")),
        *(f"onnxruntime/ort-wasm-simd-threaded{build}-*.wasm" for build in ("", ".jspi")),
        *(f"onnxruntime/ort.{build}.min-*.mjs" for build in ("wasm", "jspi")),
        "decoder-*.js",
        "elsewhere-*.js",
        "embed-*.js",
        "images-*.js",
        "manifest-*.js",
        *(
            f"page-{name}-*.js"
            for name in ("batch", "camera", "compare", "ensemble", "heatmap", "history", "list")
        ),
        "recalibrate-*.js",
        "sha256-*.js",
        "page-*.css",
        "page-*.js",
        "tasks-*.js",
        "torch2web-*.js",
        "watch-*.js",
        "weights-*.js",
    }
    others = {path: site.headers(path)["Cache-Control"] for path in set(originals) - set(hashed)}
    assert {"index.html", "torch2web.js", "models/model_info.json", "offline.js"} < set(others)
    assert set(others.values()) == {REVALIDATED}


@pytest.mark.parametrize(
    "path",
    ["models/best-20261124.onnx", "model-deadbeef.js", f"{HASH}.js", f"a-{HASH}", f"models/-{HASH[1:]}.js"],
)
def test_name_that_only_resembles_a_hashed_one(path: str) -> None:
    assert Site([path]).headers(path)["Cache-Control"] == REVALIDATED


def test_every_page_is_sent_with_its_own_policy(small_site: Path, site: Site) -> None:
    pages = {path for path in site.policies if not path.startswith("docs/")}
    assert pages == {"embed.html", "index.html", "report.html", "verify.html"}
    assert {"docs/index.html", "docs/api.html"} < set(site.policies)
    names = [path.rpartition("/")[2] for path in site.policies]
    assert [name for name in set(names) if names.count(name) > 1] == ["index.html"], "see folder_policies"
    for path, policy in site.policies.items():
        own = policy.removesuffix("; frame-ancestors 'self'")
        assert own != policy
        assert f'http-equiv="Content-Security-Policy" content="{own}"' in (small_site / path).read_text()
    assert policy_of("<html><p>no policy</html>") == ""


def test_headers_file_agrees_with_the_rules(small_site: Path, originals: list[str], site: Site) -> None:
    """As Cloudflare reads it, which merges the headers of several rules: one rule must match each file."""
    text = (small_site / "_headers").read_text()
    rules = read_headers_file(text)
    assert 10 < len(rules) < MAX_RULES
    assert all(len(line) <= MAX_LINE for line in text.splitlines())
    for path in originals:
        matching = [rule for rule in rules if rule.pattern.fullmatch(f"/{path}")]
        assert len(matching) == 1, path
        assert headers_of(rules, f"/{path}") == site.headers(path)
    for address, page in {"/": "index.html", "/verify": "verify.html"}.items():
        assert headers_of(rules, address) == site.headers(page)
    assert headers_of(rules, "/somewhere/else") == {}


def test_vercel_json_agrees_with_the_rules(small_site: Path, originals: list[str], site: Site) -> None:
    configuration = json.loads((small_site / "vercel.json").read_text())
    assert list(configuration) == ["headers"]
    rules = {rule["source"]: rule["headers"] for rule in configuration["headers"]}
    for path in originals:
        # path-to-regexp: a dot is itself, `(.*)` is a regular expression.
        patterns = [
            source
            for source in rules
            if re.fullmatch(source.replace(".", r"\.").replace(r"(\.*)", "(.*)"), f"/{path}")
        ]
        assert len(patterns) == 1, path
        assert {entry["key"]: entry["value"] for entry in rules[patterns[0]]} == site.headers(path)


@pytest.mark.parametrize("file", ["nginx.conf", "apache.htaccess"])
def test_snippets_hold_every_header_and_type(
    small_site: Path, originals: list[str], site: Site, file: str
) -> None:
    """Their effect in servers: tests/browser/delivery/test_hosts.py."""
    text = (small_site / "hosting" / file).read_text()
    for path in originals:
        headers = site.headers(path)
        kind = headers.pop("Content-Type")
        extension = Path(path).suffix.removeprefix(".")
        name = re.escape(kind)
        assert (
            re.search(rf'"{name}" {extension};|\b{extension}\b.*\n +ForceType "{name}"', text)
            or not extension
        ), path
        for name, value in headers.items():
            assert f'{name} "{value}"' in text
    assert "&#" not in text, "no HTML in it"


def test_host_files_and_forms_are_among_the_checksums(small_site: Path) -> None:
    listed = {line.split("  ")[1] for line in (small_site / "SHA256SUMS").read_text().splitlines()}
    assert {"_headers", "vercel.json", "hosting/nginx.conf", "hosting/apache.htaccess"} < listed
    assert {"index.html.br", "index.html.gz", "models/model_info.json.br"} < listed


def test_folder_with_equal_headers_is_one_rule() -> None:
    paths = ["a/x.png", "a/b/y.png", "c/x.png", "c/y.js", f"c/d-{HASH}.js"]
    assert [rule.path for rule in path_rules(Site(paths))] == [
        "/a/*",
        f"/c/d-{HASH}.js",
        "/c/x.png",
        "/c/y.js",
    ]


def test_pages_of_folders_have_their_policy_where_the_site_is_in_a_folder_of_that_name_too() -> None:
    """The servers' expressions do not know where a site begins: no page may get another one's policy."""
    policies = {"index.html": "a", "report.html": "b", "docs/index.html": "c", "docs/report.html": "c"}
    policies |= {"docs/x.html": "c", "docs/y.z.html": "c", "deep/er/w.html": "d"}
    assert Site(list(policies), policies).folder_policies == [
        (r"/deep/er/(w)\.html", "d"),
        (r"/docs/(x|y\.z)\.html", "c"),
    ]


def test_git_leaves_line_ends_alone(small_site: Path, tmp_path: Path) -> None:
    """As in a checkout on Windows, where Git converts line ends by default."""
    git = shutil.which("git")
    if not git:
        pytest.skip("there is no git")
    (tmp_path / "site").mkdir()
    paths = (".gitattributes", "index.html", "torch2web.js", "SHA256SUMS")
    for path in paths:
        shutil.copy(small_site / path, tmp_path / "site" / path)
    (tmp_path / ".gitattributes").write_text("* text=auto\n")  # those of the enclosing repository

    def run(*arguments: str) -> None:
        command = [git, "-c", "core.autocrlf=true", "-c", "core.safecrlf=false", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    run("init")
    run("add", ".")
    shutil.rmtree(tmp_path / "site")
    run("checkout", ".")
    for path in paths:
        assert (tmp_path / "site" / path).read_bytes() == (small_site / path).read_bytes()


def test_reading_a_headers_file_as_cloudflare_does() -> None:
    rules = read_headers_file(
        "# comment\n/*\n  X-One: 1\n  X-Two: a: b\n\n/movies/:title\n  X-One: 2\n/movies/*\n  ! X-Two\n"
    )
    assert headers_of(rules, "/other") == {"X-One": "1", "X-Two": "a: b"}
    assert headers_of(rules, "/movies/one") == {"X-One": "1, 2"}
    assert headers_of(rules, "/movies/one/two") == {"X-One": "1"}
    many = "".join(f"/{number}\n  X-One: 1\n" for number in range(MAX_RULES + 1))
    assert headers_of(read_headers_file(many), f"/{MAX_RULES}") == {}
    assert headers_of(read_headers_file(f"/a\n  X-One: {'1' * MAX_LINE}\n"), "/a") == {}


def sparse(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def test_site_within_the_limits(small_site: Path) -> None:
    for limits in (NGINX, CLOUDFLARE, GITHUB):
        require_within(limits, small_site)


@pytest.mark.parametrize(
    ("limits", "files", "problem"),
    [
        (
            CLOUDFLARE,
            {"models/large.onnx": 26 * 2**20, "fine": 25 * 2**20},
            r"found models/large.onnx \(26.0 MiB\); Cloudflare Pages accepts files of up to 25 MiB; "
            "build it with --no-full-onnx, which omits the full ONNX files; the page does not load them$",
        ),
        (
            CLOUDFLARE,
            {f"models/parts/{number}.bin": 30 * 2**20 for number in range(6)},
            "3.bin .30.0 MiB. and 2 more; .*build it with --max-file-size 25 or less, which splits",
        ),
        (
            GITHUB,
            {"a.onnx": 101 * 2**20},
            r"a.onnx \(101.0 MiB\); GitHub Pages accepts files of up to 100 MiB",
        ),
        (
            GITHUB,
            {f"{number}.bin": 100 * 2**20 for number in range(10)},
            "it is 1.05 GB; GitHub Pages accepts sites of up to 1 GB",
        ),
    ],
)
def test_site_that_a_host_would_refuse(
    tmp_path: Path, limits: Limits, files: dict[str, int], problem: str
) -> None:
    for path, size in files.items():
        sparse(tmp_path / path, size)
    require_within(NGINX, tmp_path)
    with pytest.raises(OutputError, match=problem):
        require_within(limits, tmp_path)


def test_site_that_is_refused_is_not_served(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="there is no built site"),
        create_emulated_server("github", tmp_path, 0),
    ):
        pass
    (tmp_path / "models").mkdir()
    (tmp_path / "models/model_info.json").write_text("{}")
    with (
        pytest.raises(OutputError, match="it has no _headers"),
        create_emulated_server("cloudflare", tmp_path, 0),
    ):
        pass
    sparse(tmp_path / "models/large.onnx", 101 * 2**20)
    for host in ("cloudflare", "github"):
        with pytest.raises(OutputError, match="--no-full-onnx"), create_emulated_server(host, tmp_path, 0):
            pass


def test_command_prints_where_the_host_would_have_it(small_site: Path) -> None:
    command = [sys.executable, "build.py", "serve", "--host", "github", "--port", "0", str(small_site)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/project/  \(as github serves it; Ctrl-C stops it\)\n", line)
    with urllib.request.urlopen(line.split()[0], timeout=PATIENCE) as response:
        assert response.headers["Cache-Control"] == "max-age=600"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE)[0] == "stopped\n"
    assert process.returncode == 0


def test_every_emulated_host_is_an_option() -> None:
    help_text = subprocess.run(
        [sys.executable, "build.py", "serve", "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    assert f"--host {{{','.join(EMULATED_HOSTS)}}}" in help_text


def test_isolation_is_as_the_development_server_has_it() -> None:
    assert ISOLATION_HEADERS.items() <= EVERYWHERE.items()
