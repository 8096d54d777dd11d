"""What the screens stand on and needs no app: numbers, columns, history, drawing, matching."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from xentui.domains.domain import Domain, HostInfo, Snapshot, State
from xentui.screens import formats
from xentui.screens.columns import COLUMNS, arrange
from xentui.screens.drawing import draw, fit, wrap
from xentui.screens.fuzzy import score
from xentui.screens.history import EVENTS, SAMPLES, History
from xentui.screens.stale import aged
from xentui.screens.themes import Theme
from xentui.screens.widgets.console_keys import LEADER_KEYS
from xentui.screens.widgets.console_texts import help_lines
from xentui.subprocesses import printable

PLAIN = Theme("plain", "Plain", terminal_colours=True)
ANY_TEXT = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    ("given", "shown"),
    [(None, ""), (0, "0"), (999, "999"), (1000, "1.0K"), (1536, "1.5K"), (10_240, "10K"), (1_040_000, "1.0M"),
     (3 * 1024**2, "3.0M"), (900 * 1024**2, "900M"), (2.5 * 1024**3, "2.5G"), (-4, "0")],
)  # fmt: skip
def test_rates(given: float | None, shown: str) -> None:
    assert formats.rate(given) == shown


@given(st.floats(0, 1e14))
def test_a_rate_never_takes_more_than_five_cells(value: float) -> None:
    assert len(formats.rate(value)) <= 5


def test_a_name_in_a_sentence_leaves_room_for_it() -> None:
    assert formats.brief("server01") == "server01"
    assert formats.brief("x" * 200) == "x" * 24 + ".."
    assert formats.brief("new\nline") == "new\\x0aline"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h00m"), (86399, "23h59m"),
     (86400, "1d00h"), (99 * 86400, "99d00h"), (4000 * 86400, "4000d")],
)  # fmt: skip
def test_durations(seconds: float | None, shown: str) -> None:
    assert formats.duration(seconds) == shown


@pytest.mark.parametrize(("value", "shown"), [(None, ""), (0, "0.0"), (99.94, "99.9"), (99.96, "100"), (1600, "1600")])
def test_percent(value: float | None, shown: str) -> None:
    assert formats.percent(value) == shown


@pytest.mark.parametrize(("memory", "shown"), [(None, ""), (640, "640M"), (99_999, "99999M"), (524_288, "512G")])
def test_memory(memory: int | None, shown: str) -> None:
    assert formats.mib(memory) == shown


def test_a_graph_shows_the_least_use_and_no_more_than_all() -> None:
    assert formats.graph([0, 1, 50, 100, 900], 100, 6, " ▁▂▃▄▅▆▇█") == "  ▁▄██"
    assert formats.graph([50], 100, 4, "") == ""


@given(st.integers(1, 300), st.integers(1, 6), st.booleans())
def test_columns_never_leave_the_table_or_overlap(width: int, id_width: int, graph: bool) -> None:
    places = arrange(width, id_width=id_width, graph=graph)
    assert [p.column.name for p in places][:2] == ["mark", "name"]
    for place, after in pairwise(places):
        assert place.x + place.width < after.x or after.width == 0
    assert max(p.x + p.width for p in places) <= max(width, 2)


@given(st.integers(20, 250))
def test_a_wider_table_shows_no_less(width: int) -> None:
    def what(w: int) -> set[str]:
        names = {p.column.name for p in arrange(w)}
        return names | {c.instead_of for c in COLUMNS if c.name in names and c.instead_of}

    assert what(width) <= what(width + 1)


def harmless(text: str) -> bool:
    return text.replace("\u00a0", "").isprintable()


@given(ANY_TEXT, st.integers(1, 60))
def test_fitted_text_has_exactly_its_width_and_nothing_to_act_on(text: str, width: int) -> None:
    for right in (False, True):
        fitted = fit(text, width, right=right)
        assert cell_len(fitted) == width and harmless(fitted)


@given(ANY_TEXT, ANY_TEXT, st.integers(1, 60))
def test_a_drawn_line_has_exactly_its_width_and_nothing_to_act_on(one: str, other: str, width: int) -> None:
    strip = draw(((one, "strong"), (other, "")), width, PLAIN)
    text = "".join(segment.text for segment in strip)
    assert cell_len(text) == width == strip.cell_length and harmless(text)


@given(ANY_TEXT, st.integers(2, 60))
def test_wrapping_keeps_every_character_but_blanks(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width and harmless(line) for line in lines)
    whole = "".join(printable(line) for line in text.expandtabs().splitlines())
    assert "".join(lines).replace(" ", "") == whole.replace(" ", "")


def test_matching_prefers_beginnings_and_words() -> None:
    titles = ["Refresh", "Shell", "Shut down", "Host"]
    assert sorted(titles, key=lambda t: -score("sh", t))[:2] == ["Shell", "Shut down"]
    assert score("shd", "Shut down") > 0 and score("xyz", "Shut down") == 0


def snapshot(*domains: Domain, taken: float = 0.0) -> Snapshot:
    return Snapshot(HostInfo("here"), domains, taken)


def test_history_gives_news_of_guests_that_crashed_ended_or_started_anew() -> None:
    history, guest = History(), Domain("g", 3, state=State.RUNNING)
    assert history.update(snapshot(guest)) == []
    assert history.update(snapshot(replace(guest, state=State.PAUSED))) == []
    ((anew, text),) = history.update(snapshot(replace(guest, id=7)))
    assert anew.id == 7 and text == "started anew: id 3 became 7"
    ((crashed, _),) = history.update(snapshot(replace(guest, id=7, state=State.CRASHED)))
    assert crashed.state is State.CRASHED
    assert history.update(snapshot(replace(guest, id=7, state=State.CRASHED))) == []
    history.update(snapshot(replace(guest, id=8)))
    ((off, text),) = history.update(snapshot(replace(guest, id=None, state=State.OFF)))
    assert off.id is None and text.startswith("running, now off")
    assert history.update(snapshot(replace(guest, id=9))) == []  # somebody started it: nothing to worry about


def test_history_tells_what_happened_and_forgets_what_is_old() -> None:
    history, guest = History(), Domain("g", 1, state=State.RUNNING, cpu_percent=5.0)
    history.update(snapshot(guest))
    history.update(snapshot(replace(guest, state=State.BLOCKED)))
    assert history.events("g") == [] and history.cpu("g") == [5.0, 5.0]
    history.update(snapshot(replace(guest, state=State.PAUSED)))
    history.update(snapshot(replace(guest, id=4)))
    history.update(snapshot())
    history.update(snapshot(replace(guest, id=5, state=State.CRASHED, shutdown_reason="crash")))
    assert [event.text for event in history.events("g")] == [
        "running, now paused", "started anew: id 1 became 4", "is gone", "appeared, crashed"]  # fmt: skip
    for n in range(200):
        history.update(snapshot(replace(guest, id=n + 10, cpu_percent=float(n))))
    assert len(history.events("g")) == EVENTS and history.cpu("g") == [float(n) for n in range(200 - SAMPLES, 200)]


def test_a_stale_row_is_no_event() -> None:
    history, guest = History(), Domain("g", 1, state=State.RUNNING, cpu_percent=5.0)
    history.update(snapshot(guest))
    history.update(snapshot(replace(guest, stale_seconds=9.0)))
    assert history.cpu("g") == [5.0] and history.events("g") == []


def test_only_what_xen_had_becomes_old() -> None:
    old = aged(snapshot(Domain("up", 1, state=State.RUNNING), Domain("off")), 30.0)
    assert [d.stale_seconds for d in old.domains] == [30.0, None]


@pytest.mark.parametrize(("width", "height"), [(60, 8), (80, 12), (80, 22), (20, 3)])
def test_the_keys_after_the_leader_are_all_there_or_it_is_said_where(width: int, height: int) -> None:
    lines = help_lines("ctrl+right_square_bracket", width, height)
    shown = ["".join(text for text, _ in line) for line in lines]
    assert len(shown) <= height
    missing = [key for key in LEADER_KEYS if not any(f" {key.shown} " in line for line in shown)]
    assert not missing or " : find" in shown[-1]
