"""xentui's layer of the Live CD: what lies on top of Debian, made anew at each build in seconds.

live-boot stacks the squashfs files that live/filesystem.module names, the last on top. This one holds the
files of rootfs/, xentui with its Python packages, and the guests.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import shutil
import sys
import zipfile
from pathlib import Path

import xentui
from xentui.livecd.base import Base
from xentui.livecd.choices import add_choices, enable, open_sshd
from xentui.livecd.guests import add_guests
from xentui.livecd.recipe import Recipe
from xentui.livecd.tools import Builder, BuildError

_ROOTFS = Path(__file__).with_name("rootfs")
_HOME = "opt/xentui"

#: Debian's own packages stand in for these two: they are compiled against its libraries.
_FROM_DEBIAN = {"libvirt-python", "pyparted"}
#: What the tests need inside, of the development extra.
_FOR_TESTS = {"pytest", "pytest-asyncio"}

_LAUNCHER = """\
#!/opt/xentui/bin/python
import sys
from xentui.cli import main
sys.exit(main())
"""


def build_layer(builder: Builder, work: Path, recipe: Recipe, base: Base) -> Path:
    """Make the layer's squashfs in the folder `work` and give its path.

    With the recipe's test key sshd listens for root, and pytest is there.
    """
    root = work / "layer"
    shutil.copytree(_ROOTFS, root)
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (root / "etc/sudoers.d/livexen").chmod(0o440)
    link(root / "etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
    link(root / "boot/vmlinuz", f"vmlinuz-{base.kernel_version}")
    with builder.step("Adding xentui and its Python packages"):
        _add_xentui(builder, root, recipe.cache, base, with_tests=recipe.test_key is not None)
    if recipe.guests:
        add_guests(builder, root, base, disks=recipe.guest_disks, screens=recipe.hvm, xl_alone=recipe.xl_guests)
    for unit in ("xenlive-open-sshd.path", "xenlive-guest-network.service"):
        enable(root, unit, f"../{unit}")
    add_choices(root, recipe)
    if recipe.test_key is not None:
        _let_in(root, recipe.test_key)
        if not recipe.ssh_keys:
            open_sshd(root)
    squashfs = work / "xentui.squashfs"
    with builder.step("Packing them as a squashfs"):
        # livexen's home is Debian's; everything here is root's.
        builder.run(
            ["mksquashfs", root, squashfs, "-all-root", "-comp", "zstd", "-no-progress", "-quiet"],
            deadline=300,
        )
    return squashfs


def link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _add_xentui(builder: Builder, root: Path, cache: Path, base: Base, *, with_tests: bool) -> None:
    home = root / _HOME
    site = home / f"lib/python{base.python_version}/site-packages"
    site.mkdir(parents=True)
    # A virtual environment that sees Debian's packages, as `python3 -m venv --system-site-packages` makes it.
    (home / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = true\nversion = {base.python_version}\n"
    )
    link(home / "bin/python", f"/usr/bin/python{base.python_version}")
    launcher = home / "bin/xentui"
    launcher.write_text(_LAUNCHER)
    launcher.chmod(0o755)
    link(root / "usr/bin/xentui", f"/{_HOME}/bin/xentui")
    for wheel in _wheels(builder, cache, base.python_version, with_tests=with_tests):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    # The package as it runs here, the links to screens and themes followed.
    shutil.copytree(
        Path(xentui.__file__).parent,
        site / "xentui",
        ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"),
    )
    _compile(builder, site, base)


def requirements(*, with_tests: bool) -> list[str]:
    """What xentui needs from PyPI inside the Live CD, as its installed metadata says."""
    try:
        declared = importlib.metadata.requires("xentui") or []
    except importlib.metadata.PackageNotFoundError:
        raise BuildError("xentui is not installed for this Python: pip install -e . first") from None
    wanted = []
    for line in declared:
        requirement, _, marker = line.partition(";")
        name = re.split(r"[<>=!~ \[]", requirement.strip(), maxsplit=1)[0]
        needed = name in _FOR_TESTS and with_tests if marker else name not in _FROM_DEBIAN
        if needed:
            wanted.append(requirement.strip())
    return sorted(wanted)


def _wheels(builder: Builder, cache: Path, python: str, *, with_tests: bool) -> list[Path]:
    """Pure wheels of the requirements and all they require, downloaded once."""
    wanted = requirements(with_tests=with_tests)
    key = hashlib.sha256("\0".join([python, *wanted]).encode()).hexdigest()[:16]
    folder = cache / f"wheels-{key}"
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        builder.run(
            [sys.executable, "-m", "pip", "download", "--dest", partial, "--no-input",
             "--only-binary=:all:", "--platform", "any", "--implementation", "py", "--abi", "none",
             "--python-version", python, *wanted],
            deadline=600,
        )  # fmt: skip
        partial.rename(folder)
    return sorted(folder.glob("*.whl"))


def _compile(builder: Builder, site: Path, base: Base) -> None:
    """Byte-compile with the Python of the Live CD, so that xentui starts quickly on a slow machine.

    That Python is run by its own loader from the base's files: no chroot, no root. The byte code is
    not checked against its source at start-up (PEP 552): the medium is read-only.
    """
    python = base.python
    libraries = python / "usr/lib/x86_64-linux-gnu"
    builder.run(
        [libraries / "ld-linux-x86-64.so.2", "--library-path", libraries,
         python / f"usr/bin/python{base.python_version}", "-m", "compileall", "-q",
         "--invalidation-mode", "unchecked-hash", "-s", site, "-p",
         f"/{_HOME}/lib/python{base.python_version}/site-packages", site],
        environment={"PYTHONHOME": str(python / "usr"), "PYTHONPATH": "", "PYTHONNOUSERSITE": "1"},
        deadline=300,
    )  # fmt: skip


def _let_in(root: Path, key: str) -> None:
    keys = root / "root/.ssh/authorized_keys"
    keys.parent.mkdir(parents=True)
    keys.parent.chmod(0o700)
    keys.parent.parent.chmod(0o700)
    keys.write_text(key.strip() + "\n")
    keys.chmod(0o600)
