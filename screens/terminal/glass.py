"""The glass: what the terminal shows, and the fewest bytes that make it show the sheet.

A frame is written row by row, and a row cell by cell, where the two differ. Larger moves (scrolling a region,
erasing to the end of the screen, clearing and painting afresh) are tried out on copies, and taken only when the
whole frame gets shorter. A frame may be cut between rows when the line has no room: the glass always knows what
has been written, so the next one starts from there, with whatever the sheet says by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from xentui.screens.terminal.capabilities import Capabilities
from xentui.screens.terminal.looks import Look
from xentui.screens.terminal.pen import ERASED_FROM, Pen
from xentui.screens.terminal.sheet import Cells, Sheet

_GAP = 12
"""Equal cells between two different ones, up to which writing over them may be cheaper than jumping."""
_SHIFT_FROM, _SHIFT_MOST = 8, 4
"""Cells that a shifted end of a row must save, and have in a piece; how far it may have moved."""


class Glass:
    """What is shown on a terminal of the sheet's size."""

    def __init__(self, capabilities: Capabilities, sheet: Sheet) -> None:
        self._has = capabilities
        self._sheet = sheet
        self.pen = Pen(capabilities, sheet.looks, sheet.width)
        self._rows: list[Cells] = []
        self._known = False
        self._pending: list[int] = []

    def forget(self) -> None:
        """Nothing is known of what is shown: the next frame clears the screen and paints it all."""
        self._known = False
        self._pending = []
        self._sheet.touched.clear()

    @property
    def behind(self) -> bool:
        """Whether there is something to write, for all that is known without comparing."""
        return bool(not self._known or self._pending or self._sheet.touched)

    def frame(self, room: int | None = None, first: Collection[int] = ()) -> bytes:
        """The bytes that make the glass show the sheet.

        room: stop after the row that exceeds this many bytes; `behind` says that rows are left.
        first: rows to write before the others.
        """
        if not self._known:
            self._begin_afresh()
        else:
            fresh = not self._pending
            wanted, shown = self._sheet.rows, self._rows
            candidates = {*self._sheet.touched, *self._pending}
            self._sheet.touched.clear()
            self._pending = sorted(y for y in candidates if wanted[y] != shown[y])
            if not self._pending:
                return self._finish()
            if fresh:
                self.pen.lose()
            self._shorten(room)
        if first:
            self._pending.sort(key=lambda y: y not in first)
        while self._pending:
            self._write_row(self.pen, self._rows, self._pending.pop(0))
            if room is not None and len(self.pen.out) >= room:
                break
        return self._finish()

    def cells(self, y: int, start: int, end: int) -> bytes | None:
        """The bytes that show these cells of a row and nothing else of the sheet; None, and nothing is done, where
        there is more to it. All else must be shown: `behind` says so.
        """
        sheet = self._sheet
        characters, looks = sheet.rows[y][0][start:end], sheet.rows[y][1][start:end]
        frame = self.foreseen(y, start, (characters, looks))
        if frame is not None:
            shown = self._rows[y]
            shown[0][start:end], shown[1][start:end] = characters, looks
            sheet.touched.discard(y)
            self.pen.lose()
        return frame

    def foreseen(self, y: int, start: int, cells: Cells) -> bytes | None:
        """What `cells` would give, were these on the sheet; nothing is done."""
        characters, looks = cells
        text = "".join(characters)
        if start + len(characters) >= self._sheet.width or not text.isascii() or len(text) != len(characters):
            return None
        change, look = self._sheet.looks.change, 0  # of a pen at rest
        out = b"\x1b[%d;%dH" % (y + 1, start + 1)
        for character, wanted in zip(text, looks, strict=True):
            if wanted != look:
                out += change(look, wanted)
                look = wanted
            out += character.encode()
        return out + change(look, 0)

    def _finish(self) -> bytes:
        if not self._pending:
            self.pen.rest()
        frame = bytes(self.pen.out)
        self.pen.out.clear()
        return frame

    def _begin_afresh(self) -> None:
        """Clear whatever is there. Margins and character sets may be anyone's, so they are set as well."""
        pen, has = self.pen, self._has
        pen.lose()
        if has.glyphs == "dec":
            pen.out += b"\x0f" if has.shift_out else b"\x1b(B"
        if has.scroll_region:
            pen.out += b"\x1b[r"
        pen.out += b"\x1b[m"
        pen.look = 0
        self._rows = self._cleared(pen, self._common_blank())
        self._known = True
        self._sheet.touched.clear()
        wanted = self._sheet.rows
        self._pending = [y for y in range(self._sheet.height) if wanted[y] != self._rows[y]]

    def _cleared(self, pen: Pen, blank: Look) -> list[Cells]:
        pen.wear(blank)
        pen.out += b"\x1b[H\x1b[J"
        pen.row = pen.column = 0
        width = self._sheet.width
        return [([" "] * width, [blank] * width) for _ in range(self._sheet.height)]

    def _common_blank(self) -> Look:
        """The look of most blanks of the sheet, if the terminal can erase to it."""
        counts: Counter[Look] = Counter()
        for characters, looks in self._sheet.rows:
            if characters[-1] == " ":
                counts[looks[-1]] += 1
            counts[looks[len(looks) // 2]] += 1
        erasable = self._sheet.looks.erasable
        blank_of = self._sheet.looks.blank_of
        for look, _ in counts.most_common():
            if erasable[blank_of[look]]:
                return blank_of[look]
        return 0

    # Larger moves

    def _shorten(self, room: int | None) -> None:
        """Begin the frame with a larger move if that makes the whole of it shorter."""
        if len(self._pending) < 3:
            return
        beginnings: list[tuple[Pen, list[Cells]]] = []
        for attempt in (self._scrolled, self._erased_below, self._emptied):
            pen = self.pen.copy()
            rows = attempt(pen)
            if rows is not None:
                beginnings.append((pen, rows))
        if not beginnings:
            return
        least: int | None = None
        for begin, rows in [(self.pen.copy(), self._rows), *beginnings]:
            pen, shown = begin.copy(), list(rows)
            pen.out += begin.out
            if not self._try(pen, shown, least):
                continue
            least, best = len(pen.out), (begin, rows, pen, shown)
        begin, rows, pen, shown = best
        wanted = self._sheet.rows
        if room is None or len(pen.out) <= room:  # what was tried is the frame
            self.pen, self._rows, self._pending = pen, shown, []
        else:
            self.pen, self._rows = begin, rows
            self._pending = [y for y in range(self._sheet.height) if wanted[y] != rows[y]]

    def _try(self, pen: Pen, rows: list[Cells], least: int | None) -> bool:
        """Write all rows that differ; False as soon as that takes no less than another way did."""
        for y, cells in enumerate(self._sheet.rows):
            if cells != rows[y]:
                self._write_row(pen, rows, y)
                if least is not None and len(pen.out) >= least:
                    return False
        return True

    def _emptied(self, pen: Pen) -> list[Cells] | None:
        if len(self._pending) * 2 < self._sheet.height:
            return None
        return self._cleared(pen, self._common_blank())

    def _erased_below(self, pen: Pen) -> list[Cells] | None:
        """Erase to the end of the screen where the sheet ends in blank rows."""
        rows = self._sheet.rows
        blank = rows[-1][1][-1]
        empty: Cells = ([" "] * self._sheet.width, [blank] * self._sheet.width)
        top = self._sheet.height
        while top and rows[top - 1] == empty:
            top -= 1
        changed = sum(1 for y in self._pending if y >= top)
        if changed < 2 or not self._sheet.looks.erasable[blank]:
            return None
        pen.move(top, 0)
        pen.wear(blank)
        pen.out += b"\x1b[J"
        return [*self._rows[:top], *(([*empty[0]], [*empty[1]]) for _ in range(top, self._sheet.height))]

    def _scrolled(self, pen: Pen) -> list[Cells] | None:
        """Scroll the rows that are still there, but further up or down."""
        found = self._displacement()
        if found is None:
            return None
        top, bottom, far = found
        width, has = self._sheet.width, self._has
        pen.wear(0)
        blanks: list[Cells] = [([" "] * width, [0] * width) for _ in range(abs(far))]
        by_lines = _insert_delete(top, bottom, far, self._sheet.height) if has.insert_lines else None
        by_region = _scroll_region(top, bottom, far, self._sheet.height) if has.scroll_region else None
        choices = [choice for choice in (by_lines, by_region) if choice is not None]
        if not choices or (far < 0 and not has.reverse_index and by_lines is None):
            return None
        pen.out += min(choices, key=len)
        pen.lose()
        moved = self._rows[top : bottom + 1]
        moved = moved[far:] + blanks if far > 0 else blanks + moved[:far]
        return self._rows[:top] + moved + self._rows[bottom + 1 :]

    def _displacement(self) -> tuple[int, int, int] | None:
        """(top, bottom, rows up): the largest block of rows that only moved. The last columns, where scroll bars
        are, do not count."""
        margin = max(1, self._sheet.width - 3)
        where: dict[str, int] = {}
        for y, (characters, _) in enumerate(self._rows):
            text = "".join(characters[:margin])
            where[text] = -1 if text in where or not text.strip() else y
        votes: Counter[int] = Counter()
        matches: dict[int, list[int]] = {}
        for y in self._pending:
            was = where.get("".join(self._sheet.rows[y][0][:margin]), -1)
            if was not in (-1, y):
                votes[was - y] += 1
                matches.setdefault(was - y, []).append(y)
        if not votes:
            return None
        far, count = votes.most_common(1)[0]
        if count < 2:
            return None
        to = matches[far]
        return min(to[0], to[0] + far), max(to[-1], to[-1] + far), far

    # One row

    def _write_row(self, pen: Pen, rows: list[Cells], y: int) -> None:
        """Make row y of the glass that of the sheet."""
        cells = self._sheet.rows[y]
        characters, looks = cells
        was_characters, was_looks = rows[y]
        width = self._sheet.width
        different = _different(cells, rows[y])
        if len(different) > _SHIFT_FROM and (shifted := self._shifted(pen, y, cells, rows[y], different[0])):
            was_characters, was_looks = shifted
            different = _different(cells, shifted)
        rows[y] = shown = (list(characters), list(looks))
        erase_from = self._blank_tail(cells, different)
        if erase_from is not None:
            while different and different[-1] >= erase_from:
                different.pop()
        elif y == self._sheet.height - 1 and not self._has.eat_newline and different[-1:] == [width - 1]:
            # Writing there would scroll the screen: what was there stays.
            last = width - 2 if "" in (characters[-1], was_characters[-1]) else width - 1
            different = [x for x in different if x < last]
            shown[0][last:], shown[1][last:] = was_characters[last:], was_looks[last:]
        for start, end in self._spans(cells, different):
            pen.move(y, start)
            pen.write(cells, start, end)
        if erase_from is not None:
            pen.move(y, erase_from)
            blank = looks[erase_from]
            if self._sheet.looks.blank_of[pen.look] != blank:
                pen.wear(blank)
            pen.out += b"\x1b[K"

    def _shifted(self, pen: Pen, y: int, cells: Cells, was: Cells, at: int) -> Cells | None:
        """Insert or delete characters (ICH, DCH) where the end of the row only moved, as when somebody types into the
        middle of a line; the row as it then is."""
        (characters, _), (was_characters, was_looks) = cells, was
        width = self._sheet.width
        for far in range(1, min(_SHIFT_MOST, width - at - _SHIFT_FROM) + 1):
            near, away = slice(at, at + _SHIFT_FROM), slice(at + far, at + far + _SHIFT_FROM)
            blank: Cells = ([" "] * far, [0] * far)
            if self._has.insert_characters and characters[away] == was_characters[near]:
                final, edge = b"@", width - far
                new = [*was_characters[:at], *blank[0], *was_characters[at:edge]]
                new_looks = [*was_looks[:at], *blank[1], *was_looks[at:edge]]
            elif self._has.delete_characters and characters[near] == was_characters[away]:
                final = b"P"
                new = [*was_characters[:at], *was_characters[at + far :], *blank[0]]
                new_looks = [*was_looks[:at], *was_looks[at + far :], *blank[1]]
            else:
                continue
            if "" in new or "" in was_characters:  # a wide character may be cut in two
                return None
            if len(_different(cells, was)) - len(_different(cells, (new, new_looks))) > _SHIFT_FROM:
                pen.move(y, at)
                pen.wear(0)
                pen.out += b"\x1b[%d%b" % (far, final) if far > 1 else b"\x1b[" + final
                return new, new_looks
        return None

    def _blank_tail(self, cells: Cells, different: list[int]) -> int | None:
        """The column from which erasing to the end of the line is cheaper than writing blanks."""
        characters, looks = cells
        tail = len(characters)
        blank = looks[-1]
        if not different or not self._has.erase_line or not self._sheet.looks.erasable[blank]:
            return None
        while tail and characters[tail - 1] == " " and looks[tail - 1] == blank:
            tail -= 1
        within = [x for x in different if x >= tail]
        if not within or within[-1] - within[0] < 3:
            return None
        return within[0]

    def _spans(self, cells: Cells, different: list[int]) -> Iterator[tuple[int, int]]:
        """The stretches of columns to write: what is different, and what is cheaper to write than to jump over."""
        if not different:
            return
        start, last = different[0], different[-1]
        if last - start < len(different):  # nothing equal in between
            yield start, last + 1
            return
        before = start
        for x in different:
            if x - before > 1 and not self._bridges(cells, before + 1, x, start, last + 1):
                yield start, before + 1
                start = x
            before = x
        yield start, last + 1

    def _bridges(self, cells: Cells, start: int, end: int, begin: int, until: int) -> bool:
        """Whether to write the equal cells from `start` to `end` rather than to jump over them, when `begin` is
        the first column to be written and `until` follows the last different one."""
        characters, looks = cells
        blank = looks[start]
        around = slice(start - 1, end + 1)
        erasable = self._has.erase_characters and self._sheet.looks.erasable[blank]
        if end - start > 3 and erasable and set(characters[around]) == {" "} and set(looks[around]) == {blank}:
            # One ECH goes over all of a stretch of blanks, if it is long enough to be erased.
            left, right = start - 1, end + 1
            while left > begin and characters[left - 1] == " " and looks[left - 1] == blank:
                left -= 1
            while right < until and characters[right] == " " and looks[right] == blank:
                right += 1
            return right - left > ERASED_FROM
        if end - start > _GAP:
            return False
        before, after = looks[start - 1], looks[end]
        change = self._sheet.looks.change
        jump = (3 if end - start == 1 else 4 if end - start < 10 else 5) + len(change(before, after))
        written, look, blank_of = 0, before, self._sheet.looks.blank_of
        for x in range(start, end):
            if looks[x] != look and not (characters[x] == " " and blank_of[look] == looks[x]):
                written += len(change(look, looks[x]))
                look = looks[x]
            written += len(characters[x].encode())
        return written + len(change(look, after)) <= jump


def _different(cells: Cells, was: Cells) -> list[int]:
    """The columns in which two rows differ."""
    characters, looks = cells
    was_characters, was_looks = was
    return [x for x, look in enumerate(looks) if look != was_looks[x] or characters[x] != was_characters[x]]


def _insert_delete(top: int, bottom: int, far: int, height: int) -> bytes:
    """Move rows by DL above and IL below, or the other way round."""
    count = b"%d" % abs(far) if abs(far) > 1 else b""
    delete_at, insert_at = (top, bottom - far + 1) if far > 0 else (bottom + far + 1, top)
    delete, insert = b"\x1b[%dH\x1b[%sM" % (delete_at + 1, count), b"\x1b[%dH\x1b[%sL" % (insert_at + 1, count)
    if bottom == height - 1:
        return delete if far > 0 else insert
    return delete + insert


def _scroll_region(top: int, bottom: int, far: int, height: int) -> bytes:
    """Move rows by scrolling between margins (DECSTBM)."""
    whole = top == 0 and bottom == height - 1
    margins, free = (b"", b"") if whole else (b"\x1b[%d;%dr" % (top + 1, bottom + 1), b"\x1b[r")
    if far > 0:
        return margins + b"\x1b[%dH" % (bottom + 1) + b"\n" * far + free
    return margins + b"\x1b[%dH" % (top + 1) + b"\x1bM" * -far + free
