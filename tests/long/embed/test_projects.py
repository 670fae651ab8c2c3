"""The npm package, and the site's own loader, in projects of four build tools, in Chromium."""

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.images.test_pictures import synthetic
from tests.browser.server import Host, hosting
from tests.long.embed.projects import FOLDER, installed, node, node_command
from tests.long.engines import started
from tests.npm_package import TOLERANCE, embed_lines, pytorch_logits
from tests.unit.docs.snippets import all_snippets, documented

pytestmark = pytest.mark.long

LABELS = "abcd"

Address = str
Serve = Callable[[Path, ExitStack], Address]


def vite_dev(project: Path, stack: ExitStack) -> Address:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    vite = ["node_modules/vite/bin/vite.js", "--strictPort", "--host", "127.0.0.1", "--port", port]
    command = node_command(*[project / vite[0], project, *vite[1:]])
    stack.enter_context(started(command, project / "dev.log"))
    address = f"http://127.0.0.1:{port}/"
    for _ in range(1200):
        try:
            with urlopen(address):
                return address
        except OSError:
            time.sleep(0.1)
    pytest.fail((project / "dev.log").read_text())


def webpack_built(project: Path, stack: ExitStack) -> Address:
    printed = node("build.js", project=project)
    assert "warning" not in printed.lower()
    shutil.copytree(project / "public", project / "dist", dirs_exist_ok=True)
    return stack.enter_context(hosting(project / "dist")).url


def next_built(project: Path, stack: ExitStack) -> Address:
    node("node_modules/next/dist/bin/next", "build", project=project)
    return stack.enter_context(hosting(project / "out")).url


def svelte_built(project: Path, stack: ExitStack) -> Address:
    write_documented("svelte", project / "src/routes/+page.svelte")
    node("node_modules/vite/bin/vite.js", "build", project=project)
    return stack.enter_context(hosting(project / "build")).url


def angular_built(project: Path, stack: ExitStack) -> Address:
    write_documented("ts", project / "src/app.ts")
    printed = node("node_modules/@angular/cli/bin/ng.js", "build", project=project)
    assert "warning" not in printed.lower(), printed
    return stack.enter_context(hosting(project / "dist/app/browser")).url


def write_documented(language: str, target: Path) -> None:
    """Write the component of docs/bundlers.md into a project."""
    found = [s for s in all_snippets() if (s.page, s.language) == ("docs/bundlers.md", language)]
    (component,) = found
    target.write_text(component.content.replace("mobilenet_emotion", "one"))


STACKS: dict[str, tuple[str, Serve]] = {
    "vite-dev": ("vite", vite_dev),
    "webpack": ("webpack", webpack_built),
    "next": ("next", next_built),
    "svelte": ("svelte", svelte_built),
    "angular": ("angular", angular_built),
}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "photo.jpg"
    synthetic(61, 47).save(path, quality=95)
    return path


@pytest.fixture
def address(request: pytest.FixtureRequest, site: Path) -> Iterator[Address]:
    """Where the project of the tool `request.param` is served."""
    if request.param == "vite":
        yield request.getfixturevalue("vite_app").url
        return
    name, serve = STACKS[request.param]
    with installed(name, site) as project, ExitStack() as until:
        yield serve(project, until)


PREDICT = """async ([name, bytes, from]) => {
  const model = await (from === "package"
    ? torch2web.loadModel(name, { baseURL: "/torch2web/", variant: "fp32" })
    : loadFromSite(name, { variant: "fp32" }));
  const { logits, exact } = await model.predict(new Blob([Uint8Array.from(bytes)]));
  const { worker, backend } = model;
  await model.dispose();
  return { logits: [...logits], exact, worker, backend: backend.name };
}"""


def require_pytorchs_numbers(page: Page, picture: Path, origin: str) -> None:
    """The loader `origin`, in a worker, gives PyTorch's logits."""
    for name in ("one", "two"):
        found = page.evaluate(PREDICT, [name, list(picture.read_bytes()), origin])
        difference = np.abs(found["logits"] - pytorch_logits(name, picture)).max()
        assert difference <= TOLERANCE
        assert found["exact"]
        assert found["worker"] == {"used": True, "reason": ""}
        assert found["backend"] == "compiled"


def shown(page: Page) -> str:
    """The most probable label, once the page shows it."""
    body = page.locator("body")
    expect(body).to_contain_text(" %")
    return next(line.strip()[0] for line in body.inner_text().splitlines() if " %" in line)


