"""The one registry of what can be done to a domain.

From this list come the key bar, the command palette, the help screen, the verbs of the command line,
the read-only mode, the confirmations and the table of keys in the README. An action that cannot be
done now says why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from xentui.domains.domain import Domain, State
from xentui.domains.sysrq import BY_LETTER as SYSRQ
from xentui.domains.sysrq import LETTERS
from xentui.domains.toolstack import Toolstack

Reason = str | None
"""Why an action is not possible, as a sentence; None when it is."""


class Group(StrEnum):
    POWER = "Power"
    CONSOLE = "Console"
    RESOURCES = "Resources"
    STATE = "Saved state"
    GUESTS = "Guests"
    VIEW = "View"
    CONFIGURATION = "Configuration"
    DISKS = "Disks"
    PLAN = "The plan"
    WALKTHROUGH = "Walkthrough"
    PROGRAM = "Program"


@dataclass(frozen=True, slots=True)
class Question:
    """What an action asks for before it runs: a prompt, a first answer, and what is wrong with an answer. With
    `choices` (answer, words for it) it is one of these.
    """

    prompt: str
    default: Callable[[Domain], str]
    complaint: Callable[[Domain, str], Reason]
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done. Keys are Textual's names for them.

    `run` blocks and is called in a worker; actions of the screens (no `run`) are carried out by the
    screen that shows them, by `name`. `xl` and `virsh` give the command that does the same by hand.
    """

    name: str
    title: str
    keys: tuple[str, ...]
    group: Group
    help: str
    dangerous: bool = False
    changes: bool = False
    needs_domain: bool = True
    many: bool = False  # may be done to all marked domains at once
    verb: bool = False  # a verb of the command line, too
    bar: int = 0  # its place in the key bar, 0 for none
    warning: str = ""  # what is lost, for the confirmation of a dangerous one
    warns: Callable[[str], str] = lambda _argument: ""  # the same where it depends on the answer
    reason: Callable[[Domain], Reason] = lambda _domain: None
    remark: Callable[[Domain], str] = lambda _domain: ""  # what is to be known, though it is possible
    question: Question | None = None
    run: Callable[[Toolstack, Domain, str, threading.Event | None], None] | None = None
    xl: Callable[[Domain, str], list[str]] | None = None
    virsh: Callable[[Domain, str], list[str]] | None = None

    def loses(self, argument: str) -> str:
        """What has to be confirmed before it is done with this answer; empty if nothing."""
        return self.warning if self.dangerous else self.warns(argument)

    def by_hand(self, domain: Domain, argument: str = "") -> list[str] | None:
        """The command a user would type for it, or None where there is no single one."""
        if domain.libvirt_owns and self.virsh is not None:
            return ["virsh", *self.virsh(domain, argument)]
        return ["xl", *self.xl(domain, argument)] if self.xl is not None else None


def impossible(action: Action, domain: Domain | None, *, read_only: bool = False) -> Reason:
    """Why `action` cannot be done to `domain` now, or None."""
    if read_only and action.changes:
        return "xentui runs read-only (--read-only): nothing is changed."
    if not action.needs_domain:
        return None
    if domain is None:
        return "No domain is selected."
    return action.reason(domain)


# When an action is possible. The sentences name the domain's state, so that the reader knows what to do.


def _guest(domain: Domain) -> Reason:
    return "Domain-0 is this machine itself; this cannot be done to it." if domain.is_dom0 else None


def _alive(domain: Domain) -> Reason:
    return None if domain.state.alive else f"The domain is {domain.state.said}: start it first."


def _startable(domain: Domain) -> Reason:
    if domain.state is State.SAVED:
        return "The domain is saved: restore it, or what was in its memory is lost."
    if domain.state.up:
        return "The domain runs already."
    if domain.state.alive:
        return f"Xen has the domain still: it is {domain.state.said}."
    if domain.config_file is None and not domain.libvirt_owns:
        return "No configuration file of this domain is known."
    return None


def _answering(domain: Domain) -> Reason:
    if domain.state is State.PAUSED:
        return "The domain is paused and cannot answer: unpause it first."
    if not domain.state.up:
        return f"The domain is {domain.state.said}."
    return None


def _first(*reasons: Callable[[Domain], Reason]) -> Callable[[Domain], Reason]:
    def reason(domain: Domain) -> Reason:
        return next((why for check in reasons if (why := check(domain)) is not None), None)

    return reason


