"""What tests of every kind share."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from xentui.demo.host import DemoHost

# A landing is judged by the same examples each time; XENTUI_FUZZ looks for new ones.
settings.register_profile("landing", derandomize=True, deadline=None)
if not os.environ.get("XENTUI_FUZZ"):
    settings.load_profile("landing")


@pytest.fixture(autouse=True)
def own_user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own settings is read, nothing of it is written."""
    folder = tmp_path_factory.mktemp("user")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    for name in ("XENTUI_DEMO_DIR", "NO_COLOR", "COLORTERM", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def demo_host(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoHost]:
    """A demo dom0 of its own, in which nothing takes time: server01 and client01 are up."""
    monkeypatch.setenv("XENTUI_DEMO_SPEED", "inf")
    monkeypatch.delenv("XENTUI_DEMO_DIR", raising=False)
    host = DemoHost()
    host.open()
    yield host
    host.close()


@pytest.fixture
def until() -> Callable[..., None]:
    """``until(condition, "what")``: wait for it, and fail when it does not come."""

    def wait(condition: Callable[[], object], what: str = "the condition", seconds: float = 180.0) -> None:
        end = time.monotonic() + seconds
        tick = threading.Event()
        while not condition():
            assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
            tick.wait(0.01)

    return wait
