"""Whatever is chosen in whatever order: what is shown belongs to the latest choice."""

from pathlib import Path

from playwright.sync_api import Page, Route

from tests.browser.server import Host, Hosting
from tests.browser.shown import READY
from tests.browser.sites import weights_of


def test_slow_sample_does_not_replace_a_later_choice(page: Page, host: Host, small_site: Path) -> None:
    def late(route: Route) -> None:
        page.wait_for_timeout(700)
        route.continue_()

    page.route("**/samples/bored-1.jpg", late)
    page.goto(host.url, wait_until="commit")
    page.wait_for_selector(".sample[aria-pressed=true]")  # the page's script runs and asked for the sample
    page.set_input_files("#file", small_site / "samples/tired-1.jpg")
    page.wait_for_selector(READY)
    page.wait_for_timeout(1500)
    assert page.inner_text("#label") == "Tired"
    assert page.locator("#preview").get_attribute("alt") == "tired-1.jpg"
    assert page.locator(".sample[aria-pressed=true]").count() == 0


def test_network_chosen_before_the_first_sample_is_here_answers_it(
    page: Page, demo_site: Path, host_of: Hosting
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.resource_type == "fetch":
            held.append(route)
        else:
            route.continue_()

    page.route("**/samples/bored-1.jpg", hold)
    page.goto(host_of(demo_site).url, wait_until="commit")
    page.wait_for_selector(".sample[aria-pressed=true]")
    page.check("input[value=efficientnet_emotion]", force=True)
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    page.wait_for_selector(READY)
    assert page.inner_text("#label") == "Bored"


def test_no_answer_stands_beside_another_picture(page: Page, demo_site: Path, host_of: Hosting) -> None:
    """While a large network downloads, the earlier one's answer is gone."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"**/{weights_of(demo_site, 'efficientnet_emotion')[0]}", hold)
    page.goto(host_of(demo_site).url)
    page.wait_for_selector(READY)
    page.check("input[value=efficientnet_emotion]", force=True)
    page.wait_for_selector("#app[data-state=working]")
    page.wait_for_selector("#label:text('Getting ready')")
    assert page.locator("#bars .bar-value").all_inner_texts() == [""] * 4
    assert page.locator("#bars .best").count() == 0
    assert "Downloading: " in page.inner_text("#status")
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_selector("#progress.running")
    page.wait_for_selector(READY)
    assert page.locator("#progress.running").count() == 0
