"""The disks of the host: a tree of everything, the bar of what the cursor is on, and who uses it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.worker import get_current_worker

from xentui.disk_actions import SEE, with_program
from xentui.disks.device import Device, Disks, Kind
from xentui.disks.guard import RefusedError
from xentui.disks.mapping import map_partitions, unmap_partitions
from xentui.disks.operations import IMAGE_FORMATS, Image, PlanError
from xentui.disks.sizes import Size, SizeError
from xentui.disks.target import TargetError, new_image
from xentui.disks.target_of import disk_of, target_of
from xentui.host import Host
from xentui.livecd.running import LiveSystem
from xentui.screens import formats
from xentui.screens.dialogs.choose import Choice, Choose
from xentui.screens.dialogs.form import Field, Form, Values
from xentui.screens.dialogs.message import MessageDialog
from xentui.screens.disk_details import DiskDetailsScreen
from xentui.screens.disk_parts import caption_of, parts_of, uses_sentence, whole_of
from xentui.screens.drawing import Line
from xentui.screens.installing import install_to
from xentui.screens.keys import bindings
from xentui.screens.page import Page, TitleLine
from xentui.screens.plan import PlanScreen
from xentui.screens.plan_thread import in_plan_thread
from xentui.screens.widgets.cursor_list import CursorList
from xentui.screens.widgets.disk_bar import DiskBar
from xentui.screens.widgets.disk_tree import DiskTree
from xentui.screens.widgets.key_bar import KeyBar
from xentui.screens.widgets.sentence import Sentence
from xentui.screens.widgets.status_line import StatusLine
from xentui.subprocesses import CommandError

#: Where images are made unless the user says otherwise.
_IMAGES = "/srv/xen"
_READING = "Reading the disks ..."


class DisksScreen(Page):
    """Read in a worker when it is opened, when it is come back to, and when asked to."""

    DEFAULT_CSS = """
    DisksScreen > DiskBar { height: 2; }
    DisksScreen > DiskTree { height: 1fr; }
    """
    AUTO_FOCUS = "#tree"
    BINDINGS = [*bindings(SEE)]
    registry = with_program(SEE)
    heading = "Disks"

    def __init__(self) -> None:
        super().__init__()
        self.disks = Disks()
        self._guests: frozenset[tuple[str, str]] | None = None

    def compose(self) -> ComposeResult:
        glyphs = self.xentui.glyphs
        yield TitleLine(id="title")
        yield DiskBar(glyphs, id="bar")
        yield DiskTree(glyphs, id="tree")
        yield Sentence()
        yield StatusLine(glyphs)
        install = [("I", "Install")] if LiveSystem().is_running else []
        yield KeyBar(
            [("Enter", "Details"), ("p", "Plan"), *install, ("r", "Read again"), ("?", "Help"), ("Esc", "Back")],
            always=2,
        )

    @property
    def disk_tree(self) -> DiskTree:
        """The tree."""
        return self.query_one(DiskTree)

    def on_mount(self) -> None:
        super().on_mount()
        self.disk_tree.message = _READING

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._read()

    def snapshot_changed(self) -> None:
        """A guest that started, ended or was saved changes who uses what: that is read at once."""
        snapshot = self.xentui.snapshot
        if snapshot is None:
            return
        guests = frozenset((d.key, "up" if d.state.up else str(d.state)) for d in snapshot.domains)
        if self._guests is not None and guests != self._guests:
            self._read()
        self._guests = guests

    def do_refresh(self) -> None:
        self.say(_READING)
        self._read()

    @work(thread=True, exclusive=True, group="disks")
    def _read(self) -> None:
        worker = get_current_worker()
        disks = self.xentui.read_disks()
        if self.app.is_running and not worker.is_cancelled:  # a later reading must not be overtaken by this one
            self.app.call_from_thread(self._take, disks)

    def _take(self, disks: Disks) -> None:
        if not self.is_mounted:
            return
        self.disks = disks
        self.disk_tree.message = "There are no disks here."
        self.disk_tree.set_disks(disks)
        if disks.problems:
            more = f" (and {len(disks.problems) - 1} more)" if len(disks.problems) > 1 else ""
            self.say(f"{disks.problems[0]}{more}", "error")
        elif self.query_one(StatusLine).text == _READING:
            self.say("")
        self.query_one(StatusLine).set_remark(f"read {formats.clock(time.time())}")

    def show_title(self) -> None:
        practice = ": practice disks, files of the demo" if self.xentui.host.is_demo else ""
        self.heading = f"Disks of {self.xentui.host.name}{practice}"
        super().show_title()

    def on_cursor_list_moved(self, event: CursorList.Moved) -> None:
        self._show_selected()

    def on_cursor_list_chosen(self, event: CursorList.Chosen) -> None:
        self.do_disk_details()

    def on_resize(self) -> None:
        super().on_resize()
        self._show_selected()

    def _show_selected(self) -> None:
        row = self.disk_tree.selected
        if row is None:
            self.query_one(DiskBar).show_parts((), [])
            self.query_one(Sentence).tell("")
            return
        whole = whole_of(self.disks, row)
        caption: Line = ((f" {caption_of(whole)}", "strong"),)
        self.query_one(DiskBar).show_parts(caption, parts_of(self.disks, whole, row))
        self.query_one(Sentence).tell(*uses_sentence(self.disks, row))

    def do_disk_details(self) -> None:
        row = self.disk_tree.selected
        if row is not None:
            self.app.push_screen(DiskDetailsScreen(self.disks, row.device))

    def do_disk_plan(self) -> None:
        """A plan is made for what holds the partition table."""
        row = self.disk_tree.selected
        if row is None:
            return
        host = self.xentui.host
        if host.is_remote:
            self.say(f"Plans are made on the host itself: ssh {host.name}, and xentui there.", "error")
            return
        if row.device.kind is Kind.LV and row.free is None:
            self.xentui.run_dialogs(self._volume_or_disk(row.device))
        else:
            self._plan(disk_of(self.disks, row.device), row.device)

    async def _volume_or_disk(self, volume: Device) -> None:
        """A volume can be a disk itself, or a part of one."""
        disk = next((above for above in self.disks.above(volume) if above.kind is not Kind.VG), None)
        disk = disk_of(self.disks, disk) if disk is not None else None
        choices = [
            Choice("volume", f"The volume {volume.name}", "as a disk: a table and partitions in it"),
            Choice("disk", f"The disk {disk.name if disk is not None else ''}", "its volumes, their sizes, snapshots"),
        ]
        answer = await self.app.push_screen_wait(Choose("Plan for which?", choices[: 2 if disk is not None else 1]))
        if answer is not None:
            self._plan(volume if answer == "volume" else disk, volume)

    def _plan(self, device: Device | None, asked: Device) -> None:
        if device is None:
            self.say(f"{asked.name} lies on nothing that holds a partition table.", "error")
            return
        disks = self.disks
        self.app.push_screen(PlanScreen(disks, device, lambda: target_of(disks, device)))

    def do_disk_image(self) -> None:
        """A plan that begins with making a file."""
        if self.xentui.host.is_remote:
            self.say("Images are made on the host itself: open xentui there.", "error")
            return
        self.xentui.run_dialogs(self._new_image())

    async def _new_image(self) -> None:
        folder = self.xentui.host.path(_IMAGES)
        fields = (
            Field("path", "File", f"{folder}/disk1.img"),
            Field("size", "Size", "10GiB"),
            Field("format", "Format", "raw", IMAGE_FORMATS),
        )
        made: list[tuple[str, Image | None]] = []

        async def attempt(values: Values) -> str | None:
            path = values["path"]
            if not path.startswith("/") or path.endswith("/") or not path.isprintable():
                return "Give the whole path of a file, from /."
            if Path(path).is_file():
                made.append((path, None))
                return None
            if os.path.lexists(path):
                return f"{path} is no plain file."
            try:
                made.append((path, Image(Size.parse(values["size"]), values["format"])))
            except (PlanError, SizeError) as error:
                return str(error)
            return None

        remark = (
            "A sparse file: it takes room only as it is filled. Nothing is made before the plan is written. "
            "A file that is there already comes into the tree as it is."
        )
        if not await self.app.push_screen_wait(Form("A disk image", fields, attempt, remark=remark)):
            return
        path, image = made[-1]
        if path not in self.xentui.disk_images:
            self.xentui.disk_images.append(path)
        if image is None:
            self._read()
            return
        size = image.size.bytes or 0
        device = Device(path, Kind.IMAGE, size, Path(path).name, format=image.format)
        self.app.push_screen(PlanScreen(self.disks, device, lambda: new_image(path, size), (image,)))

    def do_disk_install(self) -> None:
        """What runs here, from the Live CD, to the disk under the cursor."""
        row = self.disk_tree.selected
        if row is not None:
            self.xentui.run_dialogs(install_to(self, row.device))

    # Partitions in images and volumes as devices

    def do_disk_map(self) -> None:
        self._map(map_partitions, "Mapped")

    def do_disk_unmap(self) -> None:
        self._map(unmap_partitions, "Unmapped")

    def _map(self, work: Callable[[Host, Disks, str], object], word: str) -> None:
        row, host = self.disk_tree.selected, self.xentui.host
        if row is None:
            return
        if host.is_demo or host.is_remote:
            where = "The demo makes no devices on this machine." if host.is_demo else "That is done on the host itself."
            self.say(where, "error")
            return
        self.run_worker(self._mapped(work, host, row.device.path, word), group="map")

    async def _mapped(self, work: Callable[[Host, Disks, str], object], host: Host, path: str, word: str) -> None:
        self.say("Looking at all disks once more ...")
        try:
            found = await in_plan_thread(lambda: work(host, self.xentui.read_disks(), path))
        except (RefusedError, TargetError, CommandError, OSError) as error:
            self.say("Refused." if isinstance(error, RefusedError) else "It did not work.", "error")
            self.app.push_screen(MessageDialog(f"{path}: {word.lower()} it is not.", str(error)))
            return
        said = f": {', '.join(found)}" if isinstance(found, tuple) else ""
        self._read()
        self.say(f"{word}{said}.", "good")
