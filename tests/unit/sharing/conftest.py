"""A shared console, and whoever joins it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from shared_console import DEADLINE, Holder, Watcher

from xentui.console.sharing import joined as joining


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers at all is given the time for it, however loaded the machine is."""
    monkeypatch.setattr(joining, "WELCOME_SECONDS", DEADLINE)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Holder]:
    made = Holder(tmp_path)
    yield made
    made.share.close("the test ends")


@pytest.fixture
def join(holder: Holder) -> Iterator[Callable[..., Watcher]]:
    """Join the console, while the holder turns."""
    joined: list[Watcher] = []
    with ThreadPoolExecutor(1) as pool:

        def join_it(scrollback: int = 0) -> Watcher:
            coming = pool.submit(Watcher, holder.place, scrollback)
            holder.until(coming.done)
            joined.append(coming.result())
            watcher = joined[-1]
            holder.until(lambda: watcher.reads() and any(person.you for person in watcher.joined.people))
            return watcher

        yield join_it
    for watcher in joined:
        watcher.joined.close()
