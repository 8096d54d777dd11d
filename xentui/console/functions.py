"""What each control and escape sequence does (VT220 Programmer Reference ch. 4; xterm's ctlseqs; console_codes(4)).

Three tables: single controls, `ESC …` and `CSI …`. A key of CSI is prefix + intermediates + final. What is in no
table has no effect. The only functions that answer the guest are those at the end, with a few fixed bytes each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from xentui.console.modes import ANSI_MODES, DEC_MODES, MOUSE_MODES, SCREEN_MODES
from xentui.console.screen import Line
from xentui.console.terminal import SavedCursor, Terminal

Parameters = tuple[int, ...]
Function = Callable[[Terminal, Parameters], None]
LARGEST = 65_535
"""No parameter is larger, whatever the guest sends."""


@lru_cache(maxsize=2048)
def parameters_of(text: str) -> Parameters:
    """`3;4` as numbers, an absent one being 0; of `3:1` the 3."""
    return tuple(_number(field.partition(":")[0]) for field in text.split(";"))


def _number(digits: str) -> int:
    if len(digits) > 5:
        digits = digits.lstrip("0")
        if len(digits) > 5:
            return LARGEST
    return min(int(digits), LARGEST) if digits else 0


def count_of(parameters: Parameters) -> int:
    """The first parameter where 0 and nothing mean 1."""
    return parameters[0] or 1


# -- cursor ----------------------------------------------------------------------------------------------------


def _position(terminal: Terminal, parameters: Parameters) -> None:
    column = parameters[1] if len(parameters) > 1 else 1
    terminal.move_to((parameters[0] or 1) - 1, (column or 1) - 1)


def _row(terminal: Terminal, parameters: Parameters) -> None:
    terminal.move_to(count_of(parameters) - 1, terminal.column)


def _column(terminal: Terminal, parameters: Parameters) -> None:
    terminal.move_column(count_of(parameters) - 1)


def _right(terminal: Terminal, parameters: Parameters) -> None:
    terminal.move_column(terminal.column + count_of(parameters))


def _left(terminal: Terminal, parameters: Parameters) -> None:
    terminal.move_column(min(terminal.column, terminal.columns - 1) - count_of(parameters))


def _up(terminal: Terminal, parameters: Parameters) -> None:
    terminal.move_rows(-count_of(parameters))


def _down(terminal: Terminal, parameters: Parameters) -> None:
    terminal.move_rows(count_of(parameters))


def _next_line(terminal: Terminal, parameters: Parameters) -> None:
    terminal.column = 0
    terminal.move_rows(count_of(parameters))


def _previous_line(terminal: Terminal, parameters: Parameters) -> None:
    terminal.column = 0
    terminal.move_rows(-count_of(parameters))


def _set_margins(terminal: Terminal, parameters: Parameters) -> None:
    top = count_of(parameters) - 1
    bottom = (parameters[1] if len(parameters) > 1 and parameters[1] else terminal.rows) - 1
    bottom = min(bottom, terminal.rows - 1)
    if top < bottom:
        terminal.top, terminal.bottom = top, bottom
        terminal.move_to(0, 0)


# -- tabs ------------------------------------------------------------------------------------------------------


def _set_tab(terminal: Terminal) -> None:
    terminal.tabs.add(min(terminal.column, terminal.columns - 1))


def _clear_tabs(terminal: Terminal, parameters: Parameters) -> None:
    if parameters[0] == 0:
        terminal.tabs.discard(terminal.column)
    elif parameters[0] == 3:
        terminal.tabs.clear()


# -- editing ---------------------------------------------------------------------------------------------------
# With a wrap pending nothing is to the right of the cursor, and nothing is erased there (as in tmux; xterm erases
# the last character, which costs a full line its end when a program ends each line with EL).


def _insert_characters(terminal: Terminal, parameters: Parameters) -> None:
    count = min(count_of(parameters), terminal.columns - terminal.column)
    terminal.screen.insert(terminal.row, terminal.column, " " * count, terminal.rendition.erasing)
    terminal.dirty.add(terminal.row)


def _delete_characters(terminal: Terminal, parameters: Parameters) -> None:
    count = min(count_of(parameters), terminal.columns - terminal.column)
    terminal.screen.delete(terminal.row, terminal.column, count, terminal.rendition.erasing)
    terminal.dirty.add(terminal.row)


def _erase_characters(terminal: Terminal, parameters: Parameters) -> None:
    terminal.erase_cells(terminal.column, min(terminal.column + count_of(parameters), terminal.columns))


def _insert_lines(terminal: Terminal, parameters: Parameters) -> None:
    if terminal.top <= terminal.row <= terminal.bottom:
        terminal.column = 0
        terminal.scroll_down(count_of(parameters), terminal.row)


def _delete_lines(terminal: Terminal, parameters: Parameters) -> None:
    if terminal.top <= terminal.row <= terminal.bottom:
        terminal.column = 0
        terminal.scroll_up(count_of(parameters), terminal.row)


def _erase_line(terminal: Terminal, parameters: Parameters) -> None:
    if parameters[0] == 0:
        terminal.erase_cells(terminal.column, terminal.columns)
    elif parameters[0] == 1:
        terminal.erase_cells(0, min(terminal.column + 1, terminal.columns))
    elif parameters[0] == 2:
        terminal.erase_cells(0, terminal.columns)


def _erase_display(terminal: Terminal, parameters: Parameters) -> None:
    """ED. 3 would erase the scrollback: it is the administrator's memory, not the guest's, and stays."""
    what = parameters[0]
    if what == 2 or (what == 0 and terminal.row == terminal.column == 0):
        terminal.clear_screen()
    elif what == 0:
        terminal.erase_cells(terminal.column, terminal.columns)
        terminal.erase_rows(terminal.row + 1, terminal.rows - 1)
    elif what == 1:
        terminal.erase_rows(0, terminal.row - 1)
        terminal.erase_cells(0, min(terminal.column + 1, terminal.columns))


def _align(terminal: Terminal) -> None:
    """DECALN: the screen full of E."""
    terminal.reset_margins()
    terminal.modes.origin = False
    terminal.move_to(0, 0)
    screen = terminal.screen
    screen.lines = [Line("E" * screen.columns, screen.plain) for _ in screen.lines]
    terminal.all_dirty = True


# -- modes -----------------------------------------------------------------------------------------------------


def _set_ansi(value: bool) -> Function:
    def change(terminal: Terminal, parameters: Parameters) -> None:
        for number in parameters:
            if number in ANSI_MODES:
                setattr(terminal.modes, ANSI_MODES[number], value)
        terminal.use_charset()

    return change


def _set_dec(value: bool) -> Function:
    def change(terminal: Terminal, parameters: Parameters) -> None:
        for number in parameters:
            _change_dec(terminal, number, value)

    return change


def _change_dec(terminal: Terminal, number: int, value: bool) -> None:
    modes = terminal.modes
    if number in DEC_MODES:
        setattr(modes, DEC_MODES[number], value)
        if number == 6:
            terminal.move_to(0, 0)
        elif number == 5:
            terminal.all_dirty = True
    elif number == 3 and modes.column_change:  # as in xterm, only where a program has asked for it
        terminal.reset_margins()
        terminal.move_to(0, 0)
        terminal.clear_screen()
    elif number in MOUSE_MODES:
        modes.mouse = number if value else 0
    elif number in SCREEN_MODES:
        _switch_screen(terminal, number, value)
    elif number == 1048:
        (terminal.save_cursor if value else terminal.restore_cursor)()


def _switch_screen(terminal: Terminal, number: int, alternate: bool) -> None:
    """47 only switches; 1047 clears the alternate screen on leaving, 1049 on entering, and keeps the cursor."""
    modes = terminal.modes
    if alternate != modes.alternate_screen:
        if number == 1049 and alternate:
            terminal.save_cursor()
        if number == 1047 and not alternate:
            terminal.erase_rows(0, terminal.rows - 1)
        modes.alternate_screen = alternate
        terminal.screen = terminal.screens[alternate]
        if number == 1049 and alternate:
            terminal.erase_rows(0, terminal.rows - 1)
        terminal.all_dirty = True
    if number == 1049 and not alternate:  # dialog leaves the alternate screen twice and relies on this
        terminal.restore_cursor()


def _keypad(application: bool) -> Callable[[Terminal], None]:
    def change(terminal: Terminal) -> None:
        terminal.modes.application_keypad = application

    return change


def _soft_reset(terminal: Terminal, parameters: Parameters) -> None:  # noqa: ARG001
    """DECSTR: modes, margins, rendition and sets; neither the text nor the cursor's place."""
    modes = terminal.modes
    modes.cursor_visible = modes.autowrap = True
    modes.insert = modes.origin = modes.application_cursor = modes.application_keypad = False
    terminal.reset_margins()
    terminal.reset_charsets()
    terminal.rendition.symbol = "\0"
    terminal.saved[modes.alternate_screen] = SavedCursor()


