"""Where walkthroughs stand: those that are shipped, the machine's own, the user's own."""

from __future__ import annotations

import difflib
import os
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


def catalogue() -> dict[str, Entry]:
    """All walkthroughs that there are, by id, in the order of the guide's sections and then of their titles."""
    found: dict[str, Entry] = {}
    for folder in shelves():
        for path in sorted(folder.glob("*.md")):
            entry = read_entry(path)
            found[entry.id] = entry
    return dict(sorted(found.items(), key=lambda item: _order(item[1])))


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
