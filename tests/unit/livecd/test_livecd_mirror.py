"""Finding Debian among what apt says it uses."""

from __future__ import annotations

import pytest

from xentui.livecd.mirror import Mirror, parse_index_targets
from xentui.livecd.tools import BuildError

KNOWN = """\
https://packages.example.org/node_20.x|. nodistro|. nodistro
http://mirror.example.org/debian|Debian|Debian
http://mirror.example.org/debian|Debian|Debian
http://mirror.example.org/debian-security|Debian|Debian-Security
"""


def test_archive_and_security_are_told_apart() -> None:
    assert parse_index_targets(KNOWN) == Mirror(
        "http://mirror.example.org/debian", "http://mirror.example.org/debian-security"
    )


def test_before_the_first_update_the_path_decides() -> None:
    text = "file:/srv/debian|$(ORIGIN)|$(LABEL)\nhttp://m.example.org/debian-security/|$(ORIGIN)|$(LABEL)\n"
    assert parse_index_targets(text) == Mirror("file:/srv/debian", "http://m.example.org/debian-security/")


@pytest.mark.parametrize("text", ["", "http://archive.example.org/ubuntu|Ubuntu|Ubuntu\n", "nonsense\n"])
def test_a_machine_without_debian_is_told_what_to_do(text: str) -> None:
    with pytest.raises(BuildError, match="--mirror"):
        parse_index_targets(text)


def test_sources_name_updates_and_security_where_known() -> None:
    assert Mirror("http://a", "http://s").sources("trixie") == [
        "deb http://a trixie main",
        "deb http://a trixie-updates main",
        "deb http://s trixie-security main",
    ]
    assert "security" not in " ".join(Mirror("http://a").sources("trixie"))