# -- single controls -------------------------------------------------------------------------------------------


def _bell(terminal: Terminal) -> None:
    terminal.bells += 1


def _backspace(terminal: Terminal) -> None:
    _left(terminal, (1,))


def _line_feed(terminal: Terminal) -> None:
    if terminal.modes.newline_mode:
        terminal.column = 0
    terminal.index()


def _carriage_return(terminal: Terminal) -> None:
    terminal.column = 0


def _new_line(terminal: Terminal) -> None:
    terminal.column = 0
    terminal.index()


# -- answers ---------------------------------------------------------------------------------------------------


def _answer(terminal: Terminal, text: str) -> None:
    if terminal.reply is not None and terminal.replies_left > 0:
        terminal.replies_left -= 1
        terminal.reply(text.encode("ascii"))


def _device_attributes(terminal: Terminal, parameters: Parameters) -> None:
    """DA1: a VT220 with colours."""
    if parameters[0] == 0:
        _answer(terminal, "\x1b[?62;22c")


def _secondary_attributes(terminal: Terminal, parameters: Parameters) -> None:
    """DA2: a VT220, firmware 1.0, no options."""
    if parameters[0] == 0:
        _answer(terminal, "\x1b[>1;10;0c")


def _report_status(terminal: Terminal, parameters: Parameters) -> None:
    """DSR: 5 asks if all is well, 6 where the cursor is."""
    if parameters[0] == 5:
        _answer(terminal, "\x1b[0n")
    elif parameters[0] == 6:
        row = terminal.row - (terminal.top if terminal.modes.origin else 0)
        _answer(terminal, f"\x1b[{row + 1};{min(terminal.column, terminal.columns - 1) + 1}R")


