"""A browser for all tests of pages, and a server for those of the playground."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import attrs
import pytest

from browser.pages import CHROMIUM, OPTIONS, Browser, Page, listen, settle

REQUIRED = os.environ.get("TAPEGRAD_BROWSER") == "required"
WAIT = 20_000  # milliseconds for what is expected of a page; a slow machine is no fault of it
PATIENCE = 60.0  # seconds that a slow machine may take to begin to serve


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists() and not REQUIRED:
        pytest.skip("needs Debian's Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=WAIT)
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        yield opened
        opened.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the console of a page says; it must be nothing."""
    found: list[str] = []
    yield found
    assert found == []


# ---- the playground -----------------------------------------------------------------------------


@attrs.frozen
class Server:
    """A playground that is being served, and the file that holds what it says."""

    address: str
    log: Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("streamlit")
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "tapegrad", "app", "--no-browser", "--port", str(port)]
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)  # noqa: S603
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE and process.poll() is None:
            with socket.socket() as attempt:
                if attempt.connect_ex(("localhost", port)) == 0:
                    break
            time.sleep(0.1)
        yield Server(f"http://localhost:{port}", log)
        process.terminate()
        process.wait(PATIENCE)
    said = log.read_text().splitlines()
    assert said[0].startswith("The playground is at")
    assert [line for line in said[1:] if line.strip() not in ("", "Stopping...")] == []


Visit: TypeAlias = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, server: Server, complaints: list[str]) -> Iterator[Visit]:
    """``visit("tape?f=x*x", width=390, dark=True)`` opens a page of the playground as a visitor of its own."""
    contexts = []

    def opened(path: str = "", width: int = 1280, height: int = 900, *, dark: bool = False) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        listen(page, complaints)
        page.on("request", lambda request: complaints.extend({request.url} - local(request.url)))
        page.goto(f"{server.address}/{path}")
        page.wait_for_selector("h1")
        settle(page)
        return page

    def local(url: str) -> set[str]:
        return {url} if url.startswith((server.address, "data:", "blob:")) else set()

    yield opened
    for context in contexts:
        context.close()
