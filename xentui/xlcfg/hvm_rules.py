"""Rules about the emulated PC: graphics, sound, USB, boot order, and what Debian's build of it lacks."""

from __future__ import annotations

from xentui.xlcfg.cpu_rules import alternate_maps
from xentui.xlcfg.sheet import ERROR, INFO, WARNING, Sheet

#: Debian 13's /usr/share/qemu/keymaps.
_KEYMAPS = (
    "ar bepo cz da de de-ch en-gb en-us es et fi fo fr fr-be fr-ca fr-ch hr hu is it ja lt lv mk nl no pl pt pt-br ru "
    "sl sv th tr"
)
_BOOT_LETTERS = "acdn"
_MOST_BOOT_DEVICES = 3
_OPEN_ADDRESSES = ("0.0.0.0", "::", "[::]", "*")  # noqa: S104 - what is warned of


def check(sheet: Sheet) -> None:
    _screen(sheet)
    if sheet.guest == "hvm":
        _boot(sheet)
        _usb(sheet)
        _spice(sheet)
        _vnc(sheet)
        _debian_hvm(sheet)
        _serial(sheet)
    if sheet.guest != "pv" and not sheet.flag("hap", True):
        says = "Debian's Xen is built without shadow paging: a guest with hap = 0 does not start"
        setting = sheet.setting("hap")
        sheet.report(WARNING, "debian-lacks", "hap", says, repair=sheet.without(setting) if setting else None)
    if sheet.guest == "pv" and sheet.config.string("timer_mode") is not None:
        setting = sheet.setting("timer_mode")
        repair = sheet.without(setting) if setting and not setting.adds else None
        sheet.report(ERROR, "timer-mode-pv", "timer_mode", "a PV guest cannot have a timer_mode", repair=repair)
    if sheet.guest != "pv" and sheet.flag("nestedhvm", False) and alternate_maps(sheet):
        sheet.report(ERROR, "altp2m-nested", "altp2m", "altp2m and nestedhvm exclude each other")
    if sheet.flag("nestedhvm", False) and sheet.guest != "pv":
        sheet.report(
            INFO, "experimental", "nestedhvm", "a hypervisor in the guest is experimental, without security support"
        )


def _screen(sheet: Sheet) -> None:
    if sheet.flag("sdl", False):
        value = sheet.config.value("sdl")
        says = "Debian's QEMU for Xen has no SDL; use vnc = 1"
        sheet.report(WARNING, "debian-lacks", "sdl", says, repair=sheet.instead(value, "0") if value else None)
    listen = sheet.config.string("vnclisten") or ""
    if listen.rpartition(":")[0] in _OPEN_ADDRESSES or listen in _OPEN_ADDRESSES:
        says = "VNC is open to the whole network here, without encryption; 127.0.0.1 and an ssh tunnel are safe"
        sheet.report(WARNING, "open-vnc", "vnclisten", says)
    if sheet.guest == "pvh" and sheet.flag("vnc", False):
        sheet.report(WARNING, "not-for-type", "vnc", 'vnc does nothing on a PVH guest; write vfb = ["vnc=1"]')
    if sheet.guest == "pv" and sheet.flag("vnc", False) and sheet.items("vfb"):
        sheet.report(WARNING, "vfb-wins", "vnc", "beside vfb, xl ignores vnc and its kin")


def _boot(sheet: Sheet) -> None:
    boot = sheet.config.string("boot")
    if boot is None:
        return
    strange = [letter for letter in boot if letter not in _BOOT_LETTERS + "b"]
    if strange:
        says = f"{strange[0]!r} is no device to boot from: c disk, d CD, n network, a floppy"
        lowered = boot.lower()
        setting = sheet.setting("boot")
        fine = setting is not None and not setting.adds and set(lowered) <= set(_BOOT_LETTERS)
        repair = sheet.text_instead(setting.value, lowered) if fine and setting else None
        sheet.report(ERROR, "bad-boot", "boot", says, repair=repair)
    elif len(set(boot)) < len(boot):
        sheet.report(ERROR, "bad-boot", "boot", f"{boot!r} names a device twice")
    elif len(boot) > _MOST_BOOT_DEVICES:
        sheet.report(ERROR, "bad-boot", "boot", f"{boot!r}: three devices at most")


def _usb(sheet: Sheet) -> None:
    usb = sheet.flag("usb", False) or bool(sheet.config.string("usbdevice")) or bool(sheet.items("usbdevice"))
    for key in ("usbversion", "spiceusbredirection"):
        if sheet.config.number(key) and usb:
            sheet.report(ERROR, "usb-twice", key, f"{key} and usb or usbdevice exclude each other")


