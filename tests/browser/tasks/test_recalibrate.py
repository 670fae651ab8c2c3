"""`watch` with `recalibrate`: a real server of another origin, and servers that are gone, slow or wrong."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.server import Host
from tests.browser.tasks.built import Built
from tests.unit.server.served import serving


@pytest.fixture
def watching(camera_browser: Browser, host: Host) -> Iterator[Page]:
    """A page where `run(options, until, name)` watches the camera, and says what happened."""
    # The policy of the test's host names no other server.
    context = camera_browser.new_context(permissions=["camera"], bypass_csp=True)
    page = context.new_page()
    page.goto(f"{host.url}blank.html")
    page.evaluate(
        """async () => {
            const { loadModel } = await import("./torch2web.js");
            const model = await loadModel("classes", { variant: "fp32" });
            const stream = await navigator.mediaDevices.getUserMedia({ video: true });
            window.run = async (options, until, name) => {
                const changes = [], seen = [], errors = [];
                const used = name ? await loadModel(name, { task: "embedding" }) : model;
                const onChange = (change) => changes.push(change);
                const recalibrate = options && { every: "1s", onChange, ...options };
                const watch = used.watch(stream, (prediction) => seen.push(prediction),
                    { maxRate: 10, onError: (error) => errors.push(String(error)), recalibrate });
                const end = performance.now() + 120_000;
                let soFar;
                for (; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
                    soFar = {
                        states: changes.map(({ state }) => state),
                        problems: changes.map(({ problem }) => problem).filter(Boolean),
                        errors, answers: seen.length,
                        corrected: seen.filter(({ recalibrated }) => recalibrated).length,
                    };
                    if (until(soFar) || performance.now() > end) break;
                }
                watch.stop();
                const sent = changes.filter(({ state }) => state === "sending");
                return { ...soFar, sent: sent.map(({ time }) => time),
                    sums: seen.map(({ probabilities }) => probabilities?.reduce((sum, p) => sum + p, 0)),
                    last: seen.at(-1), bytes: changes.find(({ bytes }) => bytes)?.bytes };
            };
        }"""
    )
    yield page
    context.close()


def run(page: Page, options: str, until: str, name: str = "") -> dict[str, Any]:
    """Until a condition of what is returned, or two minutes."""
    found: dict[str, Any] = page.evaluate(
        f"() => run({options}, ({{ states, problems, errors, answers, corrected }}) => {until}, {name!r})"
    )
    return found


UNTIL_DECLINED = "states.includes('declined') && answers > 2"


def test_pictures_leave_with_consent_alone(watching: Page, built: Built, host: Host, tmp_path: Path) -> None:
    requests: list[str] = []
    watching.on("request", lambda request: requests.append(request.method))
    origin = host.url.rstrip("/")
    with serving(built.site, tmp_path / "log", "--allow-origin", origin) as served:
        url = f"http://127.0.0.1:{served.port}/api/models/classes/predict"
        assert run(watching, "undefined", "answers > 10")["corrected"] == 0
        assert "POST" not in requests, "off unless asked for"
        for consent in ("false", "() => false", "async () => 'yes'", "() => { throw new Error('page') }"):
            found = run(watching, f"{{ url: '{url}', consent: {consent} }}", UNTIL_DECLINED)
            assert set(found["states"]) == {"asking", "declined"}
            assert found["answers"] > 2
        assert "POST" not in requests
        agreed = f"{{ url: '{url}', every: '3s', consent: async () => true }}"
        found = run(
            watching, agreed, "corrected > 5 && states.filter((state) => state === 'corrected').length > 1"
        )
        assert found["states"][:3] == ["asking", "sending", "corrected"]
        assert all(later - before >= 3000 for before, later in pairwise(found["sent"]))
        assert len(found["sent"]) >= 2
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
    found = run(watching, f"{{ url: '{SERVER}', consent: true }}", "problems.length && answers > 5")
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
    found = run(watching, options, "errors.length", name)
    assert problem in found["errors"][0]
    assert found["errors"][0].startswith("RangeError")
