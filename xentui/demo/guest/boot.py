"""What a guest says when it starts, stops and crashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.demo.domain import Domain

KERNEL = "6.12.48+deb13-amd64"
VERSION = f"Linux version {KERNEL} (debian-kernel@lists.debian.org) (x86_64-linux-gnu-gcc-14) #1 SMP Debian 6.12.48-1"


def messages(domain: Domain, name: str) -> list[str]:
    """The boot, line by line; the last piece ends where the login begins."""
    memory = domain.memory_kb
    mode = {"pv": "PV", "pvh": "PVH"}.get(domain.type, "HVM")
    lines = [
        f"[    0.000000] {VERSION}",
        "[    0.000000] Command line: root=/dev/xvda ro console=hvc0",
        f"[    0.000000] Xen: this is a demo guest of xentui, {mode}",
        "[    0.000000] BIOS-provided physical RAM map:",
        f"[    0.000000] Xen: [mem 0x0000000000100000-0x{(memory << 10) - 1:016x}] usable",
        f"[    0.031415] Booting paravirtualized kernel on Xen {mode}",
        "[    0.031416] Xen version: 4.20-demo (preserve-AD)",
        f"[    0.052012] Memory: {memory - 21504}K/{memory}K available (16384K kernel code, 2510K rwdata)",
        f"[    0.071003] smp: Bringing up secondary CPUs ... {max(1, domain.vcpus)} CPU in all",
        "[    0.104112] xen:balloon: Initialising balloon driver",
        "[    0.187740] Linux agpgart interface v0.103",
        "[    0.203315] blkfront: xvda: flush diskcache: enabled; persistent grants: enabled",
        "[    0.231876] xen_netfront: Initialising Xen virtual ethernet driver",
        "[    0.288011] EXT4-fs (xvda): mounted filesystem with ordered data mode",
        "[    0.291244] VFS: Mounted root (ext4 filesystem) readonly on device 202:0.",
        "[    0.331208] systemd[1]: Detected virtualization xen.",
        f"[    0.332001] systemd[1]: Hostname set to <{name}>.",
    ]
    for unit in (
        "Reached target local-fs.target - Local File Systems.",
        "Started systemd-udevd.service - Rule-based Manager for Device Events and Files.",
        "Started networking.service - Raise network interfaces.",
        "Started ssh.service - OpenBSD Secure Shell server.",
        "Started serial-getty@hvc0.service - Serial Getty on hvc0.",
        "Reached target multi-user.target - Multi-User System.",
    ):
        lines.append(f"[\x1b[0;32m  OK  \x1b[0m] {unit}")
    return [line + "\n" for line in lines]


def farewell(reason: int) -> list[str]:
    """The shutdown, line by line. `reason` is Xen's: 1 for a reboot."""
    target = "reboot" if reason == 1 else "poweroff"
    last = "reboot: Restarting system" if reason == 1 else "reboot: Power down"
    lines = [
        "\n",
        "Broadcast message from root@localhost:\n",
        f"The system will {'reboot' if reason == 1 else 'power off'} now!\n",
        "         Stopping ssh.service - OpenBSD Secure Shell server...\n",
        "[\x1b[0;32m  OK  \x1b[0m] Stopped target multi-user.target - Multi-User System.\n",
        "[\x1b[0;32m  OK  \x1b[0m] Stopped ssh.service - OpenBSD Secure Shell server.\n",
        "[\x1b[0;32m  OK  \x1b[0m] Unmounted target local-fs.target - Local File Systems.\n",
        f"[\x1b[0;32m  OK  \x1b[0m] Reached target {target}.target.\n",
        f"[ 1234.567890] {last}\n",
    ]
    return lines


def panic(uptime: float) -> str:
    stamp = f"[{uptime:12.6f}]"
    return "".join(
        f"{stamp} {line}\n"
        for line in (
            "sysrq: Trigger a crash",
            "Kernel panic - not syncing: sysrq triggered crash",
            f"CPU: 0 UID: 0 PID: 1 Comm: sh Not tainted {KERNEL} #1 Debian",
            "Call Trace:",
            " panic+0x113/0x2d0",
            " sysrq_handle_crash+0x1a/0x20",
            "---[ end Kernel panic - not syncing: sysrq triggered crash ]---",
        )
    )


_SYSRQ = {
    "s": ("Emergency Sync", "Emergency Sync complete"),
    "u": ("Emergency Remount R/O", "Emergency Remount complete"),
    "b": ("Resetting",),
    "o": ("Power Off",),
}


def sysrq(letter: str) -> list[str]:
    """What the kernel says to a SysRq: the first line is the request, the others tell of its end."""
    if letter.isdigit():
        return ["sysrq: Changing Loglevel", f"sysrq: Loglevel set to {letter}"]
    if letter in _SYSRQ:
        first, *rest = _SYSRQ[letter]
        return [f"sysrq: {first}", *rest]
    if letter in "cefijklmpqtvwxz":
        return ["sysrq: This sysrq operation is disabled."]
    return [
        "sysrq: HELP : loglevel(0-9) reboot(b) crash(c) terminate-all-tasks(e) memory-full-oom-kill(f) "
        "kill-all-tasks(i) sync(s) show-task-states(t) unmount(u) show-blocked-tasks(w) "
    ]
