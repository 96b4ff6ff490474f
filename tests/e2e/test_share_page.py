"""The page of shares in a real Chromium: it asks for nothing before a person does, and leaks nothing.

The browser's requests, its console, its violations of the policy, and the server's log are looked through.
"""

from __future__ import annotations

import os
import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.https_client import HttpsClient
from tests.e2e.server import Server, serving

SHARES = "/api/v1/secrets/shares"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("page") / "data", {"log": {"level": "debug"}}) as started:
        yield started


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[HttpsClient]:
    with server.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Browser]:
    """Started after the server: with it an event loop runs in this thread, where the server's start wants its own."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; .ci/run installs it")
        pytest.skip("there is no chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


class Reader:
    """Somebody who opens a link, and all that their browser does."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.console: list[str] = []
        self.page.on("request", lambda request: self.requests.append(f"{request.method} {request.url}"))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))

    def opens(self, url: str) -> Page:
        self.page.goto(url)
        return self.page

    @property
    def said(self) -> str:
        return self.page.get_by_role("status").inner_text()

    def asked(self) -> list[str]:
        """What the page asked the server for, after itself."""
        return [request for request in self.requests if not re.search(r"/s(#|$)", request)]

    def complaints(self) -> list[str]:
        """What the console says, but for answers of 4xx, which it reports on its own account."""
        return [text for text in self.console if "the server responded with a status of 4" not in text]


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    context = browser.new_context(ignore_https_errors=True)
    reading = Reader(context)
    yield reading
    assert reading.complaints() == []
    context.close()


def shared(client: HttpsClient, value: str = "s3cret & <b>bold</b>\n\ttab \u20ac", **more: object) -> dict[str, Any]:
    body = {"value": value} | more
    if "value_b64" in more:
        del body["value"]
    answer = client("POST", SHARES, body)
    assert answer.status == 201, answer
    share: dict[str, Any] = answer.json()
    return share


def state(client: HttpsClient, share: dict[str, Any]) -> str:
    return str(client("GET", f"{SHARES}/{share['id']}").json()["share"]["state"])


def test_opening_the_link_asks_for_nothing_and_uses_nothing_up(
    reader: Reader, client: HttpsClient, server: Server
) -> None:
    share = shared(client)
    page = reader.opens(share["url"])
    expect(page.get_by_role("button", name="Reveal")).to_be_visible()
    expect(page.get_by_label("Passphrase")).to_be_hidden()
    page.wait_for_timeout(300)
    assert reader.asked() == []
    assert page.url == f"https://localhost:{server.port}/s"
    assert page.evaluate("history.length") <= 2
    assert state(client, share) == "open"


def test_button_reveals_the_value_once(reader: Reader, client: HttpsClient, server: Server) -> None:
    share = shared(client)
    page = reader.opens(share["url"])
    page.get_by_role("button", name="Reveal").click()
    value = page.get_by_label("The shared value")
    expect(value).to_be_visible()
    assert value.text_content() == "s3cret & <b>bold</b>\n\ttab \u20ac"
    assert "It was the last time" in reader.said
    assert reader.asked() == [f"POST https://localhost:{server.port}{SHARES}/redeem"]
    expect(page.get_by_role("button", name="Reveal")).to_be_hidden()
    assert state(client, share) == "consumed"
    view = client("GET", f"{SHARES}/{share['id']}").json()["views"][0]
    assert (view["from"], view["actor"]) == ("127.0.0.1", "anybody")
    assert "Chrom" in view["agent"]
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_second_opening_says_that_it_is_gone(reader: Reader, client: HttpsClient) -> None:
    share = shared(client)
    client("POST", f"{SHARES}/redeem", {"token": share["token"]})
    page = reader.opens(share["url"])
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_role("status")).to_contain_text("This link gives nothing")
    expect(page.get_by_label("The shared value")).to_be_hidden()
    expect(page.get_by_role("button", name="Reveal")).to_be_hidden()


def test_passphrase_is_asked_for_and_tries_are_told(reader: Reader, client: HttpsClient) -> None:
    share = shared(client, passphrase="open sesame")
    page = reader.opens(share["url"])
    page.get_by_role("button", name="Reveal").click()
    field = page.get_by_label("Passphrase")
    expect(field).to_be_focused()
    field.fill("wrong")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_role("status")).to_contain_text("4 tries are left")
    field.fill("open sesame")
    field.press("Enter")
    expect(page.get_by_label("The shared value")).to_be_visible()
    expect(field).to_be_hidden()
    assert field.input_value() == ""


