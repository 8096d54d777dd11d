"""Filling a demo directory: the guide's machine, and the programs that find its daemon."""

from __future__ import annotations

import os
import py_compile
import shlex
import sys
from pathlib import Path

import xentui.demo.tools
from xentui.demo.paths import Layout

#: The guests of the guide, each with the guest whose disk it shares, read-only.
GUESTS = {"server01": "server", "client01": "client", "server02": "server", "client02": "client"}
AUTOSTART = ("server01", "client01")

#: Empty disks to practise partitioning on: sparse files of /srv/xen, with their sizes in bytes.
PRACTICE = {"practice1.img": 8 << 30, "practice2.img": 2 << 30}

#: Kernels and boot loaders that its guests may name. The simulated guests boot without reading them.
BOOT_FILES = (
    "/boot/vmlinuz",
    "/boot/initrd.img",
    "/usr/lib/xentui/guest.img",
    "/usr/lib/grub-xen/grub-i386-xen_pvh.bin",
    "/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/linux",
    "/usr/lib/debian-installer/images/13/amd64/text/debian-installer/amd64/initrd.gz",
)

_CONFIG = """\
# {name}: a guest of the Xen Live CD.  Start it with: xl create /etc/xen/{name}.cfg
# User livexen, password live.  Leave its console with CONTROL + ].

name = "{name}"
type = "pv"
bootloader = "pygrub"
memory = 160
vcpus = 1
# The disk is shared with the other {role} and read-only; what the guest writes stays in its memory.
disk = ["/srv/xen/{role}.img,raw,xvda,ro"]
vif = ["mac=00:16:3e:{mac},bridge=xenbr0"]
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "restart"
"""

_XL_CONF = """\
# Global settings of xl: see xl.conf(5).
autoballoon="off"
#vif.default.bridge="xenbr0"
"""

_MOTD = """\
The demo dom0 of xentui: its guests, /etc, /srv and /var/lib are simulated.
The rest is this machine: the disks in /dev are real.
"""

_SHELL_RC = """\
# The learner's shell in the demo dom0.
[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc
[ -r ~/.bashrc ] && . ~/.bashrc
export PATH={shell_bin}:{bin}:"$PATH"
PS1='[demo] \\u@xenlive:\\w\\$ '
unset PROMPT_COMMAND
cat {motd}
"""

# Inside namespaces of its own a shell, or the command that is given, sees the demo's folders at their real
# names. Overlays keep what it writes beside them out of this machine's /etc and /var; where there are no
# namespaces, the tools alone map the paths.
_SHELL = """\
#!/bin/sh
demo={directory}
enter() {{
    for place in etc srv var/lib var/log; do
        mkdir -p "$demo/overlay/$place/upper" "$demo/overlay/$place/work" || return 1
        mount -t overlay overlay \\
            -o "lowerdir=/$place,upperdir=$demo/overlay/$place/upper,workdir=$demo/overlay/$place/work" "/$place" \\
            || return 1
    done
    for place in etc/xen srv/xen var/lib/xen var/log/xen; do
        mkdir -p "/$place" && mount --bind "$demo/root/$place" "/$place" || return 1
    done
}}
case "$1" in
    --probe) enter >/dev/null 2>&1; exit ;;
    --inside) enter 2>/dev/null; shift; exec "$@" ;;
esac
[ $# -gt 0 ] || set -- bash --rcfile "$demo/lib/bashrc" -i
for how in "--mount" "--user --map-root-user --mount"; do
    if unshare $how "$0" --probe 2>/dev/null; then exec unshare $how "$0" --inside "$@"; fi
done
[ "$1" != bash ] ||
    echo "This machine lets no one make namespaces: the demo's /etc/xen is $demo/root/etc/xen; xl finds it as /etc/xen."
exec "$@"
"""

_SUDO = """\
#!/bin/sh
# In the demo dom0 everybody may do everything: sudo only passes on.
while [ $# -gt 0 ]; do
    case "$1" in
        -s|-i) exec bash --rcfile {rc} -i ;;
        -n|-E|-H) shift ;;
        --) shift; break ;;
        *) break ;;
    esac
done
[ $# -gt 0 ] || {{ echo "usage: sudo [-s] [command]" >&2; exit 1; }}
exec "$@"
"""