def _report_dec_mode(terminal: Terminal, parameters: Parameters) -> None:
    """DECRQM: 1 set, 2 reset, 0 not known."""
    number, modes = parameters[0], terminal.modes
    if number in DEC_MODES:
        state: bool | None = getattr(modes, DEC_MODES[number])
    elif number in MOUSE_MODES:
        state = modes.mouse == number
    elif number in SCREEN_MODES:
        state = modes.alternate_screen
    else:
        state = None
    _answer(terminal, f"\x1b[?{number};{0 if state is None else 2 - state}$y")


def _report_ansi_mode(terminal: Terminal, parameters: Parameters) -> None:
    number = parameters[0]
    state = 2 - getattr(terminal.modes, ANSI_MODES[number]) if number in ANSI_MODES else 0
    _answer(terminal, f"\x1b[{number};{state}$y")


# -- the tables ------------------------------------------------------------------------------------------------

CONTROLS: dict[str, Callable[[Terminal], None]] = {
    "\a": _bell,
    "\b": _backspace,
    "\t": lambda terminal: terminal.tab(1),
    "\n": _line_feed,
    "\v": _line_feed,
    "\f": _line_feed,
    "\r": _carriage_return,
    "\x0e": lambda terminal: terminal.use_charset(1),
    "\x0f": lambda terminal: terminal.use_charset(0),
}

ESC: dict[str, Callable[[Terminal], None]] = {
    "7": Terminal.save_cursor,
    "8": Terminal.restore_cursor,
    "=": _keypad(True),
    ">": _keypad(False),
    "D": Terminal.index,
    "E": _new_line,
    "H": _set_tab,
    "M": Terminal.reverse_index,
    "N": lambda terminal: terminal.shift_once(2),
    "O": lambda terminal: terminal.shift_once(3),
    "Z": lambda terminal: _device_attributes(terminal, (0,)),
    "c": Terminal.reset,
    "n": lambda terminal: terminal.use_charset(2),
    "o": lambda terminal: terminal.use_charset(3),
    "#8": _align,
}

CSI: dict[str, Function] = {
    "@": _insert_characters,
    "A": _up,
    "B": _down,
    "C": _right,
    "D": _left,
    "E": _next_line,
    "F": _previous_line,
    "G": _column,
    "H": _position,
    "I": lambda terminal, parameters: terminal.tab(count_of(parameters)),
    "J": _erase_display,
    "K": _erase_line,
    "L": _insert_lines,
    "M": _delete_lines,
    "P": _delete_characters,
    "S": lambda terminal, parameters: terminal.scroll_up(count_of(parameters)),
    "T": lambda terminal, parameters: terminal.scroll_down(count_of(parameters)),
    "X": _erase_characters,
    "Z": lambda terminal, parameters: terminal.back_tab(count_of(parameters)),
    "`": _column,
    "a": _right,
    "b": lambda terminal, parameters: terminal.repeat(count_of(parameters)),
    "c": _device_attributes,
    "d": _row,
    "e": _down,
    "f": _position,
    "g": _clear_tabs,
    "h": _set_ansi(True),
    "l": _set_ansi(False),
    "n": _report_status,
    "r": _set_margins,
    "s": lambda terminal, parameters: terminal.save_cursor(),  # noqa: ARG005
    "u": lambda terminal, parameters: terminal.restore_cursor(),  # noqa: ARG005
    "$p": _report_ansi_mode,
    "!p": _soft_reset,
    ">c": _secondary_attributes,
    "?J": _erase_display,
    "?K": _erase_line,
    "?h": _set_dec(True),
    "?l": _set_dec(False),
    "?$p": _report_dec_mode,
}
