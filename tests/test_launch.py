"""The command `tapegrad app`: what it asks of the machine, and what it says where it cannot serve."""

from __future__ import annotations

import builtins
import socket
from collections.abc import Iterator
from types import ModuleType

import pytest

from tapegrad.app.launch import FIRST_PORT, free_port, has_screen, open_when_served, options
from tapegrad.cli import main
from tapegrad.view.page import DARK, LIGHT


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("localhost", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_told(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("streamlit")
    assert main(["app", "--no-browser", "--port", str(taken)]) == 2
    assert capsys.readouterr().err == (
        f"tapegrad: cannot listen on localhost, port {taken}: Address already in use; choose another --port\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "0"], "'0' is not a port; choose a whole number from 1 to 65535"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "http"], "'http' is not a port"),
        (["--address", "no.such.host.invalid"], "'no.such.host.invalid' is no address of this machine"),
        (["--address", "x" * 99], "is no address of this machine"),
        (["--address", "192.0.2.1"], "Cannot assign requested address; choose another --address"),
        (["tape"], "unrecognized arguments: tape"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("streamlit")
    assert main(["app", "--no-browser", *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_without_a_wish_the_first_free_port_is_taken() -> None:
    port = free_port("localhost", None)
    assert port >= FIRST_PORT
    with socket.create_server(("localhost", port)):
        assert free_port("localhost", None) > port


def test_without_streamlit_the_cure_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = builtins.__import__

    def missing(name: str, *rest: object) -> ModuleType:
        if name.startswith("streamlit"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *rest)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(builtins, "__import__", missing)
    assert main(["app"]) == 2
    assert 'install it with: pip install "tapegrad[app]"' in capsys.readouterr().err


def test_it_listens_on_this_machine_alone_and_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = pytest.importorskip("streamlit.web.bootstrap")
    served: list[dict[str, object]] = []
    monkeypatch.setattr(bootstrap, "load_config_options", lambda given: None)
    monkeypatch.setattr(bootstrap, "run_asgi_app", lambda path, app, args, flag_options: served.append(flag_options))
    assert main(["app", "--no-browser"]) == 0
    assert served[0]["server_address"] == "localhost"
    assert served[0]["browser_gatherUsageStats"] is False


def test_the_browser_is_opened_when_somebody_listens(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    open_when_served("localhost", taken)
    assert opened == [f"http://localhost:{taken}"]


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_there_is_no_browser_without_a_screen(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not has_screen()
    monkeypatch.setenv(name, ":0")
    assert has_screen()


def test_every_setting_is_known_to_streamlit() -> None:
    config = pytest.importorskip("streamlit.config")
    known = {name.replace(".", "_") for name in config.get_config_options()}
    given = options("localhost", FIRST_PORT)
    assert set(given) <= known
    assert given["theme_light_backgroundColor"] == LIGHT["paper"]
    assert given["theme_dark_backgroundColor"] == DARK["paper"]
