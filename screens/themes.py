"""Themes: TOML files that say how each role of text is drawn.

The package's own stand in ``xentui/themes``, the user's in ``$XDG_CONFIG_HOME/xentui/themes``; one of the
user's with the name of a built-in one replaces it. The format is described in ``themes/dark.toml``. A file
that cannot be used is named with the line that is wrong, and left out.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import textual.theme
from rich.color import Color
from rich.errors import StyleSyntaxError
from rich.style import Style

BUILT_IN = Path(__file__).resolve().parent.parent / "themes"

#: The roles of text, and the role that one falls back to when a theme leaves it out. All end at ``text``.
ROLES: dict[str, str] = {
    "text": "",  # everything that has no role of its own; its background is the screen's
    "strong": "text",  # names, titles
    "dim": "text",  # labels, what is off
    "header": "text",  # the lines at the top
    "header-dim": "header",
    "demo": "header",  # the badge of the demo dom0
    "read-only": "header",
    "bar-used": "header",
    "bar-free": "header-dim",
    "problem": "text",  # what is wrong with the dom0
    "columns": "text",  # the heads of the table
    "sorted": "columns",  # the head of the column it is sorted by
    "cursor": "text",  # the row under the cursor
    "cursor-away": "cursor",  # the same while the keys go elsewhere
    "marked": "strong",
    "running": "text",  # running and blocked
    "paused": "text",
    "crashed": "text",
    "dying": "crashed",  # shutdown and dying
    "saved": "dim",
    "off": "dim",
    "stale": "dim",  # the toolstack does not answer
    "graph": "dim",
    "key": "strong",  # a key, in the key bar and in dialogs
    "status": "text",
    "good": "status",  # something was done
    "error": "status",  # something was not
    "dialog": "text",
    "dialog-dim": "dialog",
    "dialog-title": "dialog",
    "dialog-key": "key",  # a key in a dialog
    "danger": "error",  # what a dangerous action destroys
    "input": "dialog",
    "border": "dialog",  # the frame of a dialog, the line between panes
}

_IN_DIALOGS = {"dialog-dim", "dialog-title", "dialog-key", "danger", "input", "border"}

_FIELDS: dict[str, type] = {"title": str, "dark": bool, "terminal_colours": bool, "styles": dict}


class ThemeError(Exception):
    """A theme file cannot be used. One sentence with file and line."""


@dataclass(frozen=True)
class Theme:
    """How each role is drawn. `terminal_colours`: the terminal's own 16 colours and background."""

    name: str
    title: str
    dark: bool = True
    terminal_colours: bool = False
    styles: Mapping[str, Style] = field(default_factory=dict)

    def __getitem__(self, role: str) -> Style:
        """The style of a role; one that the theme leaves out is drawn as its fallback."""
        while role not in self.styles:
            role = ROLES.get(role, "text")
            if not role:
                return Style.null()
        return self.styles[role]

    def textual(self) -> textual.theme.Theme:
        """The same for Textual's CSS: ``$x-ROLE``, ``$x-ROLE-bg`` and ``$x-ROLE-style`` for each role."""
        text, dialog = self["text"], self["dialog"]
        variables: dict[str, str] = {}
        for role in ROLES:
            # What a role leaves open is drawn on the ground it stands on.
            ground = (
                dialog if role in ("dialog-dim", "dialog-title", "dialog-key", "danger", "input", "border") else text
            )
            style = text + ground + self[role]
            variables[f"x-{role}"] = _css(style.color)
            variables[f"x-{role}-bg"] = _css(style.bgcolor)
            variables[f"x-{role}-style"] = _css_style(style)
        variables |= {
            "input-cursor-foreground": variables["x-input-bg"],
            "input-cursor-background": variables["x-input"],
            "input-cursor-text-style": "none",
            # Textual 8.2.8 asks for these two and leaves them out of its own ansi themes.
            "ansi-background": "transparent",
            "ansi-foreground": "transparent",
        }
        return textual.theme.Theme(
            name=f"xentui-{self.name}",
            primary="ansi_blue" if self.terminal_colours else _css((text + self["key"]).color),
            dark=self.dark,
            ansi=self.terminal_colours,
            variables=variables,
            foreground=None if self.terminal_colours else _css(text.color),
            background=None if self.terminal_colours else _css(text.bgcolor),
        )


def _css(colour: Color | None) -> str:
    if colour is None or colour.is_default:
        return "ansi_default"
    if colour.triplet is not None:
        return colour.triplet.hex
    names = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
    number = colour.number if colour.number is not None else 7
    if number >= 16:
        return colour.get_truecolor().hex
    return f"ansi_{'bright_' if number >= 8 else ''}{names[number % 8]}"


def _css_style(style: Style) -> str:
    words = [word for word in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, word)]
    return " ".join(words) or "none"


def read_theme(file: Path) -> Theme:
    """Read one theme file. Raises ThemeError naming file, line and what is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise ThemeError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ThemeError(f"{file}:{line}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ThemeError(f"{file}:{line}: {str(error).partition(' (at ')[0]}") from error

    def complain(key: str, what: str) -> ThemeError:
        at = re.search(rf"^[ \t]*\[?[ \t\"']*{re.escape(key)}\b", text, re.MULTILINE)
        line = text.count("\n", 0, at.start()) + 1 if at else 1
        return ThemeError(f"{file}:{line}: {what}")

    for key, value in data.items():
        if key not in _FIELDS:
            raise complain(key, f"{key} is nothing a theme has; there is {', '.join(_FIELDS)}")
        if not isinstance(value, _FIELDS[key]):
            raise complain(key, f"{key} must be a {_FIELDS[key].__name__}")
    styles = {}
    for role, value in data.get("styles", {}).items():
        if role not in ROLES:
            raise complain(role, f"{role} is no role of text; there is {', '.join(ROLES)}")
        if not isinstance(value, str):
            raise complain(role, f'{role}: give a style in quotes, as "bold red on black"')
        try:
            styles[role] = Style.parse(value)
        except StyleSyntaxError as error:
            raise complain(role, f"{role}: {error}") from error
    if "text" not in styles:
        raise complain("styles", "[styles] needs at least text")
    terminal_colours = data.get("terminal_colours", False)
    if not terminal_colours and (styles["text"].color is None or styles["text"].bgcolor is None):
        raise complain("text", 'text: give colour and background, as "#c0c0c0 on #101010"')
    return Theme(file.stem, data.get("title", file.stem), data.get("dark", True), terminal_colours, styles)


def user_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the user's own themes stand."""
    base = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "xentui" / "themes"


def load_themes(folders: Iterable[Path] | None = None) -> tuple[dict[str, Theme], list[str]]:
    """All themes by name, built-in ones first, and a sentence for each file that cannot be used."""
    themes: dict[str, Theme] = {}
    complaints: list[str] = []
    for folder in folders if folders is not None else (BUILT_IN, user_folder()):
        try:
            files = sorted(folder.glob("*.toml"))
        except OSError as error:
            complaints.append(f"{folder}: {error.strerror}")
            continue
        for file in files:
            try:
                themes[file.stem] = read_theme(file)
            except ThemeError as error:
                complaints.append(str(error))
    return themes, complaints


def default_theme(colours: int, environ: Mapping[str, str] = os.environ) -> str:
    """The name of the theme for a terminal of so many colours (0, 8, 16, 256, 1 << 24)."""
    if colours < 8 or environ.get("NO_COLOR"):
        return "monochrome"
    if colours < 256:
        return "sixteen"
    # Terminals that say so put "foreground;background" there; 7 and 15 are the white ones.
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in ("7", "15") else "dark"
