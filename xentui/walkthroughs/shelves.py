"""Where walkthroughs stand: those that are shipped, the machine's own, the user's own."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xentui.walkthroughs.parse import Parsed, load
from xentui.walkthroughs.walkthrough import Problem, WalkthroughError


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a shelf: what was read of it, or why it could not be read."""

    path: Path
    parsed: Parsed | None
    problems: tuple[Problem, ...]

    @property
    def id(self) -> str:
        """The walkthrough's own id, or the name of a file that says none."""
        return (self.parsed.walkthrough.id if self.parsed is not None else "") or self.path.stem


def shelves() -> list[Path]:
    """The folders; what stands in a later one goes before what has the same id in an earlier one."""
    user = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "xentui" / "walkthroughs"
    return [Path(__file__).parent / "library", Path("/etc/xentui/walkthroughs"), user]


def read_entry(path: Path) -> Entry:
    """Read one file, whatever is in it."""
    try:
        parsed = load(path)
    except WalkthroughError as error:
        return Entry(path, None, tuple(error.problems))
    return Entry(path, parsed, tuple(parsed.problems))


def every() -> list[Entry]:
    """All files of all shelves, also those that another goes before."""
    return [read_entry(path) for folder in shelves() for path in sorted(folder.glob("*.md"))]


def catalogue() -> dict[str, Entry]:
    """All walkthroughs that there are, by id, in the order of the guide's sections and then of their titles."""
    found = {entry.id: entry for entry in every()}
    return dict(sorted(found.items(), key=lambda item: _order(item[1])))


def same_ids(entries: Iterable[Entry]) -> list[Problem]:
    """A problem for each file whose id a file before it in the same folder has: one would hide the other."""
    problems = []
    first: dict[tuple[Path, str], Path] = {}
    for entry in entries:
        if entry.parsed is None:
            continue
        other = first.setdefault((entry.path.parent, entry.id), entry.path)
        if other != entry.path:
            line = entry.parsed.id_line
            problems.append(Problem(str(entry.path), line, f"the id {entry.id!r} is that of {other.name}, too"))
    return problems


def _order(entry: Entry) -> tuple[object, ...]:
    if entry.parsed is None:
        return (2, entry.path.name)
    walkthrough = entry.parsed.walkthrough
    # Those that the guide did not have come first: the tour.
    return (1 if walkthrough.section else 0, walkthrough.section, walkthrough.title)


def find(name: str) -> Entry:
    """The walkthrough with this id, or in the file of this name. Raises WalkthroughError."""
    if "/" in name or name.endswith(".md"):
        return read_entry(Path(name))
    entries = catalogue()
    if name not in entries:
        near = difflib.get_close_matches(name, entries, 1)
        hint = f"did you mean {near[0]}?" if near else "see: xentui walkthrough list"
        raise WalkthroughError([Problem(name, 1, f"there is no walkthrough of that id; {hint}")])
    return entries[name]
