"""The house: what may know what, and that the package is whole."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_command_line_starts_without_textual_and_libvirt() -> None:
    code = (
        "import sys, xentui.cli as cli\n"
        "try: cli.main(['--version'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('textual', 'rich', 'libvirt', 'parted', 'xentui.screens') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=180)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_table_is_there_before_what_only_other_screens_need() -> None:
    """On a slow dom0 each of these costs seconds."""
    later = ("parted", "libvirt", "xentui.disks", "xentui.guest_disks", "xentui.xlcfg.check", "xentui.guests.make")
    code = f"import sys, xentui.screens.app; print([m for m in {later} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=180)
    assert done.stdout.strip() == "[]"


def test_the_two_folders_are_one_package() -> None:
    for name in ("screens", "themes"):
        link = ROOT / "xentui" / name
        assert link.is_symlink()
        assert link.readlink() == Path("..") / name


def test_no_file_grows_past_five_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("xentui", "screens", "tests")
        for path in (ROOT / folder).glob("**/*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}
