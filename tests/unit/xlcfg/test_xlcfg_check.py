"""The checker, on corpus.txt: small files, each with everything there is to say about it."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlcfg_corpus import Case, cases

from xentui import cli
from xentui.xlcfg.check import check, mend
from xentui.xlcfg.codes import CODES
from xentui.xlcfg.findings import Finding
from xentui.xlcfg.keys import XM_KEYS, keys

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"line{case.line}")
def test_corpus(case: Case) -> None:
    found = [f"{f.line}:{f.column} {f.severity.value} {f.code} {f.key}".rstrip() for f in check(case.text)]
    assert found == list(case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"line{case.line}")
def test_a_repair_ends_its_finding_and_touches_nothing_else(case: Case) -> None:
    for finding in check(case.text):
        if finding.repair is None:
            continue
        mended = finding.repair.apply(case.text)
        before, after = _counted(check(case.text)), _counted(check(mended))
        assert after[finding.code, finding.key] < before[finding.code, finding.key], finding
        edits = sorted(finding.repair.edits, key=lambda edit: edit.start)
        left = case.text
        for edit in reversed(edits):
            assert left[edit.start : edit.start + edit.length] != edit.replacement
            left = left[: edit.start] + left[edit.start + edit.length :]
        position = 0
        for edit, end in zip(edits, [*(edit.start for edit in edits[1:]), len(case.text)], strict=True):
            assert 0 <= edit.start <= edit.start + edit.length <= end
        for edit in edits:  # what is kept stands in the mended text in the same order
            piece = case.text[position : edit.start]
            assert piece in mended
            position = edit.start + edit.length
        assert mended.endswith(case.text[position:])
        assert len(mended) == len(left) + sum(len(edit.replacement) for edit in edits)


def _counted(findings: list[Finding]) -> Counter[tuple[str, str]]:
    return Counter((finding.code, finding.key) for finding in findings)


def test_every_code_is_documented_and_tried() -> None:
    seen = {expected.split()[2] for case in CASES for expected in case.expected} | {"long-cmdline"}
    assert seen == set(CODES)


def test_a_pv_guest_sees_1023_bytes_of_its_command_line() -> None:
    text = 'name="a"\ntype="pv"\nkernel="/k"\nmemory=128\nextra="{}"\n'
    assert check(text.format("x" * 1023)) == []
    assert [f.code for f in check(text.format("x" * 1024))] == ["long-cmdline"]


def test_mending_all_that_can_be_mended() -> None:
    text = 'name="x"\r\nMemory = 512M\r\ntype = "h"\r\nserial="pty"\r\nlocaltime=yes # here'
    mended = mend(text)
    assert mended == 'name="x"\nmemory = 512\ntype = "hvm"\nserial="pty"\nlocaltime=1 # here\n'
    assert check(mended) == []


def test_the_table_of_keys() -> None:
    assert len(keys()) == 166
    assert not set(XM_KEYS) & set(keys())
    assert all(key.help and key.group and key.kind for key in keys().values())


def test_a_key_of_every_kind_takes_its_default() -> None:
    for key in keys().values():
        if key.kind in ("number", "flag") and key.default.isdigit():
            found = check(f'{key.name} = {key.default}\nname="x"\n')
            wrong = {f.code for f in found if f.key == key.name} - {"not-for-type", "arm-only", "debian-lacks"}
            assert not wrong, (key.name, wrong)


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(sorted(keys())),
        st.sampled_from(["=", "+=", "[", "]", ",", ";", "\n", '"', "'", "#", " ", "\\", "\r\n", "\0", "\udcff", "é"]),
        st.sampled_from(
            ['"512M"', "010", "-1", '"phy:a,xvda,w"', '"mac=1,x"', '"h"', '["a",["b"]]', '"vnc=1"', "true"]
        ),
        st.text(max_size=5),
    ),
    max_size=30,
).map("".join)


@given(TEXTS)
def test_any_text_is_checked_and_every_place_is_in_it(text: str) -> None:
    lines = text.split("\n")
    for finding in check(text):
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert finding.code in CODES
        for edit in finding.repair.edits if finding.repair else ():
            assert 0 <= edit.start <= edit.start + edit.length <= len(text)


VALUES = st.one_of(
    st.integers(-10, 10**9).map(str),
    st.text(alphabet="abchdxv019=,:/ -.^", max_size=20).map(lambda text: f'"{text}"'),
    st.lists(st.text(alphabet="abchdxv019=,:/ -.^", max_size=20).map(lambda text: f'"{text}"'), max_size=3).map(
        lambda items: f"[{', '.join(items)}]"
    ),
)


@given(st.lists(st.tuples(st.sampled_from(sorted(keys())), VALUES), max_size=8), st.sampled_from(["pv", "pvh", "hvm"]))
def test_any_value_of_any_key_is_checked(settings: list[tuple[str, str]], kind: str) -> None:
    text = f'name="x"\ntype="{kind}"\n' + "".join(f"{key} = {value}\n" for key, value in settings)
    for finding in check(text):
        if finding.repair:
            check(finding.repair.apply(text))


# The command.


def test_check_says_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a\x1b.cfg"
    file.write_text('name = "a"\ntype = "pv"\nkernel = "/k"\nmemory = "512M"\n')
    assert cli.main(["config", "check", str(file)]) == 0  # a warning alone is no failure
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path}/a\\x1b.cfg:4:10: warning: '512M' is no number")
    assert out.endswith(" [not-a-number]\n")
    file.write_text("type = 'pv'\n")
    assert cli.main(["config", "check", "--json", str(file)]) == 1
    first = json.loads(capsys.readouterr().out)[0]
    assert list(first) == ["file", "line", "column", "severity", "code", "key", "message"]
    assert (first["line"], first["severity"], first["code"], first["key"]) == (1, "error", "no-kernel", "kernel")


@pytest.mark.parametrize(
    ("content", "says"), [(b"\x7fELF" + b"\0" * 100, "a binary file"), (b"#" * (10 << 20), "longer than 128 KiB")]
)
def test_what_is_no_configuration(
    content: bytes, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "guest.cfg"
    file.write_bytes(content)
    for verb in ("check", "convert"):
        assert cli.main(["config", verb, str(file)]) == 1
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1


def test_files_that_cannot_be_read_do_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.cfg").write_text("x y\n")
    assert cli.main(["config", "check", str(tmp_path / "none.cfg"), str(tmp_path), str(tmp_path / "bad.cfg")]) == 1
    said = capsys.readouterr()
    assert "none.cfg: No such file" in said.err
    assert "no regular file" in said.err
    assert "bad.cfg:1:3: error: " in said.out


def test_config_alone_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["config"], ["config", "check"], ["config", "convert"], ["config", "polish"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(arguments)
        assert stopped.value.code == 2
