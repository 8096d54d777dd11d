"""xm's files made today's: the guide's and the stock examples of those days, and what cannot be worked out by hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui import cli
from xentui.xlcfg.by_hand import NotByHandError, work_out
from xentui.xlcfg.convert import convert
from xentui.xlcfg.findings import Severity
from xentui.xlcfg.parser import Config, parse

XM = Path(__file__).with_name("xm")


def converted(text: str) -> Config:
    result = convert(text, "old.cfg")
    assert result.problems == []
    assert result.text is not None
    return parse(result.text)


@pytest.mark.parametrize("name", sorted(path.name for path in XM.iterdir()))
def test_an_example_of_xms_days_becomes_a_good_file(name: str) -> None:
    old = (XM / name).read_text()
    result = convert(old, name)
    assert result.problems == []
    assert result.text is not None
    assert [f for f in result.findings if f.severity is not Severity.INFO and f.code != "octal"] == []
    for line in old.splitlines():  # the comments stay, and so do lines that are fine
        if line.startswith("#"):
            assert line in result.text.splitlines()
    again = convert(result.text, name)  # what is today's already stays as it is
    assert again.text == result.text


def test_the_stock_hvm_example() -> None:
    config = converted((XM / "xmexample.hvm").read_text())
    assert {key: config.get(key) for key in ("type", "kernel", "device_model", "memory", "boot", "builder")} == {
        "type": "hvm",
        "kernel": None,
        "device_model": None,
        "memory": 128,
        "boot": "c",
        "builder": None,
    }
    assert config.get("disk") == [
        "format=raw, vdev=hda, access=rw, target=/var/images/min-el3-i386.img",
        "vdev=hdc, devtype=cdrom",
    ]


def test_windows_with_sdl_gets_vnc_and_keeps_its_comments() -> None:
    text = convert((XM / "windows01.hvm").read_text()).text or ""
    config = parse(text)
    assert config.get("vnc") == 1
    assert config.get("sdl") is None
    assert "target=/dev/vg0/windows01',   # C:\n" in text
    assert 'boot = "d"   # first the CD, "c" once it is installed\n' in text
    assert "# xentui config convert: left out: Debian's QEMU for Xen has no SDL" in text


def test_a_pv_guest_worked_out_by_hand() -> None:
    config = converted((XM / "PVM-ubuntu01.cfg").read_text())
    assert config.get("name") == "PVM-ubuntu01"
    assert config.get("memory") == 256
    assert config.get("vif") == ["mac=00:16:3e:0a:0b:01, bridge=xenbr0", "bridge=xenbr1"]
    assert config.get("disk") == [
        "format=raw, vdev=xvda1, access=rw, target=/srv/ubuntu01/disk.img",
        "format=raw, vdev=xvda2, access=rw, target=/srv/ubuntu01/swap.img",
    ]
    assert config.get("root") == "/dev/xvda1 ro"
    assert config.get("extra") == (
        "2 console=hvc0 xencons=tty ip=10.0.0.5::10.0.0.1:255.255.255.0:PVM-ubuntu01:eth0:off"
    )
    assert (config.get("cpus"), config.get("vcpus"), config.get("cap")) == ("1", 1, 50)
    assert config.get("type") == "pv"


def test_pygrub_by_name_and_dhcp_on_the_command_line() -> None:
    config = converted((XM / "pygrub.cfg").read_text())
    assert config.get("bootloader") == "pygrub"
    assert config.get("extra") == "ro quiet ip=dhcp"
    assert config.get("disk") == ["format=raw, vdev=xvda, access=rw, target=/dev/vg0/lenny-disk"]


@pytest.mark.parametrize(
    ("old", "key", "value"),
    [
        ("memory = 64 * 4", "memory", 256),
        ("memory = 1025 / 2", "memory", 512),
        ("memory = '512'", "memory", 512),
        ("vcpus = 1\nvcpus += 1", "vcpus", 2),
        ("name = 'a' + str(2 + 1)", "name", "a3"),
        ("name = 'web%02d' % 7", "name", "web07"),
        ("name = '{}-{}'.format('a', 1)", "name", "a-1"),
        ("n = ['a', 'b']\nname = '-'.join(n)", "name", "a-b"),
        ("if 2 > 1:\n  name = 'yes'\nelse:\n  name = 'no'", "name", "yes"),
        ("if 2 < 1:\n  name = 'yes'\n\nelif 1 == 1:\n  name = 'maybe'\nelse:\n  name = 'no'", "name", "maybe"),
        ("name = 'x'; sdl = 1; memory = 7", "memory", 7),
        ("import os; memory = 7", "memory", 7),
        ("acpi = True", "acpi", 1),
        ("name = '''x'''", "name", "x"),
        ("name = ('a'\n  'b')", "name", "ab"),
        ("name = \\\n 'b'", "name", "b"),
        ("disk = [ # a\u2028b\f\n 'phy:/dev/a,xvda,w' ]", "disk", ["format=raw, vdev=xvda, access=rw, target=/dev/a"]),
        ("vcpus = 010", "vcpus", 8),  # as xm's Python took it
        ("kernel = '/é\\x41'", "kernel", "/éA"),
        ("disk = [ 'phy:a,xvda,w' ]\ndisk += [ 'phy:b,xvdb,w' ]", "disk", None),
        ("restart = 'always'", "on_crash", "restart"),
        ("vfb = ['type=sdl']", "vfb", ["vnc=1"]),
        ("builder = 'linux'", "type", "pv"),
    ],
)
def test_by_hand(old: str, key: str, value: object) -> None:
    config = converted(old + "\n")
    if value is None:
        vdevs = ["format=raw, vdev=xvda, access=rw, target=/dev/a", "format=raw, vdev=xvdb, access=rw, target=/dev/b"]
        assert config.get(key) == vdevs
    else:
        assert config.get(key) == value


@pytest.mark.parametrize(
    ("old", "line", "says"),
    [
        ("\nfor i in range(3):\n  x = i\n", 2, "a for loop would have to be run"),
        ("def f(a):\n  return a\n", 1, "a function"),
        ("name = open('/etc/hostname').read()\n", 1, "would have to be run"),
        ("name = __import__('os').popen('id')\n", 1, "would have to be run"),
        ("import os\nif os.path.exists('/x'):\n  name = 'x'\n", 2, "would have to be run"),
        ("import os\nkernel = '/boot/vmlinuz-' + os.uname()[2]\n", 2, "is another on each machine: write what it is"),
        ("name = missing\n", 1, "missing is not set above"),
        ("memory = 9 ** 9 ** 9\n", 1, "cannot be worked out by hand"),
        ("name = 'a' * 999999999\n", 1, "too long"),
        ("name = '%999999999d' % 1\n", 1, "does not fit"),
        ("memory = 1 / 0\n", 1, "division by 0"),
        ("print 'hello'\n", 1, "neither today's Python nor xl's language"),
        ("name = " + "(" * 5000 + "\n", 1, ""),
        ("memory = 0x" + "f" * 9999 + "\n", 1, ""),
    ],
)
def test_what_cannot_be_worked_out_is_named(
    old: str, line: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "old.cfg"
    file.write_text(old)
    assert cli.main(["config", "convert", str(file)]) == 1
    said = capsys.readouterr()
    assert said.out == ""  # no half file
    assert said.err.startswith(f"xentui: {file}:{line}: ")
    assert says in said.err


def test_an_error_that_is_left_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "old.cfg"
    file.write_text("memory = 64\nkernel = '/k'\n")
    assert cli.main(["config", "convert", str(file)]) == 1
    said = capsys.readouterr()
    assert "kernel = '/k'" in said.out
    assert "the guest has no name [no-name]" in said.err


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["name", "memory", "disk", "sdl", "if ", "else:", "=", "+=", "[", "]", "(", ")", "\n", "\n  ", ";"]
        ),
        st.sampled_from(
            ["'phy:a,xvda,w'", '"', "'", "'''", "#", "\\", "\\\n", "%", "1", "0x", "{", "\udcff", "é", "\0", ","]
        ),
        st.text(max_size=4),
    ),
    max_size=25,
).map("".join)


@given(PIECES)
def test_any_text_is_converted_or_refused_in_words(text: str) -> None:
    result = convert(text, "x")
    assert (result.text is None) == bool(result.problems)
    for problem in result.problems:
        line = int(problem.split(":")[1])
        assert 1 <= line <= text.count("\n") + 1


def test_nothing_but_known_rules_is_worked_out() -> None:
    import ast

    for code in (
        "f()",
        "().__class__",
        "[x for x in 'a']",
        "lambda: 1",
        "{'a': 1}",
        "1.5",
        "a.b",
        "'%s%s' % 'a'",
        "b'a'",
    ):
        with pytest.raises(NotByHandError):
            work_out(ast.parse(code, mode="eval").body, {})
