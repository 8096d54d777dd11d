"""Theme files: the built-in ones, the user's, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color

from xentui.screens.themes import BUILT_IN, ROLES, Theme, ThemeError, default_theme, load_themes, read_theme

GOOD = '[styles]\ntext = "#c0c0c0 on #101010"\n'


def luminance(colour: Color) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [v / 255 for v in colour.get_truecolor()]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(theme: Theme, role: str) -> float:
    style = theme["text"] + (theme["dialog"] if "dialog" in role else theme["text"]) + theme[role]
    assert style.color is not None and style.bgcolor is not None
    one, other = sorted((luminance(style.color), luminance(style.bgcolor)))
    return (other + 0.05) / (one + 0.05)


def test_the_five_built_in_themes_load() -> None:
    themes, complaints = load_themes([BUILT_IN])
    assert set(themes) == {"dark", "light", "sixteen", "monochrome", "high-contrast"}
    assert complaints == []


@pytest.mark.parametrize(("name", "least"), [("dark", 4.5), ("light", 4.5), ("high-contrast", 7.0)])
def test_text_can_be_read(name: str, least: float) -> None:
    theme = load_themes([BUILT_IN])[0][name]
    for role in set(ROLES) - {"bar-free", "bar-used", "border", "graph"}:  # no text in these
        assert contrast(theme, role) >= least, f"{role}: {contrast(theme, role):.1f}"


def test_monochrome_has_no_colour() -> None:
    theme = load_themes([BUILT_IN])[0]["monochrome"]
    for style in theme.styles.values():
        assert all(colour is None or colour.is_default for colour in (style.color, style.bgcolor))


def test_sixteen_colours_are_the_terminals_first_eight() -> None:
    # Bright ones are not to be had on a console of eight colours.
    for style in load_themes([BUILT_IN])[0]["sixteen"].styles.values():
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.is_default or (colour.number is not None and colour.number < 8)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('title = "x"\n[styles\n', 2, "Expected"),
        (GOOD + 'nosuch = "red"\n', 3, "nosuch is no role of text"),
        (GOOD + "dim = 3\n", 3, "dim: give a style in quotes"),
        (GOOD + 'dim = "nocolour"\n', 3, "dim:"),
        ('colour = "red"\n' + GOOD, 1, "colour is nothing a theme has"),
        ("dark = 1\n" + GOOD, 1, "dark must be a bool"),
        ('title = "x"\n', 1, "[styles] needs at least text"),
        ('[styles]\n\ntext = "red"\n', 3, "give colour and background"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ThemeError) as raised:
        read_theme(file)
    assert str(raised.value).startswith(f"{file}:{line}: ") and says in str(raised.value)
    themes, complaints = load_themes([BUILT_IN, tmp_path])
    assert len(themes) == 5 and len(complaints) == 1


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\n\n\xff")
    with pytest.raises(ThemeError, match=r"mine\.toml:3: not UTF-8"):
        read_theme(tmp_path / "mine.toml")


def test_a_file_of_the_user_replaces_a_built_in_theme(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text('title = "Mine"\n' + GOOD)
    assert load_themes([BUILT_IN, tmp_path])[0]["dark"].title == "Mine"


def test_what_a_theme_leaves_out_comes_from_its_fallback(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(GOOD + 'cursor = "reverse"\n')
    theme = read_theme(tmp_path / "t.toml")
    assert theme["cursor-away"] == theme["cursor"] and theme["off"] == theme["text"]


@pytest.mark.parametrize(
    ("colours", "environ", "name"),
    [(0, {}, "monochrome"), (8, {}, "sixteen"), (16, {}, "sixteen"), (256, {}, "dark"), (1 << 24, {}, "dark"),
     (256, {"NO_COLOR": "1"}, "monochrome"), (256, {"COLORFGBG": "0;15"}, "light")],
)  # fmt: skip
def test_the_terminal_decides_what_is_used_first(colours: int, environ: dict[str, str], name: str) -> None:
    assert default_theme(colours, environ) == name
