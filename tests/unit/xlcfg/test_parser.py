"""xl's configuration language. Every expectation was compared with libxlutil 4.17 itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.xlcfg.parser import ConfigError, as_number, parse

SERVER02 = """\
# the guide's second server
name    = "server02"
memory  = 128
vcpus   = 1
disk    = [
    'phy:/dev/vg0/server02,xvda,w',   # its root
    'file:/data/cd.iso,hdc:cdrom,r',
]
vif     = [ 'bridge=xenbr0', ]; on_crash = 'restart'
extra   = "root=/dev/xvda ro"
extra  += " quiet"
"""


def test_a_whole_file() -> None:
    config = parse(SERVER02)
    assert config.get("name") == "server02"
    assert config.get("memory") == 128
    assert config.get("disk") == ["phy:/dev/vg0/server02,xvda,w", "file:/data/cd.iso,hdc:cdrom,r"]
    assert config.get("on_crash") == "restart"
    assert config.get("extra") == "root=/dev/xvda ro quiet"
    assert config.get("kernel") is None
    assert [s.key for s in config.settings][-2:] == ["extra", "extra"]


def test_positions_point_into_the_text() -> None:
    config = parse(SERVER02)
    disk = config.value("disk")
    assert disk is not None and isinstance(disk.content, tuple)
    cd = disk.content[1]
    assert (cd.line, cd.column) == (7, 5)
    assert SERVER02[cd.start : cd.end] == "'file:/data/cd.iso,hdc:cdrom,r'"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=010", 8),
        ("a=0x1F\n".lower(), 31),
        ("a=1\na=2", 2),  # the last one counts
        ("a='1'\na+='2'", "12"),
        ("a=[1,'x',[2]]", [1, "x", [2]]),
        ("a=['x']\na+=['y']", ["x", "y"]),
        ("a+='alone'", "alone"),
        ('a="\\"\\t\\\\"', '"\t\\'),
        ("a='\\0123x'", "x"),  # an octal escape takes three digits and loses the character
        ("a=08", "08"),  # no number: left as it is
        ("a='512M'", "512M"),
        ("a=1 #", 1),  # a single bad character at the very end is forgotten
        ("; ;a=1;;b=2", 1),
    ],
)
def test_value(text: str, value: object) -> None:
    assert parse(text).get("a") == value


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("Name='x'\n", 1, 1, "upper case"),
        ("a=1\n# the end", 2, 1, "must end with a newline"),
        ("a='x\n", 1, 3, "not closed"),
        ("a=512M\n", 1, 6, "upper case"),
        ("a=b\n", 1, 3, "needs quotes"),
        ("a=-1\n", 1, 3, "outside quotes"),
        ("import os, re\n", 1, 8, "expected = after import"),
        ("a=[1\n2]\n", 2, 1, "expected , or ]"),
        ("a=[1,\n\n", 1, 3, "never closed"),
        ("a='\\q'\n", 1, 4, "\\q is no escape"),
        ("a='\\x41'\n", 1, 4, "\\x is no escape"),
        ("a=1\r\n", 1, 4, "DOS line ends"),
        ("a='x'\na+=[1]\n", 2, 4, "cannot join a list"),
        ("a='x' b=1\n", 1, 7, "after the value"),
        ("a='\0'\n", 1, 4, "NUL"),
        ("a=" + "[" * 5000, 1, 103, "nested deeper"),
    ],
)
def test_refusal_says_where(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(text, "/etc/xen/x.cfg")
    assert (refused.value.line, refused.value.column) == (line, column)
    assert says in refused.value.message
    assert str(refused.value).startswith(f"/etc/xen/x.cfg:{line}:{column}: ")


def test_xls_own_ways_to_ask() -> None:
    config = parse("memory=128\nmemory+=128\nvcpus='2'\ndisk=['a',['b'],'c']\n")
    assert config.number("memory") is None  # xl warns, and takes its default
    assert config.string("memory") == "128128"
    assert config.number("vcpus") == 2
    assert config.strings("disk") == ["a"]  # xl stops at a nested list
    assert config.string("disk") is None


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_round_trip(number: int) -> None:
    assert as_number(str(number)) == number
    assert as_number(hex(number)) == number


@given(st.text(alphabet=st.sampled_from("ab=+[],;'\"\\\n #01x.-é\0"), max_size=40))
def test_any_text_parses_or_is_refused_with_a_place_in_it(text: str) -> None:
    try:
        parse(text)
    except ConfigError as refused:
        lines = text.split("\n")
        assert 1 <= refused.line <= len(lines)
        assert 1 <= refused.column <= len(lines[refused.line - 1]) + 1