def install(layout: Layout) -> None:
    """Write the programs anew, and the machine's files where there are none. Raises OSError."""
    for folder in (layout.bin, layout.shell_bin, layout.lib):
        folder.mkdir(parents=True, exist_ok=True)
    _programs(layout)
    if not layout.root.exists():
        _machine(layout)
    for path in BOOT_FILES:
        file = layout.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def _programs(layout: Layout) -> None:
    source = Path(xentui.demo.tools.__file__).parent
    for name in ("client", "xenconsole"):
        # Compiled, and without the site's packages: they start in a fraction of Python's usual time.
        py_compile.compile(str(source / f"{name}.py"), cfile=str(layout.lib / f"{name}.pyc"), doraise=True)
    python = f"exec {shlex.quote(sys.executable)} -I -S"
    directory = shlex.quote(str(layout.directory))
    for tool in ("xl", "xm", "xentop", "demo-control"):
        start = f"{python} {shlex.quote(str(layout.lib / 'client.pyc'))} {directory} {tool}"
        _executable(layout.bin / tool, f'#!/bin/sh\n{start} "$@"\n')
    package = shlex.quote(str(Path(xentui.demo.tools.__file__).parents[3]))
    start = (
        f'export PYTHONPATH={package}"${{PYTHONPATH:+:$PYTHONPATH}}"\nexec {shlex.quote(sys.executable)} -m xentui.cli'
    )
    _executable(layout.bin / "xentui", f'#!/bin/sh\n{start} "$@"\n')
    start = f"{python} {shlex.quote(str(layout.lib / 'xenconsole.pyc'))} {directory}"
    _executable(layout.lib / "xenconsole", f'#!/bin/sh\n{start} "$@"\n')
    rc = layout.lib / "bashrc"
    rc.write_text(
        _SHELL_RC.format(
            shell_bin=shlex.quote(str(layout.shell_bin)),
            bin=shlex.quote(str(layout.bin)),
            motd=shlex.quote(str(layout.root / "etc/motd")),
        ),
        encoding="utf-8",
    )
    _executable(layout.lib / "demo-shell", _SHELL.format(directory=directory))
    _executable(layout.shell_bin / "sudo", _SUDO.format(rc=shlex.quote(str(rc))))


def _executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _machine(layout: Layout) -> None:
    making = layout.directory / "root.new"
    for folder in ("etc/xen/auto", "home/livexen", "srv", "var/lib/xen/save", "var/lib/xen/dump", "var/lock"):
        (making / folder).mkdir(parents=True, exist_ok=True)
    hostname = layout.hostname
    (making / "var/log/xen/console").mkdir(parents=True, exist_ok=True)
    (making / "etc/motd").write_text(_MOTD, encoding="utf-8")
    (making / "etc/hostname").write_text(f"{hostname}\n", encoding="utf-8")
    (making / "etc/xen/xl.conf").write_text(_XL_CONF, encoding="utf-8")
    if layout.is_second:  # no guests, and the disks of the first, as over NFS
        (making / "srv/xen").unlink(missing_ok=True)
        (making / "srv/xen").symlink_to("../../../root/srv/xen")
    else:
        _guests(making)
    os.rename(making, layout.root)  # noqa: PTH104 - there whole, or not at all


def _guests(making: Path) -> None:
    (making / "srv/xen").mkdir(exist_ok=True)
    for number, (name, role) in enumerate(GUESTS.items(), 1):
        text = _CONFIG.format(name=name, role=role, mac=f"5e:00:{number:02x}")
        (making / f"etc/xen/{name}.cfg").write_text(text, encoding="utf-8")
        with (making / f"srv/xen/{role}.img").open("wb") as image:
            image.truncate(1 << 30)
    for name, size in PRACTICE.items():
        with (making / f"srv/xen/{name}").open("wb") as image:
            image.truncate(size)
    for name in AUTOSTART:
        link = making / f"etc/xen/auto/{name}.cfg"
        link.unlink(missing_ok=True)
        link.symlink_to(f"../{name}.cfg")