def test_last_wrong_passphrase_locks_the_share(reader: Reader, client: HttpsClient) -> None:
    share = shared(client, passphrase="open sesame")
    for _ in range(4):
        client("POST", f"{SHARES}/redeem", {"token": share["token"], "passphrase": "wrong"})
    page = reader.opens(share["url"])
    page.get_by_role("button", name="Reveal").click()
    page.get_by_label("Passphrase").fill("wrong")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_role("status")).to_contain_text("the share is locked")
    expect(page.get_by_role("button", name="Reveal")).to_be_hidden()
    assert state(client, share) == "locked"


def test_value_is_copied_and_cleared(reader: Reader, client: HttpsClient) -> None:
    reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = reader.opens(shared(client, "copy me\n")["url"])
    page.get_by_role("button", name="Reveal").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "copy me\n"
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_label("The shared value")).to_be_hidden()
    assert "copy me" not in page.content()


def test_bytes_are_saved_as_a_file(reader: Reader, client: HttpsClient, tmp_path: Path) -> None:
    data = bytes(range(256)) * 3
    page = reader.opens(shared(client, value_b64=b64encode(data).decode(), max_views=2)["url"])
    page.get_by_role("button", name="Reveal").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the file (768 bytes)").click()
    download.value.save_as(tmp_path / "share.bin")
    assert (tmp_path / "share.bin").read_bytes() == data
    assert download.value.suggested_filename == "share.bin"
    assert "It can be shown 1 more time." in reader.said


def test_address_without_a_token_says_so(reader: Reader, server: Server) -> None:
    for end in ("/s", "/s#", "/s#trsh_short", "/s#trst_" + "0" * 49):
        page = reader.opens(f"https://localhost:{server.port}{end}")
        expect(page.get_by_role("status")).to_contain_text("lacks the share's token")
        expect(page.get_by_role("button", name="Reveal")).to_be_hidden()
        reader.page.goto("about:blank")
    assert reader.asked() == []


def test_another_link_in_the_same_tab_is_taken(reader: Reader, client: HttpsClient) -> None:
    reader.opens(shared(client, "first")["url"])
    second = shared(client, "second")
    reader.page.evaluate(f"location.hash = '{second['token']}'")
    reader.page.get_by_role("button", name="Reveal").click()
    expect(reader.page.get_by_label("The shared value")).to_have_text("second")


def test_page_without_scripts_says_what_to_do(browser: Browser, client: HttpsClient) -> None:
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(shared(client)["url"])
    assert "This page needs JavaScript" in page.inner_text("main")
    context.close()


def test_policy_keeps_foreign_scripts_and_frames_out(browser: Browser, client: HttpsClient, server: Server) -> None:
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    response = page.goto(shared(client)["url"])
    assert response
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"
    ran = page.evaluate(
        """async () => {
          const heard = new Promise((done) => addEventListener("securitypolicyviolation", done, {once: true}));
          const script = document.createElement("script");
          try { script.textContent = "window.ran = true"; document.body.append(script); } catch { return "refused"; }
          await heard;
          return window.ran === true;
        }"""
    )
    assert ran in {False, "refused"}
    outside = page.evaluate("fetch('https://example.com/').then(() => 'went', () => 'stopped')")
    assert outside == "stopped"
    page.goto("about:blank")
    page.set_content(f"<iframe src='https://localhost:{server.port}/s'></iframe>")
    page.wait_for_timeout(300)
    assert not any(frame.url.endswith("/s") for frame in page.frames)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_reader_and_have_contrast(scheme: Any, browser: Browser, client: HttpsClient) -> None:
    context = browser.new_context(ignore_https_errors=True, color_scheme=scheme)
    page = context.new_page()
    page.goto(shared(client)["url"])
    colours = "it => [getComputedStyle(it).color, getComputedStyle(it).backgroundColor]"
    ink, paper = page.locator("body").evaluate(colours)
    assert contrast(ink, paper) > 7
    on, act = page.get_by_role("button", name="Reveal").evaluate(colours)
    assert contrast(on, act) > 4.5
    context.close()


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's, of two colours `rgb(r, g, b)`."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_fragment_and_value_reach_no_line_of_the_servers_log(
    reader: Reader, client: HttpsClient, server: Server
) -> None:
    share = shared(client, "marker-of-the-value", passphrase="marker-of-the-passphrase")
    page = reader.opens(share["url"])
    page.get_by_role("button", name="Reveal").click()
    page.get_by_label("Passphrase").fill("marker-of-the-passphrase")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_label("The shared value")).to_have_text("marker-of-the-value")
    log = server.output.read_text()
    assert '"route":"/s"' in log
    assert not [each for each in (share["token"], "marker-of-the-value", "marker-of-the-passphrase") if each in log]
