"""The editor of a configuration, at 80x24 and wide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from driving import Desk, opened
from fakes import FakeHost, FakeInventory, domain

from xentui.domains.domain import Disk, Domain
from xentui.host import HostError
from xentui.screens.config_editor import ConfigEditor
from xentui.subprocesses import CommandRecord

TEXT = """# the guide's \x1b[31m[bold]
name = "server01"
type = "pv"
kernel = "/boot/vmlinuz"
memory = "256M"
vcpus = 1
disk = [ "/srv/xen/server01.img,raw,xvda,w" ]
on_crash = "Restart"
"""


class EditedHost(FakeHost):
    """Files below a folder; every path that is asked about is there, and what is run is noted."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root, self.ran = root, list[tuple[str, ...]]()
        self.failing = ""
        self.has_toolstack = False
        (root / "etc/xen").mkdir(parents=True)
        self.file = root / "etc/xen/server01.cfg"
        self.file.write_text(TEXT)

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def read(self, path: str, limit: int = 1 << 20, *, tail: bool = False) -> bytes:
        try:
            return self.path(path).read_bytes()[:limit]
        except OSError as error:
            raise HostError(f"{path}: {error.strerror}") from error

    def run(self, argv: Sequence[str], **more: object) -> CommandRecord:
        if argv[0] == "sh":
            return CommandRecord(tuple(argv), 0.0, 0.0, 0, "f\n" * len(argv[4:]), "")
        self.ran.append(tuple(argv))
        if self.failing:
            raise HostError(self.failing)
        return CommandRecord(tuple(argv), 0.0, 0.0, 0, "", "")


def server01(**more: object) -> Domain:
    values: dict[str, object] = {"memory_mib": 256, "max_memory_mib": 512, "type": "pv", "vcpus": 1}
    return domain("server01", 1, **{**values, "disks": (Disk("xvda", "/srv/xen/server01.img"),), **more})


@pytest.fixture
def host(tmp_path: Path) -> EditedHost:
    return EditedHost(tmp_path)


async def open_editor(desk: Desk) -> ConfigEditor:
    desk.table.place_cursor([d.name for d in desk.table.rows].index("server01"))
    await desk.settle()
    await desk.press("C")
    await desk.until(
        lambda: isinstance(desk.app.screen, ConfigEditor) and desk.app.screen.around is not None, "the editor"
    )
    editor = desk.app.screen
    assert isinstance(editor, ConfigEditor)
    await desk.settle()
    return editor


def inventory(**more: object) -> FakeInventory:
    return FakeInventory([server01(**more)])


