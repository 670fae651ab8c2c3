"""`watch` with `recalibrate`: a real server of another origin, and servers that are gone, slow or wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.server import Host
from tests.browser.tasks.built import Built
from tests.unit.server.served import serving


@pytest.fixture
def watching(camera_browser: Browser, host: Host) -> Iterator[Page]:
    """A page where `run(options, milliseconds, name)` watches the camera, and says what happened."""
    # The policy of the test's host names no other server.
    context = camera_browser.new_context(permissions=["camera"], bypass_csp=True)
    page = context.new_page()
    page.goto(f"{host.url}blank.html")
    page.evaluate(
        """async () => {
            const { loadModel } = await import("./torch2web.js");
            const model = await loadModel("classes", { variant: "fp32" });
            const stream = await navigator.mediaDevices.getUserMedia({ video: true });
            window.run = async (options, milliseconds, name) => {
                const changes = [], seen = [], errors = [];
                const used = name ? await loadModel(name, { task: "embedding" }) : model;
                const onChange = (change) => changes.push(change);
                const recalibrate = options && { every: "1s", onChange, ...options };
                const watch = used.watch(stream, (prediction) => seen.push(prediction),
                    { maxRate: 10, onError: (error) => errors.push(String(error)), recalibrate });
                await new Promise((resolve) => setTimeout(resolve, milliseconds));
                watch.stop();
                const states = changes.map(({ state }) => state);
                const problems = changes.map(({ problem }) => problem).filter(Boolean);
                return { states, problems, errors, answers: seen.length,
                    corrected: seen.filter(({ recalibrated }) => recalibrated).length,
                    sums: seen.map(({ probabilities }) => probabilities?.reduce((sum, p) => sum + p, 0)),
                    last: seen.at(-1), bytes: changes.find(({ bytes }) => bytes)?.bytes };
            };
        }"""
    )
    yield page
    context.close()


def run(page: Page, options: str, milliseconds: int = 3500, name: str = "") -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(f"() => run({options}, {milliseconds}, {name!r})")
    return found


def test_pictures_leave_with_consent_alone(watching: Page, built: Built, host: Host, tmp_path: Path) -> None:
    requests: list[str] = []
    watching.on("request", lambda request: requests.append(request.method))
    origin = host.url.rstrip("/")
    with serving(built.site, tmp_path / "log", "--allow-origin", origin) as served:
        url = f"http://127.0.0.1:{served.port}/api/models/classes/predict"
        assert run(watching, "undefined", 1500)["corrected"] == 0
        assert "POST" not in requests, "off unless asked for"
        for consent in ("false", "() => false", "async () => 'yes'", "() => { throw new Error('page') }"):
            found = run(watching, f"{{ url: '{url}', consent: {consent} }}", 1500)
            assert set(found["states"]) == {"asking", "declined"}
            assert found["answers"] > 2
        assert "POST" not in requests
        found = run(watching, f"{{ url: '{url}', consent: async () => true }}")
        assert found["states"][:3] == ["asking", "sending", "corrected"]
        assert 2 <= found["states"].count("sending") <= 4
        assert 1000 < found["bytes"] < 200_000
        assert found["corrected"] > 5
        assert all(abs(total - 1) < 1e-6 for total in found["sums"])
        # Page and server run the same network, so the correction is that of JPEG and another decoder.
        last = found["last"]
        assert 0 < last["recalibrated"]["weight"] <= 1
        assert found["errors"] == []
        answered = [line for line in served.events("request") if line["path"].endswith("/predict")]
        assert {line["status"] for line in answered} == {200}
        assert all(max(line["width"], line["height"]) <= 640 for line in answered)


SERVER = "https://server.example/api/predict"


@pytest.mark.parametrize(
    ("answer", "problem", "state"),
    [
        ("gone", "cannot be reached", "failed"),
        ("slow", "did not answer in time", "failed"),
        ("text", "no JSON", "failed"),
        ("empty", "has other labels", "failed"),
        ("wrong", "no probabilities", "failed"),
        ("refused", "status 403", "failed"),
    ],
)
def test_watching_goes_on_whatever_the_server_does(
    watching: Page, built: Built, answer: str, problem: str, state: str
) -> None:
    labels = built.models["classes"]["labels"]
    cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}

    def respond(route: Route) -> None:
        if route.request.method == "OPTIONS":
            route.fulfill(status=204, headers=cors)
        elif answer == "gone":
            route.abort("connectionrefused")
        elif answer == "text":
            route.fulfill(body="<p>hello", headers=cors)
        elif answer == "empty":
            route.fulfill(json={}, headers=cors)
        elif answer == "wrong":
            route.fulfill(json={"model": {"labels": labels}, "probabilities": ["x"]}, headers=cors)
        elif answer == "refused":
            route.fulfill(status=403, body="{}", headers=cors)

    watching.route(SERVER, respond)
    found = run(watching, f"{{ url: '{SERVER}', consent: true }}", 2500)
    watching.unroute(SERVER)
    assert state in found["states"]
    assert problem in found["problems"][0]
    assert found["corrected"] == 0
    assert found["answers"] > 5
    assert found["errors"] == []


@pytest.mark.parametrize(
    ("options", "name", "problem"),
    [
        ("{ url: '/x' }", "", "takes consent: true, or a function"),
        ("{ url: 'https://', consent: true }", "", "takes the url of a server"),
        ("{ url: '/x', consent: true, every: '30' }", "", "takes every as"),
        ("{ url: '/x', consent: true }", "face", "is for classifiers"),
    ],
)
def test_wrong_options(watching: Page, options: str, name: str, problem: str) -> None:
    found = run(watching, options, 1000, name)
    assert problem in found["errors"][0]
    assert found["errors"][0].startswith("RangeError")
