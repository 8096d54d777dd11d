"""The user's settings."""

from pathlib import Path

import pytest

from xentui.settings import Settings, SettingsError, load_settings, settings_file


def test_no_file_is_no_settings() -> None:
    assert load_settings() == Settings()


def test_the_file_is_read() -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text('leader = "ctrl+b" # tmux\ntheme = "light"\nglyphs = "ascii"\nrefresh = 5\n')
    assert load_settings() == Settings("ctrl+b", "light", "ascii", "lean", 5.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('glyphs = "ascii"\nthem = "light"\n', ":2: unknown setting 'them'; did you mean 'theme'?"),
        ("\n\n[leader]\nx = 1\n", ":3: leader: "),
        ('leader = "x"', ":1: leader: 'x': cannot be"),
        ("refresh = true", ":1: refresh: True is no number"),
        ("refresh = 0", ":1: refresh: 0 is no number"),
        ('glyphs = "ebcdic"', ":1: glyphs: 'ebcdic' is none of ascii, unicode"),
        ("share = 3", ":1: share: 3 is none of true, false"),
        ("theme = 3", ":1: theme: 3 is no text"),
        ("theme = ", "Invalid value"),
    ],
)
def test_what_cannot_be_meant_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as error:
        load_settings(file)
    assert str(error.value).startswith(str(file))
    assert said in str(error.value)


@pytest.mark.parametrize(("text", "share"), [("", True), ("share = false", False), ('share = "xenadm"', "xenadm")])
def test_who_may_join_a_console(tmp_path: Path, text: str, share: bool | str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    assert load_settings(file).share == share


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xff\xfe\0")
    with pytest.raises(SettingsError):
        load_settings(file)
    with pytest.raises(SettingsError):
        load_settings(tmp_path)