@pytest.mark.parametrize("address", ["vite", *STACKS], indirect=True)
def test_predicts_what_pytorch_predicts(
    address: Address, request: pytest.FixtureRequest, picture: Path, page: Page
) -> None:
    """An image chosen in the page, predicted by the package and by the site's loader, in a worker each."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url.rpartition("/torch2web/")[2]))
    page.goto(address)
    page.wait_for_function("globalThis.torch2web")
    page.set_input_files("input[type=file]", picture)
    assert shown(page) == LABELS[int(pytorch_logits("one", picture).argmax())]
    assert any(worker.url.startswith("blob:") for worker in page.workers)
    # React mounts twice under StrictMode.
    assert requested.count("models/model_info.json") == 1
    require_pytorchs_numbers(page, picture, "package")
    assert not any(path.startswith(("torch2web-", "images-")) for path in requested), "from the package"
    require_pytorchs_numbers(page, picture, "site")
    if request.node.callspec.id == "next":
        assert page.locator("#server").inner_text() in LABELS
    assert problems == []


def test_the_sites_loader_is_imported_as_documented() -> None:
    """Each line of the documentation's block is in a project."""
    found = {path.parent: path.read_text() for path in FOLDER.rglob("site_loader.js")}
    assert len(found) == len({project for project, _ in STACKS.values()})
    (block,) = [
        snippet.content
        for snippet in all_snippets()
        if snippet.page == "docs/bundlers.md" and "-ignore" in snippet.content.lower()
    ]
    for line in block.splitlines():
        code = line.partition("; //")[0]
        assert any(code in text for text in found.values()), line


LINES = """
import { createRoot } from "react-dom/client";
import Page from "./react_lines.jsx";
import { run } from "./npm_lines.js";
import { Answer } from "./readme_lines.jsx";

function answer(file) {
  const place = document.body.appendChild(document.createElement("section"));
  createRoot(place).render(<Answer file={file} />);
}
Object.assign(globalThis, { run, answer });
createRoot(document.body.appendChild(document.createElement("main"))).render(<Page />);
"""


def test_lines_of_embed_html(site: Path, picture: Path, page: Page) -> None:
    """The snippets for npm, in a function but for the import, and for React; the site has another origin.

    And the component of the package's README.
    """
    with hosting(site, cors=True, isolated=False) as other:
        run_lines(site, other.url, picture, page)


def run_lines(site: Path, base: str, picture: Path, page: Page) -> None:
    npm, react = (embed_lines(name, site, base) for name in ("npm", "react"))
    readme = documented("web/package/README.md", "function Answer").replace("mobilenet_emotion", "one")
    imports, body = npm.split("\n", 1)
    lines = {
        "src/npm_lines.js": f"{imports}\nexport async function run(file) {{\n{body}\nreturn top;\n}}\n",
        "src/react_lines.jsx": react,
        "src/readme_lines.jsx": readme.replace("function Answer", "export function Answer"),
        "src/lines.jsx": LINES,
        "lines.html": '<!doctype html><body></body><script type="module" src="/src/lines.jsx"></script>',
    }
    label = LABELS[int(pytorch_logits("one", picture).argmax())]
    with installed("vite", site) as project, ExitStack() as until:
        for path, content in lines.items():
            (project / path).write_text(content)
        page.goto(f"{vite_dev(project, until)}lines.html")
        page.set_input_files("input[type=file]", picture)
        assert shown(page) == label
        run = "bytes => run(new Blob([Uint8Array.from(bytes)])).then(([{ label }]) => label)"
        assert page.evaluate(run, list(picture.read_bytes())) == label
        page.evaluate("bytes => answer(new Blob([Uint8Array.from(bytes)]))", list(picture.read_bytes()))
        expect(page.locator("section p")).to_have_text(label)


DOUBT = """
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { ImageClassifier, useModel, usePrediction } from "torch2web/react";

// Two threads compute wrong numbers as soon as `broken`; one thread is the backend after them.
Object.assign(globalThis, { broken: false, runs: 0 });
const wrap = (backend) => backend.threads !== 2 ? backend : {
  ...backend,
  run: async (...call) => {
    const logits = await backend.run(...call);
    runs++;
    return logits.map((logit) => (broken ? -logit : logit));
  },
};
globalThis[Symbol.for("torch2web.seam")] = { wrap };
Object.assign(globalThis, { doubts: [], shown: [] });

const options = { baseURL: "/torch2web/", threads: 2, worker: false, variant: "fp32" };

function Answer({ file }) {
  const onDoubtful = (doubt) => doubts.push(doubt);
  const { model, doubtful: report } = useModel("one", { ...options, onDoubtful });
  const { prediction, pending, doubtful } = usePrediction(model, file);
  if (prediction) shown.push([prediction.label, doubtful]);
  return <p id="answer">{prediction && !pending ? prediction.label : ""} {report?.count ?? "none"}</p>;
}

function Page() {
  const [file, setFile] = useState();
  return (
    <>
      <input id="own" type="file" onChange={({ target }) => setFile(target.files[0])} />
      <Answer file={file} />
      <ImageClassifier model="one" {...options} texts={{ doubtful: "Perhaps wrong" }} />
    </>
  );
}
createRoot(document.body).render(<StrictMode><Page /></StrictMode>);
"""


