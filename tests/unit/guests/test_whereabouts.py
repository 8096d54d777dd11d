"""Where a guest is after a move, however it ended: one sentence, and never a wrong one."""

from __future__ import annotations

import itertools

import pytest

from xentui.domains.domain import State
from xentui.domains.xl_output import ListRow
from xentui.guests.migration.whereabouts import Sight, Where, whereabouts


def row(name: str, state: State, reason: str | None = None) -> ListRow:
    return ListRow(name, 5, 128, 1, state, reason, 1.0)


RUNS = row("web", State.BLOCKED)
SUSPENDED = row("web", State.SHUTDOWN, "suspend")
AWAY = row("web--migratedaway", State.SHUTDOWN, "suspend")
COPY = row("web--incoming", State.PAUSED)
NOTHING = Sight()


@pytest.mark.parametrize(
    ("here", "there", "where", "words"),
    [
        (NOTHING, Sight(plain=RUNS), Where.THERE, ["web runs on B now."]),
        (Sight(away=AWAY), Sight(plain=RUNS), Where.THERE, ["web runs on B now.", "xl destroy web--migratedaway"]),
        (Sight(plain=RUNS), NOTHING, Where.HERE, ["web still runs on A."]),
        (Sight(plain=RUNS), Sight(incoming=COPY), Where.HERE, ["still runs on A", "xl destroy web--incoming there"]),
        (Sight(plain=RUNS), Sight(plain=RUNS), Where.BOTH, ["DANGER", "xl pause web"]),
        (Sight(plain=SUSPENDED), NOTHING, Where.NOWHERE, ["suspended on A", "xl resume web"]),
        (Sight(away=AWAY), NOTHING, Where.NOWHERE, ["xl rename web--migratedaway web; xl resume web"]),
        (Sight(away=AWAY), Sight(incoming=COPY), Where.NOWHERE, ["Let ONE", "xl unpause web", "xl resume web"]),
        # Not told to start: the copy may be half of a guest, and must not be the one that goes on.
        (Sight(plain=SUSPENDED), Sight(incoming=COPY), Where.NOWHERE, ["xl destroy web--incoming", "xl resume web"]),
        (NOTHING, Sight(incoming=COPY), Where.NOWHERE, ["xl rename web--incoming web; xl unpause web"]),
        (NOTHING, NOTHING, Where.NOWHERE, ["on neither host", "xentui start web"]),
        (Sight(plain=row("web", State.CRASHED)), NOTHING, Where.NOWHERE, ["it is crashed on A"]),
        (Sight(plain=RUNS), None, Where.HERE, ["still runs on A", "B does not answer"]),
        (Sight(plain=SUSPENDED), None, Where.NOWHERE, ["was not told to start it", "xl resume web"]),
        (Sight(away=AWAY), None, Where.UNKNOWN, ["Look there first", "Only if it does not"]),
        (NOTHING, None, Where.UNKNOWN, ["cannot be told"]),
        (None, Sight(plain=RUNS), Where.UNKNOWN, ["A does not answer"]),
        (None, None, Where.UNKNOWN, ["neither A nor B answers"]),
        (Sight(plain=RUNS), Sight(stranger=True), Where.HERE, ["Another guest has the name web on B"]),
    ],
)
def test_one_sentence_for_each(here: Sight | None, there: Sight | None, where: Where, words: list[str]) -> None:
    found = whereabouts("web", "A", "B", here, there)
    assert found.where is where
    for word in words:
        assert word in found.sentence


def test_a_second_one_is_never_let_loose() -> None:
    """Whatever is seen: to resume or unpause is told only where nothing of it runs, or after a look."""
    states = [None, RUNS, row("web", State.PAUSED), SUSPENDED, row("web", State.CRASHED)]
    sights = [None, *(Sight(p, i, a) for p, i, a in itertools.product(states, (None, COPY), (None, AWAY)))]
    for here, there in itertools.product(sights, sights):
        found = whereabouts("web", "A", "B", here, there)
        assert "web" in found.sentence
        running = [sight for sight in (here, there) if sight is not None and sight.runs]
        if running:
            assert "xl resume" not in found.sentence, (here, there)
            assert "xl unpause" not in found.sentence, (here, there)
        assert (found.where is Where.BOTH) == (len(running) == 2)
        if found.where is Where.THERE:
            assert there is not None and there.runs and here is not None and not here.runs