async def test_the_form_shows_what_is_set_and_what_is_wrong(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        await desk.see(
            "server01   /etc/xen/server01.cfg", "Identity and type", "1 error, 1 warning", "The guest's name, unique"
        )
        assert "viridian" not in [row.key for row in editor.form.rows]  # for HVM guests
        await desk.press("n")
        await desk.see("! memory", "'256M' is no number to xl", "[not-a-number] - r: write 256")
        await desk.press("n")
        await desk.see("! on_crash", "'Restart' is no on_crash")
        await desk.press("o")
        text = desk.text()
        assert "memory" in text
        assert "maxmem" not in text


async def test_a_long_finding_is_read_to_its_end(host: EditedHost) -> None:
    host.file.write_text('name = "server01"\ntype = "pv"\nmemory = 256\nbootloader = "pygrub"\n')
    async with opened(inventory(), host=host) as desk:
        await open_editor(desk)
        await desk.press("n")
        await desk.see("pygrub reads the guest's disk as root", "(package grub-xen-host) [pygrub]")
        await desk.press("home", "down")
        await desk.see("The guest's name, unique")


async def test_a_repair_is_one_key_and_touches_nothing_else(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        await desk.press("n", "r")
        await desk.see("Done: write 256.", "changed", "1 error")
        assert editor.edit.text == TEXT.replace('"256M"', "256")
        await desk.press("u")
        assert editor.edit.text == TEXT
        await desk.press("u")
        await desk.see("There is nothing to undo.")


async def test_a_value_is_asked_for_in_the_way_of_its_kind(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        editor.form.go_to("vcpus")
        await desk.press("enter")
        await desk.see("CPUs the guest starts with.")
        await desk.press("-", "1", "enter")
        await desk.see("-1 vCPUs: it is from 1 to 1024")
        await desk.press("backspace", "backspace", "2", "enter")
        assert "vcpus = 2\n" in editor.edit.text
        editor.form.go_to("on_crash")
        await desk.press("enter")
        await desk.see("What becomes of the guest when it crashes", "rename-restart")
        await desk.press("down", "enter")
        assert "Restart" not in editor.edit.text
        editor.form.go_to("on_poweroff")
        await desk.press("enter", "enter")  # it stands on: leave it away
        assert "on_poweroff" not in editor.edit.text
        editor.form.go_to("disk")
        await desk.press("enter")
        await desk.see("/srv/xen/server01.img,raw,xvda,w", "one more")
        await desk.press("down", "enter", *"/b,raw,xvda,w", "enter")
        await desk.see("is given twice")
        await desk.press("backspace", "backspace", "backspace", "b", ",", "w", "enter")
        assert 'disk = [ "/srv/xen/server01.img,raw,xvda,w", "/b,raw,xvdb,w" ]' in editor.edit.text
        await desk.press("x")
        assert "disk" not in editor.edit.text


async def test_the_text_is_checked_as_one_types(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        editor.form.go_to("memory")
        await desk.press("tab")
        text = await desk.see('memory = "256M"', "line 5, column 1")
        assert "# the guide's \\x1b[31m[bold]" in text
        await desk.press("end", "enter", *"frob = 1")
        await desk.see("xl does not know frob and ignores it", "2 warnings")
        assert 'memory = "256M"\nfrob = 1\n' in editor.edit.text
        await desk.press("f4", "f4")
        await desk.press("f6")
        assert "memory = 256\nfrob" in editor.edit.text
        await desk.press("ctrl+z")
        assert editor.edit.text == TEXT.replace('"256M"', '"256M"\nfrob = 1')
        await desk.press("ctrl+z", "ctrl+z")  # what was typed is one step, the new line another
        await desk.press("tab")
        await desk.see("! memory", "maxmem")
        assert editor.edit.text == TEXT


async def test_what_cannot_be_read_is_shown_in_the_text(host: EditedHost) -> None:
    host.file.write_text("name = 'server01'\nvif = [\n")
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        await desk.press("n", "n", "n", "n")
        await desk.until(lambda: editor.findings)
        await desk.press("tab") if not editor.in_text else None
        await desk.see("vif = [")


async def test_saving_shows_the_changes_keeps_the_old_file_and_offers_what_can_be_done_now(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        await desk.press("s")
        await desk.see("Nothing was changed.")
        editor.edit.change(TEXT.replace('"256M"', "300").replace("Restart", "restart"))
        await desk.press("s")
        await desk.see("Save /etc/xen/server01.cfg?", '-memory = "256M"', "+memory = 300", "xl mem-set server01 300m",
                       "kept in /etc/xen/server01.cfg~")  # fmt: skip
        await desk.press("enter")
        await desk.see("Nothing was written.")
        assert host.file.read_text() == TEXT
        await desk.press("s")
        await desk.see("y Save")
        await desk.press("y")
        await desk.see("Do to server01 now, as it runs?", "Nothing more", "xl mem-set server01 300m")
        assert host.file.read_text() == editor.edit.text
        assert (host.root / "etc/xen/server01.cfg~").read_text() == TEXT
        assert host.ran == []
        await desk.press("down", "enter")
        await desk.see("Done to server01: memory.")
        assert host.ran == [("xl", "mem-set", "server01", "300m")]
        await desk.press("escape")
        await desk.until(lambda: desk.app.screen is desk.main, "the table")


async def test_saving_what_libvirt_does_not_read_says_so(host: EditedHost) -> None:
    async with opened(inventory(managed_by=("libvirt", "file")), host=host) as desk:
        editor = await open_editor(desk)
        editor.edit.change(TEXT.replace('"256M"', "300"))
        await desk.press("s")
        await desk.see("libvirt starts server01 by its own definition, not by this file: virsh", "edit server01")


async def test_a_change_that_does_not_work_is_told_with_what_was_said(host: EditedHost) -> None:
    host.failing = "xl: no such thing"
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        editor.edit.change(TEXT.replace('"256M"', "300"))
        await desk.press("s")
        await desk.see("y Save")
        await desk.press("y")
        await desk.see("Do to server01 now, as it runs?")
        await desk.press("down", "enter")
        await desk.see("xl: no such thing", "Close")


async def test_what_may_lose_something_is_asked_about_by_itself(host: EditedHost) -> None:
    text = TEXT.replace('"256M"', "300")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("disk"))
    async with opened(inventory(vcpus=2), host=host) as desk:
        editor = await open_editor(desk)
        editor.edit.change(text)
        await desk.press("s")
        await desk.see("y Save")
        await desk.press("y")
        await desk.see("xl block-detach server01 xvda", "All of it")
        await desk.press("end", "enter")
        await desk.until(lambda: len(host.ran) == 2, "both")
        await desk.until(lambda: "mem-set" not in desk.text() and "xl block-detach" in desk.text(), "what is left")
        assert [words[1] for words in host.ran] == ["mem-set", "vcpu-set"]
        await desk.press("down", "enter")
        await desk.see("If server01 still uses xvda", "y Do it")
        await desk.press("enter")
        await desk.see("Nothing more")
        assert len(host.ran) == 2
        await desk.press("down", "enter")
        await desk.see("y Do it")
        await desk.press("y")
        await desk.see("Done to server01: disk.")
        assert host.ran[-1] == ("xl", "block-detach", "server01", "xvda")


async def test_a_file_changed_by_somebody_else_is_not_written_over(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        editor.edit.change(TEXT + "vcpus = 2\n")
        host.file.write_text("somebody else's\n")
        await desk.press("s")
        await desk.see("y Save")
        await desk.press("y")
        await desk.see("was changed by somebody else")
        assert host.file.read_text() == "somebody else's\n"
        assert editor.changed


async def test_leaving_with_changes_asks(host: EditedHost) -> None:
    async with opened(inventory(), host=host) as desk:
        editor = await open_editor(desk)
        editor.edit.change(TEXT + "vcpus = 2\n")
        await desk.press("escape")
        await desk.see("was changed and not saved", "go on editing")
        await desk.press("enter")
        assert desk.app.screen is editor
        await desk.press("q")
        await desk.press("down", "down", "enter")
        assert desk.app.screen is not editor
        assert host.file.read_text() == TEXT


async def test_read_only_shows_and_changes_nothing(host: EditedHost) -> None:
    async with opened(inventory(), host=host, read_only=True) as desk:
        editor = await open_editor(desk)
        await desk.press("n", "r")
        await desk.see("nothing is changed")
        await desk.press("tab", "z", "delete", "backspace", "enter", "ctrl+k", "f2")
        assert editor.edit.text == TEXT
        await desk.press("escape")
        assert desk.app.screen is not editor


async def test_wide_screens_show_both_and_the_text_goes_along(host: EditedHost) -> None:
    async with opened(inventory(), host=host, size=(140, 40)) as desk:
        editor = await open_editor(desk)
        await desk.see("Identity and type", "kernel = ")
        editor.form.go_to("vcpus")
        await desk.until(lambda: editor.edit.row == 5)
        await desk.press("tab", "end", "0")
        await desk.until(lambda: any(row.key == "vcpus" and row.value == "10" for row in editor.form.rows))


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (119, 30), (200, 60)])
async def test_every_size_can_be_drawn(host: EditedHost, size: tuple[int, int]) -> None:
    async with opened(inventory(), host=host, size=size) as desk:
        editor = await open_editor(desk)
        await desk.press("n", "tab", "pagedown", "end", "d")
        await desk.press("enter")
        assert desk.app.screen is editor


async def test_a_file_that_is_gone_says_so(host: EditedHost) -> None:
    host.file.unlink()
    async with opened(inventory(), host=host) as desk:
        desk.table.place_cursor(0)
        await desk.press("C")
        await desk.see("/etc/xen/server01.cfg: No such file or directory")
        await desk.press("s", "r", "d", "x", "enter", "tab", "f2")
        await desk.press("escape")
        assert not isinstance(desk.app.screen, ConfigEditor)


async def test_domain_0_has_no_configuration() -> None:
    async with opened() as desk:
        desk.table.place_cursor([d.name for d in desk.table.rows].index("Domain-0"))
        await desk.settle()
        await desk.press("C")
        await desk.see("No configuration file of this domain is known.")


async def test_a_file_for_xm_is_made_todays_at_a_key(host: EditedHost) -> None:
    host.file.write_text('import os\nname = "server" + "01"\nmemory = 64 * 2\nkernel = "/boot/vmlinuz"\n')
    async with opened(FakeInventory([server01()]), host=host) as desk:
        editor = await open_editor(desk)
        await desk.press("tab")
        await desk.see("this is Python", "F8: convert")
        await desk.press("f8")
        await desk.see("Converted; what was left out stands in comments")
        assert 'name = "server01"\nmemory = 128\n' in editor.edit.text and "#   import os" in editor.edit.text
        await desk.press("ctrl+z")
        assert editor.edit.text == editor.saved
        editor.edit.change('name = raw_input("[b]?")\n')
        await desk.press("f8")
        await desk.see("Parts of it would have to be run", "raw_input('[b]?') would have to be run")