def test_react_says_which_answers_are_doubtful(site: Path, picture: Path, page: Page) -> None:
    """A picture whose answer was wrong is predicted again, without a click."""
    right = LABELS[int(pytorch_logits("one", picture).argmax())]
    wrong = LABELS[int(pytorch_logits("one", picture).argmin())]
    with installed("vite", site) as project, ExitStack() as until:
        (project / "src/doubt.jsx").write_text(DOUBT)
        script = '<script type="module" src="/src/doubt.jsx"></script>'
        (project / "doubt.html").write_text(f"<!doctype html><body></body>{script}")
        (project / "vite.config.js").write_text(ISOLATED)
        page.goto(f"{vite_dev(project, until)}doubt.html")
        page.set_input_files("#own", picture)
        expect(page.locator("#answer")).to_have_text(f"{right} none")
        expect(page.get_by_role("status")).to_have_count(0)
        # The check after the first second would come anyway; the next one then only when the page comes back.
        before = page.evaluate("runs")
        page.evaluate(COME_BACK)
        page.wait_for_function("before => runs > before", arg=before)
        page.evaluate("broken = true")
        page.set_input_files("label input", picture)
        expect(page.locator("ol li").first).to_contain_text(wrong)
        page.set_input_files("#own", [])
        page.set_input_files("#own", picture)
        expect(page.locator("#answer")).to_have_text(f"{wrong} none")
        page.evaluate(COME_BACK)
        expect(page.get_by_role("status")).to_have_text("Perhaps wrong")
        expect(page.locator("ol li").first).to_contain_text(right)
        expect(page.locator("#answer")).to_contain_text(right)
        shown: list[list[Any]] = page.evaluate("shown")
        assert shown[-1] == [right, False]
        assert [wrong, True] in shown
        assert page.evaluate("doubts.length") == 1
        page.get_by_role("button", name="Camera").click()
        expect(page.get_by_role("status")).to_have_count(0)


COME_BACK = "document.dispatchEvent(new Event('visibilitychange'))"

ISOLATED = """
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
export default { server: { headers } };
"""


def test_small_app(vite_app: Host, picture: Path, page: Page) -> None:
    """Two models, progress, abort and camera; nothing is left when the app goes away."""
    assert len((FOLDER / "vite/src/App.jsx").read_text().splitlines()) == 33
    page.goto(vite_app.url)
    page.set_input_files("input[type=file]", picture)
    expect(page.locator("body")).to_contain_text(" %")
    answers = {}
    for name in ("two", "one"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        label = LABELS[int(pytorch_logits(name, picture).argmax())]
        expect(page.locator("p", has=page.locator("meter")).first).to_contain_text(f"{label} ")
        answers[name] = label
    assert len(set(answers.values())) == 2
    page.evaluate("app.unmount()")
    page.wait_for_function("!document.querySelector('main')")
    for _ in range(1200):
        if not page.workers:
            break
        page.wait_for_timeout(50)
    assert page.workers == []


def test_load_is_aborted(vite_app: Host, page: Page) -> None:
    pause = vite_app.pause_at("torch2web/models/model_info.json")
    page.goto(vite_app.url)
    page.get_by_role("button", name="Abort").click()
    expect(page.locator("progress")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    pause.go_on()
    page.get_by_role("button", name="two").click()
    expect(page.locator("progress")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_policy_without_blobs_is_named(vite_app: Host, page: Page) -> None:
    """The model then runs in the page, and a warning names the missing directive."""
    policy = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"
    page.route(
        vite_app.url,
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={**answer.headers, "content-security-policy": policy},
        ),
    )
    page.goto(vite_app.url)
    page.wait_for_function("globalThis.torch2web")
    load = "options => torch2web.loadModel('one', { baseURL: '/torch2web/', ...options })"
    report: dict[str, Any] = page.evaluate(f"({load})({{ cache: false }}).then(({{ worker }}) => worker)")
    assert report["used"] is False
    assert "worker-src blob:" in report["reason"]
    used: dict[str, Any] = page.evaluate(
        f"({load})({{ worker: '/torch2web/torch2web.js' }}).then(({{ worker }}) => worker)"
    )
    assert used == {"used": True, "reason": ""}, "the site's own script"