def _spice(sheet: Sheet) -> None:
    if (sheet.config.number("spiceusbredirection") or 0) > 0:
        says = "Debian's QEMU for Xen has no USB redirection; the guest does not start with it"
        setting = sheet.setting("spiceusbredirection")
        repair = sheet.without(setting) if setting else None
        sheet.report(ERROR, "debian-refuses", "spiceusbredirection", says, repair=repair)
    if not sheet.flag("spice", False):
        return
    if not sheet.config.number("spiceport") and not sheet.config.number("spicetls_port"):
        sheet.report(ERROR, "spice-port", "spice", "spice needs a spiceport")
    if not sheet.flag("spicedisable_ticketing", False) and not sheet.config.string("spicepasswd"):
        sheet.report(ERROR, "spice-password", "spice", "spice needs spicepasswd, or spicedisable_ticketing = 1")
    if not sheet.config.string("spicehost"):
        says = 'SPICE listens on every address of the host; write spicehost = "127.0.0.1"'
        sheet.report(WARNING, "open-vnc", "spice", says)
    if sheet.flag("spice_clipboard_sharing", False) and not sheet.flag("spicevdagent", False):
        sheet.report(WARNING, "needs-other", "spice_clipboard_sharing", "it needs spicevdagent = 1")


def _vnc(sheet: Sheet) -> None:
    if ":" in (sheet.config.string("vnclisten") or "") and sheet.config.number("vncdisplay"):
        sheet.report(ERROR, "display-twice", "vncdisplay", "the display is given in vnclisten and in vncdisplay")
    if not sheet.flag("vnc", True):
        return
    if sheet.config.string("vncpasswd"):
        says = (
            "Debian's QEMU for Xen knows no VNC password, and the guest does not start; keep VNC on 127.0.0.1 instead"
        )
        setting = sheet.setting("vncpasswd")
        repair = sheet.without(setting) if setting and not setting.adds else None
        sheet.report(ERROR, "debian-refuses", "vncpasswd", says, repair=repair)
    keymap = sheet.config.string("keymap")
    if keymap and keymap not in _KEYMAPS.split():
        sheet.report(
            ERROR, "bad-keymap", "keymap", f"QEMU has no keymap {keymap[:20]!r}; it is like en-us, de or fr-ch"
        )


def _debian_hvm(sheet: Sheet) -> None:
    traditional = sheet.config.string("device_model_version") == "qemu-xen-traditional"
    for key in ("bios", "firmware"):
        bios = (sheet.config.string(key) or "").lower()
        if traditional and bios in ("seabios", "ovmf", "uefi"):
            sheet.report(ERROR, "debian-refuses", key, f"the traditional device model has no {bios}")
        elif bios == "rombios":
            sheet.report(ERROR, "debian-refuses", key, "Debian's Xen is built without rombios; the default is seabios")
        elif bios in ("ovmf", "uefi"):
            sheet.report(INFO, "needs-package", key, "UEFI needs the package ovmf")
    setting = sheet.setting("device_model_version")
    if setting and sheet.config.string("device_model_version") == "qemu-xen-traditional":
        says = "Debian's Xen is built without the traditional device model"
        sheet.report(
            WARNING, "debian-lacks", "device_model_version", says, repair=sheet.text_instead(setting.value, "qemu-xen")
        )
    if sheet.flag("device_model_stubdomain_override", False):
        says = "Debian's Xen is built without stub domains"
        setting = sheet.setting("device_model_stubdomain_override")
        repair = sheet.without(setting) if setting else None
        sheet.report(WARNING, "debian-lacks", "device_model_stubdomain_override", says, repair=repair)
    if sheet.config.string("soundhw"):
        says = "Debian's QEMU for Xen takes no soundhw; the guest does not start with it"
        setting = sheet.setting("soundhw")
        repair = sheet.without(setting) if setting and not setting.adds else None
        sheet.report(ERROR, "debian-refuses", "soundhw", says, repair=repair)
    if sheet.config.string("device_model_override") and sheet.config.string("device_model_version") is None:
        sheet.report(INFO, "needs-other", "device_model_override", "xl wants device_model_version beside it")
    if sheet.config.string("bios_path_override") and sheet.config.string("bios") is None:
        sheet.report(INFO, "needs-other", "bios_path_override", "xl wants bios beside it")


def _serial(sheet: Sheet) -> None:
    if sheet.whole and sheet.config.value("serial") is None:
        says = 'without serial = "pty", xl console has nothing to show of an HVM guest'
        at = sheet.setting("type") or sheet.setting("builder")
        repair = sheet.line_after(at, 'serial = "pty"') if at is not None else None
        sheet.report(INFO, "no-serial", "serial", says, at=at, repair=repair)
