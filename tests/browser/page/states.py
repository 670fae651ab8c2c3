"""Every state that a visitor may see the page in, and how it gets there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.server import Fault, Host, Pause
from tests.browser.shown import ASKING, ERROR, LIVE, READY
from tests.browser.sites import script_of, weights_of

LARGE = "landmark_cnn_emotion"


@dataclass(frozen=True)
class Visit:
    """A page that has not gone anywhere yet; its browser has a camera."""

    page: Page
    host: Host
    folder: Path
    """For files to choose."""

    def arrive(self) -> Page:
        """The page with its first answer."""
        self.page.goto(self.host.url)
        self.page.wait_for_selector(READY)
        return self.page

    def choose(self, *names: str, content: bytes = b"no picture") -> None:
        """Choose files: samples of the site, others with `content`."""
        files = []
        for name in names:
            sample = self.host.site / "samples" / name
            if not sample.is_file():
                (self.folder / name).write_bytes(content)
            files.append(sample if sample.is_file() else self.folder / name)
        self.page.set_input_files("#file", files)

    def allow_camera(self) -> None:
        self.page.context.grant_permissions(["camera"], origin=self.host.url)


State = Callable[[Visit], None]


def starting(visit: Visit) -> None:
    visit.page.route("**/models/**", lambda _: None)
    visit.page.goto(visit.host.url)
    visit.page.wait_for_selector("#unstarted", state="detached")


def downloading(visit: Visit) -> None:
    path = weights_of(visit.host.site, "mobilenet_emotion")[0]
    content = (visit.host.site / path).read_bytes()
    visit.host.faults[path] = Fault(content, cut=len(content) // 2, pause=Pause())
    visit.page.goto(visit.host.url)
    visit.page.wait_for_selector("#status:text('Downloading')")


def ready(visit: Visit) -> None:
    visit.arrive()


def opened(visit: Visit) -> None:
    page = visit.arrive()
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.wait_for_selector("#history-rows tr")
    page.wait_for_selector("#compare-download:visible")


def asking(visit: Visit) -> None:
    page = visit.arrive()
    page.check(f"input[value={LARGE}]", force=True)
    page.wait_for_selector(ASKING)


def together(visit: Visit) -> None:
    page = visit.arrive()
    page.check("input[value='*']", force=True)
    page.wait_for_selector(ASKING)
    page.click("#download")
    page.wait_for_selector(READY)


def no_picture(visit: Visit) -> None:
    visit.arrive()
    visit.choose("notes.txt")
    visit.page.wait_for_selector(ERROR)


def heic(visit: Visit) -> None:
    visit.arrive()
    visit.choose("photo.heic", content=b"\0\0\0\x18ftypheic" + bytes(100))
    visit.page.wait_for_selector(ERROR)


def offline(visit: Visit) -> None:
    visit.page.add_init_script("Object.defineProperty(navigator, 'onLine', { get: () => false })")
    visit.host.faults[weights_of(visit.host.site, "mobilenet_emotion")[0]] = Fault(b"", status=503)
    visit.page.goto(visit.host.url)
    expect(visit.page.locator("#problem-title")).to_have_text("You are offline")
    visit.page.click("#problem summary")


def renewed(visit: Visit) -> None:
    for path in ("models/model_info.json", *(file.name for file in visit.host.site.glob("start-*.bin"))):
        visit.host.faults[path] = Fault(b"{}", content_type="application/json")
    visit.page.goto(visit.host.url)
    visit.page.wait_for_selector(ERROR)


def no_webassembly(visit: Visit) -> None:
    visit.page.add_init_script("delete globalThis.WebAssembly")
    visit.page.goto(visit.host.url)
    visit.page.wait_for_selector(ERROR)


def storage_full(visit: Visit) -> None:
    devtools = visit.page.context.new_cdp_session(visit.page)
    quota = {"origin": visit.host.url.rstrip("/"), "quotaSize": 1_000_000}
    devtools.send("Storage.overrideQuotaForOrigin", quota)
    visit.arrive()
    expect(visit.page.locator("#keep-status")).to_contain_text("no room left")
    visit.page.click("#facts-title")


def kept(visit: Visit) -> None:
    page = visit.arrive()
    page.check("#keep")
    expect(page.locator("#keep-status")).to_contain_text("Works without internet")


def not_started(visit: Visit) -> None:
    visit.host.faults[script_of(visit.host.site, "page")] = Fault(b"changed")
    visit.page.goto(visit.host.url)
    visit.page.wait_for_selector("#unstarted >> visible=true")


def camera_asking(visit: Visit) -> None:
    visit.page.add_init_script("navigator.mediaDevices.getUserMedia = () => new Promise(() => {})")
    visit.arrive().click("#camera-start")
    visit.page.wait_for_selector("#camera[data-state=asking]")


def camera_live(visit: Visit) -> None:
    visit.allow_camera()
    visit.arrive().click("#camera-start")
    visit.page.wait_for_selector(LIVE)
    expect(visit.page.locator("#strip-legend li")).to_have_count(4)
    visit.page.wait_for_timeout(2_000)  # some of the strip


def camera_paused(visit: Visit) -> None:
    camera_live(visit)
    visit.page.click("#camera-pause")


def camera_of_a_phone_in_the_dark(visit: Visit) -> None:
    """Two sides, a torch, and no light."""
    visit.page.add_init_script(
        """
        const media = navigator.mediaDevices;
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        setInterval(() => context.fillRect(0, 0, 300, 150), 50);
        media.getUserMedia = async () => {
            const stream = canvas.captureStream();
            stream.getVideoTracks()[0].getCapabilities = () => ({ torch: true });
            return stream;
        };
        media.enumerateDevices = async () =>
            ["1", "2"].map((deviceId) => ({ deviceId, kind: "videoinput", label: "" }));
        const match = window.matchMedia.bind(window);
        window.matchMedia = (query) => query.includes("coarse") ? { matches: true } : match(query);
        """
    )
    visit.arrive().click("#camera-start")
    visit.page.wait_for_selector("#camera-flip:visible")
    visit.page.wait_for_selector("#camera-hint:visible")


def camera_chooser(visit: Visit) -> None:
    visit.allow_camera()
    visit.page.add_init_script(
        """navigator.mediaDevices.enumerateDevices = async () => ["Built-in", "Desk camera (1080p)"].map(
            (label, at) => ({ deviceId: String(at + 1), kind: "videoinput", label }));"""
    )
    visit.arrive().click("#camera-start")
    visit.page.wait_for_selector("#camera-device:visible")
    visit.page.wait_for_selector(READY)


def camera_denied(visit: Visit) -> None:
    visit.page.context.clear_permissions()
    visit.arrive().click("#camera-start")
    visit.page.wait_for_selector("#camera[data-state=problem]")


def heat_map(visit: Visit) -> None:
    visit.arrive().click("#heat-toggle")
    visit.page.wait_for_selector("#heat:visible")


def comparing(visit: Visit) -> None:
    visit.arrive().click("#compare summary")
    visit.page.select_option("#compare-network", "efficientnet_emotion")
    visit.page.wait_for_selector("#compare-bars-2 li")


def comparing_with_a_large_one(visit: Visit) -> None:
    visit.arrive().click("#compare summary")
    visit.page.select_option("#compare-network", LARGE)
    visit.page.wait_for_selector("#compare-download:visible")


def earlier_answers(visit: Visit) -> None:
    page = visit.arrive()
    page.click("#history summary")
    page.wait_for_selector("#history-rows tr")
    page.locator(".sample").nth(2).click()
    expect(page.locator("#history-rows tr")).to_have_count(2)


LATER_WRONG = """
delete globalThis.Worker;
globalThis.broken = false;
const wrap = (backend) => backend.name !== "compiled" ? backend : {
    ...backend,
    run: async (...call) => (await backend.run(...call)).map((logit) => logit + broken),
};
globalThis[Symbol.for("torch2web.seam")] = { wrap };
globalThis.breakIt = () => {
    globalThis.broken = true;
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
};
"""
"""A page without workers, whose compiled engine is wrong as soon as `broken` is true."""


def doubtful(visit: Visit) -> None:
    """A later check has failed: the answers since the last one are marked; the picture is answered again."""
    visit.page.add_init_script(LATER_WRONG)
    earlier_answers(visit)
    visit.page.evaluate("breakIt()")
    visit.page.wait_for_selector("#doubted:visible")
    expect(visit.page.locator("#history-rows tr")).to_have_count(3)
    expect(visit.page.locator("#history-rows .doubt:visible")).to_have_count(2)
    assert visit.page.locator("#history-rows tr").first.locator(".doubt").is_hidden(), "answered anew"
    assert visit.page.locator("#progress.running").count() == 0, "nothing is downloaded any more"


def no_earlier_answers(visit: Visit) -> None:
    earlier_answers(visit)
    visit.page.click("#history-clear")


def several_pictures(visit: Visit) -> None:
    visit.arrive()
    visit.choose("bored-1.jpg", "a broken file with a long name, as cameras give them.jpg", "tired-1.jpg")
    visit.page.wait_for_selector("#batch-save:visible")


def several_pictures_running(visit: Visit) -> None:
    """The second never reaches the worker."""
    visit.page.add_init_script(
        """
        const isNever = (value) => value instanceof File ? value.name === "never.jpg"
            : Object(value) === value && Object.values(value).some(isNever);
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message, ...given) {
            if (!isNever(message)) post.call(this, message, ...given);
        };
        """
    )
    visit.arrive()
    visit.choose("bored-1.jpg", "never.jpg", "tired-1.jpg")
    visit.page.wait_for_selector("#batch-rows tr")
    expect(visit.page.locator("#batch-abort")).to_be_visible()
    expect(visit.page.locator("#batch-text")).to_contain_text("1 of 3")


def dragging(visit: Visit) -> None:
    visit.arrive().evaluate("document.dispatchEvent(new DragEvent('dragover', { cancelable: true }))")


def embedding(visit: Visit) -> None:
    visit.page.goto(f"{visit.host.url}embed.html")


def verifying(visit: Visit) -> None:
    visit.page.goto(f"{visit.host.url}verify.html")
    visit.page.wait_for_selector("html[data-ready]")


STATES: tuple[State, ...] = (
    starting,
    downloading,
    ready,
    opened,
    asking,
    together,
    no_picture,
    heic,
    offline,
    renewed,
    no_webassembly,
    storage_full,
    kept,
    not_started,
    dragging,
    camera_asking,
    camera_live,
    camera_paused,
    camera_of_a_phone_in_the_dark,
    camera_chooser,
    camera_denied,
    heat_map,
    comparing,
    comparing_with_a_large_one,
    earlier_answers,
    doubtful,
    no_earlier_answers,
    several_pictures,
    several_pictures_running,
    embedding,
    verifying,
)
