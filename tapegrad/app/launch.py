"""The command ``tapegrad app``: starts the playground's server on this machine and opens a browser at it."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tapegrad.errors import MissingExtraError, SettingError
from tapegrad.view.page import DARK, LIGHT

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # argparse has no public name for it

__all__ = ["FIRST_PORT", "add_parser", "free_port", "options", "run"]

FIRST_PORT: Final = 8501  # where Streamlit's own servers begin
PORTS: Final = 100
PATIENCE: Final = 30.0  # seconds until the server listens
LOCAL: Final = "localhost"
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # told from an address that a browser can open

_THEME: Final = {
    "primaryColor": "c0",
    "backgroundColor": "paper",
    "secondaryBackgroundColor": "panel",
    "textColor": "ink",
    "borderColor": "rule",
}
"""Streamlit's names for the colours of the pages."""


def add_parser(subparsers: Subparsers) -> None:
    """Register the command ``app``."""
    parser = subparsers.add_parser(
        "app",
        help="open the playground in the browser",
        description="Start the playground: type an expression and see its tape think, plot operations, train networks. "
        'Ctrl-C ends it. It needs the extra: pip install "tapegrad[app]".',
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=_port, metavar="N", help=f"the port [the first free one from {FIRST_PORT}]")
    parser.add_argument(
        "--address",
        default=LOCAL,
        metavar="HOST",
        help="where to listen [localhost: this machine alone]; 0.0.0.0 lets in whoever reaches this machine",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        msg = f"{text!r:.40} is not a port; choose a whole number from 1 to 65535"
        raise argparse.ArgumentTypeError(msg)
    return port


def run(args: argparse.Namespace) -> int:
    """Serve until ctrl-C. Raises MissingExtraError without Streamlit, SettingError for a port that is taken."""
    try:
        from streamlit.web import bootstrap  # noqa: PLC0415  # loaded when used: importing tapegrad stays fast
    except ImportError as error:
        msg = f'the playground needs Streamlit ({error}); install it with: pip install "tapegrad[app]"'
        raise MissingExtraError(msg) from None
    port = free_port(args.address, args.port)
    given = options(args.address, port)
    bootstrap.load_config_options(given)
    host = LOCAL if args.address in EVERYWHERE else args.address
    print(f"The playground is at http://{host}:{port} until ctrl-C.", flush=True)
    if not args.no_browser and has_screen():
        threading.Thread(target=open_when_served, args=(host, port), daemon=True).start()
    bootstrap.run_asgi_app(str(Path(__file__).with_name("main.py")), "tapegrad.app.server:app", [], given)
    return 0


def has_screen() -> bool:
    """Whether a browser would have anything to be shown on."""
    return sys.platform != "linux" or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_when_served(host: str, port: int) -> None:
    """Open the browser as soon as somebody listens."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as attempt:
            if attempt.connect_ex((host, port)) == 0:
                webbrowser.open(f"http://{host}:{port}")
                return
        time.sleep(0.1)


def options(address: str, port: int) -> dict[str, object]:
    """The settings of the server, by Streamlit's names with underscores for dots."""
    themes = {
        f"theme_{ground}_{name}": colours[colour]
        for ground, colours in (("light", LIGHT), ("dark", DARK))
        for name, colour in _THEME.items()
    }
    return {
        "server_address": address,
        "server_port": port,
        "server_headless": True,  # it is opened here
        "server_fileWatcherType": "none",  # its sources do not change under it
        "browser_gatherUsageStats": False,
        "client_toolbarMode": "minimal",
        "client_showErrorDetails": "none",
        "logger_hideWelcomeMessage": True,
        "logger_level": "warning",
        "theme_headingFontSizes": ["1.7rem", "1.3rem", "1.1rem"],
        "global_disableWidgetStateDuplicationWarning": True,  # a button may move a slider, which has its own beginning
        **themes,
    }


def free_port(address: str, wanted: int | None) -> int:
    """The `wanted` port, or the first free one. Raises SettingError if there is none, or no such address."""
    try:
        socket.getaddrinfo(address, None)
    except (socket.gaierror, UnicodeError):
        msg = f"{address!r:.60} is no address of this machine; leave --address out to listen on localhost"
        raise SettingError(msg) from None
    number = 0
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            with socket.create_server((address, port)):
                return port
        except OSError as error:
            number = error.errno or 0
    cure = "choose another --port" if number in {errno.EADDRINUSE, errno.EACCES} else "choose another --address"
    msg = f"cannot listen on {address}, port {wanted or FIRST_PORT}: {os.strerror(number)}; {cure}"
    raise SettingError(msg)
