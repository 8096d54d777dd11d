"""One setting of a configuration is changed; everything else stays, byte for byte."""

from __future__ import annotations

import pytest

from xentui.guests.change import changed, set_text
from xentui.guests.errors import GuestError

TEXT = """\
# A guest.
name = 'old'   # its name
memory = 128; vcpus = 2
disk = [ "/a,raw,xvda,rw",
         "/b,raw,xvdb,rw", ]
memory = 256
extra = "a"
extra += " b"
"""


def test_only_the_setting_changes() -> None:
    assert set_text(TEXT, "name", "new") == TEXT.replace("'old'", '"new"')
    assert set_text(TEXT, "vcpus", 4) == TEXT.replace("vcpus = 2", "vcpus = 4")


def test_of_several_settings_one_is_left() -> None:
    assert set_text(TEXT, "memory", 512) == TEXT.replace("memory = 128; ", " ").replace("256", "512")
    assert set_text(TEXT, "extra", "c").endswith('extra = "c"\n')
    assert set_text(TEXT, "extra", "c").count("extra") == 1


def test_a_new_setting_and_one_less() -> None:
    assert set_text("name = 'a'", "uuid", "u") == "name = 'a'\nuuid = \"u\"\n"
    assert "memory" not in set_text(TEXT, "memory", None)
    assert "vcpus = 2" in set_text(TEXT, "memory", None)


def test_a_list_is_written_one_item_a_line() -> None:
    assert 'disk = [\n    "/c,raw,xvda,rw",\n    "/d,raw,xvdb,rw",\n]\n' in set_text(
        TEXT, "disk", ["/c,raw,xvda,rw", "/d,raw,xvdb,rw"]
    )


def test_what_xl_would_refuse_is_not_written() -> None:
    with pytest.raises(GuestError, match="would be refused by xl"):
        changed("name = 'a'\nkernel = '/k'\n", {"disk": ["nonsense"]}, "It")