def _paused(domain: Domain) -> Reason:
    return None if domain.state is State.PAUSED else f"The domain is not paused, it is {domain.state.said}."


def _saved(domain: Domain) -> Reason:
    return None if domain.state is State.SAVED else f"The domain is not saved, it is {domain.state.said}."


def _off(domain: Domain) -> Reason:
    if domain.state is State.SAVED:
        return "The domain is saved: restore it and shut it down first."
    return f"The domain is {domain.state.said}: shut it down first." if domain.state.alive else None


def _has_file(domain: Domain) -> Reason:
    return None if domain.config_file is not None else "No configuration file of this domain is known."


def _kept(domain: Domain) -> Reason:
    """It is known while it is off, by a file or by libvirt."""
    return None if domain.libvirt_owns else _has_file(domain)


def _xls_own(domain: Domain) -> Reason:
    return domain.leave_to_xl if domain.libvirt_owns else _has_file(domain)


def _renamable(domain: Domain) -> Reason:
    if domain.libvirt_owns:  # its Xen driver cannot rename, and no driver one that runs
        return domain.leave_to_xl
    return None if domain.config_file is not None else _alive(domain)


def _autostartable(domain: Domain) -> Reason:
    if domain.is_dom0:
        return "Domain-0 is started by the boot loader."
    if domain.config_file is None and not domain.libvirt_owns:
        return "No configuration file of this domain is known."
    return None


def _autostarts(domain: Domain) -> Reason:
    return None if domain.autostart else "It does not start with the host: a lets it."


def _has_console(domain: Domain) -> Reason:
    if domain.is_dom0:
        return "Domain-0 has no console to attach to: you are in it."
    if not domain.state.alive:
        return f"The domain is {domain.state.said}: start it first."
    if domain.serial is False:
        return 'It is HVM without serial = "pty": no console, its screen is VNC.'
    return None


def no_serial(domain: Domain) -> str:
    """What is to be known before an HVM guest without a serial line is started; "" of all others."""
    if domain.serial is not False:
        return ""
    return 'It has no serial line (serial = "pty"): its console stays empty, its screen is VNC.'


def cd_drive(domain: Domain) -> str:
    """The guest's name of its (first) CD drive; the usual one where its disks are not known."""
    return next((disk.vdev for disk in domain.disks if disk.cdrom), "hdc")


def _has_cd_drive(domain: Domain) -> Reason:
    if domain.libvirt_owns:
        return f"libvirt has the domain: virsh change-media {domain.name} {cd_drive(domain)} does it."
    if domain.type != "hvm":
        return f"Xen can change a CD in HVM guests only; this one is {(domain.type or 'of unknown type').upper()}."
    if domain.disks and not any(disk.cdrom for disk in domain.disks):
        return "It has no CD drive; its configuration gives it one: disk = [ ',raw,hdc,cdrom' ]"
    return None


def _xl_reaches(domain: Domain) -> Reason:
    if domain.libvirt_owns and not domain.in_xl:
        return "libvirt sends no SysRq to Xen's guests; xl sysrq on the host does."
    return None


def _xl_moves(domain: Domain) -> Reason:
    return "It is libvirt's: virsh migrate moves it, and xl must not." if domain.libvirt_owns else None


# What may be answered to a question.


def _save_name(domain: Domain) -> str:
    safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in domain.name)
    return f"/var/lib/xen/save/{safe}"


def _cd_image(domain: Domain) -> str:
    held = next((disk.target for disk in domain.disks if disk.cdrom), None)
    return held if held and held.startswith("/") else "/var/lib/xen/images/cd.iso"


def _path_complaint(_domain: Domain, answer: str) -> Reason:
    if not answer.startswith("/"):
        return "Give the whole path, from /."
    if answer.endswith("/"):
        return "This names a folder; give the name of a file."
    return "A path cannot hold control characters." if not answer.isprintable() else None


def _name_complaint(domain: Domain, answer: str) -> Reason:
    if not answer.strip():
        return "A domain needs a name."
    if answer == domain.name:
        return "That is its name already."
    if "/" in answer or not answer.isprintable():
        return "A name cannot hold slashes or control characters: it becomes part of file names."
    if answer.isdigit():
        return "A name of digits only would be taken for a domain id."
    return None


def _number_complaint(low: int, unit: str) -> Callable[[Domain, str], Reason]:
    def complaint(_domain: Domain, answer: str) -> Reason:
        if not (answer.isascii() and answer.isdigit()):
            return f"Give a whole number of {unit}."
        return f"At least {low} {unit}." if int(answer) < low else None

    return complaint


def _memory_complaint(domain: Domain, answer: str) -> Reason:
    wrong = _number_complaint(4, "MiB")(domain, answer)
    if wrong is None and domain.max_memory_mib and int(answer) > domain.max_memory_mib:
        return f"The domain's maximum is {domain.max_memory_mib} MiB."
    return wrong


_STATE_LOST = "What it has not written to its disks is lost, like pulling the power cable."

ACTIONS: tuple[Action, ...] = (
    Action(
        "details", "Details", ("enter",), Group.VIEW, "disks, interfaces, configuration, log and events of the domain",
        bar=1,
    ),
    Action(
        "console", "Console", ("c",), Group.CONSOLE, "open its console in a pane beside the table",
        bar=2, verb=True, reason=_has_console,
        xl=lambda d, _: ["console", d.reference], virsh=lambda d, _: ["console", d.name],
    ),
    Action(
        "start", "Start", ("s",), Group.POWER, "start the guest from its configuration",
        changes=True, many=True, verb=True, bar=3, reason=_first(_guest, _startable), remark=no_serial,
        run=lambda t, d, _, cancel: t.start(d, cancel=cancel),
        xl=lambda d, _: ["create", d.config_file or ""], virsh=lambda d, _: ["start", d.name],
    ),
    Action(
        "start-paused", "Start paused", ("S",), Group.POWER, "create the guest, but do not let it run yet",
        changes=True, many=True, reason=_first(_guest, _startable), remark=no_serial,
        run=lambda t, d, _, cancel: t.start(d, paused=True, cancel=cancel),
        xl=lambda d, _: ["create", "-p", d.config_file or ""], virsh=lambda d, _: ["start", "--paused", d.name],
    ),
    Action(
        "shutdown", "Shut down", ("d",), Group.POWER, "ask the guest to shut down (by ACPI if it has no PV drivers)",
        changes=True, many=True, verb=True, bar=4, reason=_first(_guest, _answering),
        run=lambda t, d, _, cancel: t.shutdown(d, cancel=cancel),
        xl=lambda d, _: ["shutdown", "-F", d.reference], virsh=lambda d, _: ["shutdown", d.name],
    ),
    Action(
        "reboot", "Reboot", ("r",), Group.POWER, "ask the guest to reboot; it comes back with a new id",
        changes=True, many=True, verb=True, reason=_first(_guest, _answering),
        run=lambda t, d, _, cancel: t.reboot(d, cancel=cancel),
        xl=lambda d, _: ["reboot", "-F", d.reference], virsh=lambda d, _: ["reboot", d.name],
    ),
    Action(
        "pause", "Pause", ("p",), Group.POWER, "stop it where it is; it keeps its memory",
        changes=True, many=True, verb=True, bar=5, reason=_first(_guest, _answering),
        run=lambda t, d, _, __: t.pause(d),
        xl=lambda d, _: ["pause", d.reference], virsh=lambda d, _: ["suspend", d.name],
    ),
    Action(
        "unpause", "Unpause", ("u",), Group.POWER, "let a paused guest go on",
        changes=True, many=True, verb=True, reason=_first(_guest, _paused),
        run=lambda t, d, _, __: t.unpause(d),
        xl=lambda d, _: ["unpause", d.reference], virsh=lambda d, _: ["resume", d.name],
    ),
    Action(
        "destroy", "Destroy", ("K",), Group.POWER, "take its power away at once",
        changes=True, dangerous=True, many=True, verb=True, bar=6, warning=_STATE_LOST,
        reason=_first(_guest, _alive), run=lambda t, d, _, __: t.destroy(d),
        xl=lambda d, _: ["destroy", d.reference], virsh=lambda d, _: ["destroy", d.name],
    ),
    Action(
        "sysrq", "SysRq", ("z",), Group.CONSOLE, "send a Linux guest a SysRq: sync, reboot, show tasks ...",
        changes=True, reason=_first(_guest, _answering, _xl_reaches),
        question=Question(
            "Send {name} which SysRq? Its console says what it did.", lambda _: "s",
            lambda _, letter: None if letter in SYSRQ else "There is no such SysRq.",
            tuple((e.letter, e.does + ("" if e.in_debian else " (Debian: only with kernel.sysrq=1)")) for e in LETTERS),
        ),
        warns=lambda letter: SYSRQ[letter].lost,
        run=lambda t, d, letter, _: t.sysrq(d, letter), xl=lambda d, letter: ["sysrq", d.reference, letter],
    ),
    Action(
        "cd-insert", "Insert CD", ("e",), Group.RESOURCES, "put an image into its CD drive",
        changes=True, verb=True, reason=_first(_guest, _alive, _has_cd_drive),
        question=Question("Image for the CD drive of {name}", _cd_image, _path_complaint),
        run=lambda t, d, image, _: t.insert_cd(d, cd_drive(d), image),
        xl=lambda d, image: ["cd-insert", d.reference, cd_drive(d), image],
    ),
    Action(
        "cd-eject", "Eject CD", ("E",), Group.RESOURCES, "take the image out of its CD drive",
        changes=True, verb=True, reason=_first(_guest, _alive, _has_cd_drive),
        run=lambda t, d, _, __: t.eject_cd(d, cd_drive(d)),
        xl=lambda d, _: ["cd-eject", d.reference, cd_drive(d)],
    ),
    Action(
        "save", "Save", ("w",), Group.STATE, "write its memory to a file and end it; restore it later",
        changes=True, verb=True, reason=_first(_guest, _answering),
        question=Question("Save {name} to the file", _save_name, _path_complaint),
        run=lambda t, d, file, cancel: t.save(d, file, cancel=cancel),
        xl=lambda d, file: ["save", d.reference, file], virsh=lambda d, file: ["save", d.name, file],
    ),
    Action(
        "restore", "Restore", ("R",), Group.STATE, "bring a saved guest back to life",
        changes=True, verb=True, reason=_saved,
        # libvirt keeps the file of a managed save to itself: such a domain is restored by starting it.
        run=lambda t, d, _, cancel: (
            t.restore(d.save_file, cancel=cancel) if d.save_file else t.start(d, cancel=cancel)
        ),
        xl=lambda d, _: ["restore", d.save_file or ""],
        virsh=lambda d, _: ["restore", d.save_file] if d.save_file else ["start", d.name],
    ),
    Action("saved-states", "Saved states", ("F",), Group.STATE, "all that is saved of it: restore or discard it",
           reason=_guest),
    Action(
        "rename", "Rename", ("n",), Group.RESOURCES, "another name for it, its configuration and its autostart",
        changes=True, reason=_first(_guest, _renamable),
        question=Question("New name of {name}", lambda d: d.name, _name_complaint),
        xl=lambda d, name: ["rename", d.reference, name],
    ),
    Action(
        "memory", "Memory", ("m",), Group.RESOURCES, "set its memory, in MiB, now",
        changes=True, verb=True, reason=_alive,
        question=Question("Memory of {name} in MiB", lambda d: str(d.memory_mib or ""), _memory_complaint),
        run=lambda t, d, mib, _: t.set_memory(d, int(mib)),
        xl=lambda d, mib: ["mem-set", d.reference, f"{mib}m"], virsh=lambda d, mib: ["setmem", d.name, f"{mib}MiB"],
    ),
    Action(
        "vcpus", "vCPUs", ("v",), Group.RESOURCES, "set how many of its virtual CPUs are on line",
        changes=True, verb=True, reason=_alive,
        question=Question("vCPUs of {name}", lambda d: str(d.vcpus or ""), _number_complaint(1, "vCPUs")),
        run=lambda t, d, count, _: t.set_vcpus(d, int(count)),
        xl=lambda d, count: ["vcpu-set", d.reference, count], virsh=lambda d, count: ["setvcpus", d.name, count],
    ),
    Action(
        "autostart", "Autostart", ("a",), Group.RESOURCES, "start it with the host, or no longer (on/off)",
        changes=True, many=True, reason=_autostartable,
        run=lambda t, d, _, __: t.set_autostart(d, not d.autostart),
    ),
    Action("start-order", "Start order", ("O",), Group.RESOURCES, "its place among the guests that start with the host",
           changes=True, reason=_first(_guest, _xls_own, _autostarts)),
    Action("new-guest", "New guest", ("N",), Group.GUESTS, "make a guest: Debian, a CD, an image, busybox, a template",
           changes=True, needs_domain=False),
    Action("install", "Installer", ("b",), Group.GUESTS, "boot the Debian Installer in a guest that was made for it",
           changes=True, reason=_first(_guest, _xls_own, _startable)),
    Action("config", "Configuration", ("C",), Group.GUESTS, "its file as a form and as text, checked as you type",
           reason=_has_file),
    Action("note", "Note", ("A",), Group.GUESTS, "a line of words on it, kept in its configuration",
           changes=True, reason=_has_file),
    Action("snapshots", "Snapshots", ("t",), Group.GUESTS, "its snapshots as a tree: take, revert, delete",
           reason=_first(_guest, _kept)),
    Action("clone", "Clone", ("y",), Group.GUESTS, "copy the guest, with its disks, under another name",
           changes=True, reason=_first(_guest, _has_file, _off)),
    Action("make-template", "Template", ("Y",), Group.GUESTS, "make a template of it, to make others like it",
           changes=True, reason=_first(_guest, _has_file)),
    Action("migrate", "Move", ("M",), Group.GUESTS, "move the running guest, or all marked ones, to another host, live",
           changes=True, many=True, reason=_first(_guest, _answering, _xl_moves)),
    Action("resize", "Grow disk", ("B",), Group.GUESTS, "make a disk larger, and the file system that fills it",
           changes=True, reason=_first(_guest, _kept, _off)),
    Action("retype", "Type", ("T",), Group.GUESTS, "make it a PVH, PV or HVM guest; what is on its disk is looked at",
           changes=True, reason=_first(_guest, _off, _xls_own)),
    Action("update", "Update", ("U",), Group.GUESTS, "bring the Debian on its disk up to date",
           changes=True, reason=_first(_guest, _kept, _off)),
    Action("delete-guest", "Delete", ("X",), Group.GUESTS, "take it away, with all that was made for it",
           changes=True, dangerous=True, warning="All of this is gone for good.",
           reason=_first(_guest, _off, _xls_own)),
    Action("cd-images", "CD images", ("I",), Group.GUESTS, "the library of CD images: check, download, copy a disc",
           needs_domain=False),
    Action("mark", "Mark", ("space",), Group.VIEW, "mark the domain; power actions go to all marked ones"),
    Action("mark-all", "Mark all", ("asterisk",), Group.VIEW, "mark every domain shown, or none", needs_domain=False),
    Action("filter", "Filter", ("slash",), Group.VIEW, "show only the domains that hold what you type",
           needs_domain=False, bar=7),
    Action("sort", "Sort", ("o",), Group.VIEW, "choose the column to sort by; the same one again turns it round",
           needs_domain=False),
    Action("sort-previous", "Sort left", ("less_than_sign",), Group.VIEW,
           "sort by the column at the left", needs_domain=False),
    Action("sort-next", "Sort right", ("greater_than_sign",), Group.VIEW,
           "sort by the column at the right", needs_domain=False),
    Action("refresh", "Refresh", ("f5",), Group.VIEW, "read everything again now", needs_domain=False),
    Action("host-info", "Host", ("i",), Group.VIEW, "what Xen says about this machine, and its messages",
           needs_domain=False),
    Action("hosts", "Hosts", ("H",), Group.VIEW, "the domains of this host and of the others, in one table",
           needs_domain=False),
    Action("disks", "Disks", ("D",), Group.VIEW, "the host's disks and who uses them; plan and make changes",
           needs_domain=False, bar=8),
    Action("command-log", "Commands", ("L",), Group.VIEW, "every command run for you, ready to paste",
           needs_domain=False, bar=9),
    Action("walkthroughs", "Walkthroughs", ("W",), Group.VIEW, "the guide, step by step: it checks what you did",
           needs_domain=False),
    Action("shell", "Shell", ("exclamation_mark",), Group.PROGRAM, "a shell on the host; come back with exit",
           changes=True, needs_domain=False),
    Action("cancel", "Cancel", ("ctrl+x",), Group.PROGRAM, "end an action that is still running", needs_domain=False),
    Action("theme", "Theme", ("f9",), Group.PROGRAM, "choose how it looks", needs_domain=False),
    Action("palette", "Palette", ("colon", "ctrl+p"), Group.PROGRAM, "find an action by its name", needs_domain=False),
    Action("terminal", "Terminal", ("f12",), Group.PROGRAM, "bytes sent, frames skipped, what the terminal can do",
           needs_domain=False),
    Action("redraw", "Redraw", ("ctrl+l",), Group.PROGRAM,
           "draw the screen again after line noise; ask a serial terminal's size", needs_domain=False),
    Action("help", "Help", ("question_mark", "f1"), Group.PROGRAM, "all keys, on one screen", needs_domain=False,
           bar=10),
    Action("quit", "Quit", ("q", "f10"), Group.PROGRAM, "leave; guests go on running", needs_domain=False, bar=11),
)  # fmt: skip

BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}
