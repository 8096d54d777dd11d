"""Made-up configuration files: each is made of what keys may hold and may not. The same seed gives the same.

`semantic` has files that can be read, with odd values in them; `textual` has files with something put in or left out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from xentui.xlcfg.keys import keys

_SPECS = {
    "disk": (
        "/dev/vg0/a|target=/dev/vg0/a|raw|format=raw|format=qcow2|format=|qcow2|vhd|empty|xvda|hda|vdev=xvda|"
        "vdev=sda|hdc:cdrom|xvda:disk|w|r|rw|access=ro|access=w|access=x|cdrom|devtype=cdrom|devtype=disk|"
        "devtype=x|backend=0|backend=storage|backendtype=phy|backendtype=qdisk|backendtype=tap|backendtype=x|"
        "backendtype=standalone|script=block-x|direct-io-safe|discard|no-discard|trusted|untrusted|"
        "specification=xen|specification=virtio|specification=x|grant_usage=1|grant_usage=0|grant_usage=2|"
        "phy:/dev/a|file:/a|tap:aio:/a|tap2:qcow2:/a|iscsi:x|nbd:x|drbd:a|raw:/a|vhd:/a|aio:/a|foo:/a|"
        "http://x|foo:bar|colo|no-colo|colo-host=1|colo-port=2|colo-export=x|active-disk=a|hidden-disk=b||  |"
        "x=y|/a b|xvda | xvda|target=/a,b|r="
    ),
    "vif": (
        "mac=00:16:3e:00:00:01|mac=1|mac=|mac=00-16-3e-00-00-01|bridge=xenbr0|bridge=|type=ioemu|type=vif|"
        "type=x|model=e1000|model=ne2k|vifname=a|script=vif-route|ip=10.0.0.1|backend=0|backend=x|"
        "rate=10Mb/s|rate=1MB/s@50ms|rate=10|rate=10Mb/s@x|rate=|rate=Mb/s|rate=10kb/s|rate=10MB/s@10us|"
        "rate=10b/s@5s|rate=10Gb/s@5|rate=0Mb/s|rate=08Mb/s|rate=4294967296B/s|rate=10Mb/s@0ms|rate=9Gb/s@4295s|"
        "devid=1|devid=x|devid=-1|devid=|mtu=1500|mtu=x|mtu=0|mtu=-1|mtu= 5|"
        "mtu=15x|vlan=1|gatewaydev=e|netdev=e|accel=1|trusted|untrusted|trusted=1|colo_x=1|forwarddev=a||x|"
        "x=1|type = vif|mac = 00:16:3e:00:00:01|devid=0x1|devid=+1|devid=99999999999|devid=99999999999999999999|mtu=-5"
    ),
    "vfb": (
        "vnc=1|vnc=yes|vnclisten=127.0.0.1|vnclisten=127.0.0.1:1|vncdisplay=1|vncdisplay=x|vncunused=1|"
        "vncpasswd=x|sdl=1|opengl=1|display=:0|xauthority=x|keymap=de|type=vnc|x=1|junk||vnc = 1|vnc=-1|"
        "vncunused="
    ),
    "vkb": (
        "unique-id=1|backend=0|backend=x|backend-type=qemu|backend-type=linux|backend-type=x|"
        "backend-type=QEMU|feature-disable-keyboard=1|feature-disable-pointer=x|feature-abs-pointer=1|"
        "feature-raw-pointer=0|feature-multi-touch=1|multi-touch-width=1|multi-touch-height=x|"
        "multi-touch-num-contacts=1|width=1|height=1|width=|x=1|junk||height=-3|width=x"
    ),
    "p9": (
        "tag=a|security_model=none|path=/srv|backend=0|backend=x|type=qemu|type=xen_9pfsd|type=x|max-files=1|"
        "max-open-files=x|max-space=1|auto-delete=1|auto-delete=x|x=1|junk||tag=|tag = a|"
        "security_model=mapped|path=relative"
    ),
    "pci": (
        "03:00.0|0000:03:00.0|3:0.0|03:00.8|03:00.*|03:00.0-3|03:00.0@5|03:00.0@xx|bdf=03:00.0|name=foo|"
        "vslot=5|permissive=1|permissive=x|permissive|msitranslate=0|power_mgmt=1|seize=1|rdm_policy=strict|"
        "rdm_policy=relaxed|rdm_policy=x|x=1|junk||12345:00:00.0|0000:03:00.0=7|03:00|03.00.0|gg:00.0|"
        "100:00.0|03:20.0|03:1f.0|03:3f.0|fffff:00:00.0|03:00.0x|03:-0.0| 03:00.0|bdf=x|vslot=x|vslot=ff"
    ),
    "usbctrl": (
        "type=auto|type=pv|type=qusb|type=devicemodel|type=x|type=PV|version=2|version=x|version=|ports=4|"
        "ports=x|backend=0|x=1|junk|"
    ),
    "usbdev": (
        "type=hostdev|type=x|type=HOSTDEV|hostbus=1|hostbus=x|hostaddr=2|hostaddr=|controller=0|port=1|port=x|x=1|junk|"
    ),
    "channel": (
        "name=a|name=|connection=pty|connection=socket|connection=x|connection=PTY|path=/p|backend=0|"
        "backend=x|x=1|junk||name = a| name=a"
    ),
    "vtpm": ("backend=tpm|backend=0|uuid=5f2a0d0e-0c43-4c65-9d1b-6f6e4ab5c8d1|uuid=1|backend=|x=1|junk||uuid="),
    "vdispl": (
        "backend=0|be-alloc=1|be-alloc=x|connectors=id0:800x600|connectors=id0:800x600;id1:1x1|"
        "connectors=800x600|connectors=a:x|connectors=|connectors=a:1x|connectors=:1x1|connectors=;a:1x1|x=1|"
        "junk||backend=x"
    ),
    "pvcalls": ("backend=0|backend=x|backend=|x=1|junk||backend = 0"),
    "smbios": ("bios_vendor=a|bios_version=b|oem=x|x=1|junk||bios_vendor|bios_vendor=|BIOS_VENDOR=a|system_uuid=1"),
    "virtio": (
        "type=virtio,device|type=virtio,device22|transport=mmio|transport=pci|grant_usage=1|backend=0|x=1|junk|"
    ),
    "ioports": (
        "2f8-2ff|2f8|2f8-+2ff|-0|x|0x2f8-0x2ff|2ff-2f8|10000-|-1|5||ffffffff|10000000000000000|5x| 5|2f8 -2ff|"
        "2f8- 2ff|0"
    ),
    "irqs": "5|five|-0||5x| 5|2f8|0|-1|99999999999|2ff-2f8|+5",
    "iomem": (
        "fd000,10|fd000,-10@+5|10000000000000000,1|fd000,10@5|fd000|fd000,|x|fd000,x|fd000,10@x|10000000000000000|"
        "fd000, 10|fd000,10 |0,0"
    ),
    "a number": (
        "0|1|2|3|4|-1|255|256|999|65535|65536|2147483647|2147483648|4294967296|99999999999|"
        "9223372036854775807|9223372036854775808|0x10|0b10|010|08|1 | 1|1x|x||+5|1.5|true|512M|yes|2G|-0|0x|0xg"
    ),
    "a word": (
        "|x|X|none|default|disabled|enabled|all|host|h|p|pv|pvh|hvm|PV|auto|1|0|-1|99|yes|No|TRUE|/a/b|a b|"
        "a,b|a:b|0-3|^1|0-3,^1|all,^0|nodes:0|node:0|nodes:all|0,x|1-|-1|3-1|^|0-99999|host,^1|nodes:^0|^0|-3|0,-3|99999999999999999999|0:1|"
        "cdn|CD|cc|ab|n|127.0.0.1|0.0.0.0:5|::1|host,x=1|host,family=6|host:sse3=0|0x1:eax=xxxx|0x1,0:eax=xx|"
        "destroy|Destroy|restart|soft-reset|strategy=host|strategy=host,policy=strict|strategy=x|"
        "policy=relaxed|strategy=ignore|policy=x|strategy|mixed|external|sync_pt|seabios|ovmf|uefi|bios|"
        "pvgrub64|rombios|SeaBIOS|igd|IGD|true|defaults|base|!base|freq|ahci|ide|lmce|generate|xenserver|"
        "sbsa_uart|tee|optee|hw|128|v2|V3"
    ),
    "vnuma": (
        "pnode=0|pnode=-0|pnode=64|size=-2|pnode=0x|pnode=x|size=128|size=64|size=x|size=|vcpus=0|vcpus=0-1|vcpus=1|vcpus=x|vcpus=|vdistances=10|"
        "vdistances=10,20|vdistances=x|x=1|junk||pnode|pnode = 0"
    ),
    "vsnd": (
        "card|CARD, short-name=Main|pcm, name=a|PCM, name=a|stream, id=0, type=p|STREAM, type=c|stream, type=x|x||"
        "card, buffer-size=1|backend=0|stream, unique-id=0, type=P|"
        "card, backend=Domain-0, short-name=a,sample-rates=1;2,sample-formats=u8"
    ),
}
_PARTS = {name: tuple(text.split("|")) for name, text in _SPECS.items()}
_ONE_BY_ONE = ("ioports", "irqs", "iomem")
_GOOD = {
    "pv": ('name="a"', 'type="pv"', 'kernel="/k"', "memory=128"),
    "pvh": ('name="a"', 'type="pvh"', 'kernel="/k"', "memory=128"),
    "hvm": ('name="a"', 'type="hvm"', "memory=512", 'serial="pty"'),
}
_BITS = (
    '"', "'", "[", "]", ",", "=", "+=", "\n", ";", "#", "\\", " ", "\t", "\r\n", "\0", "é", "A", "a", "1", "0x", "-",
    "\\n", "\\x41", "\\101", "\\0", "(", ")", "{", "}", ":", ".", "_", "\f", "\v", "\x7f", "\udcff", "#c\n", "[]",
    '""', "\\\n", '"""', "%", "$", "@", "\r", 'b"', "+", "==",
)  # fmt: skip


def semantic(dice: random.Random, kind: str = "", key: str = "") -> str:
    """A file that can be read, of a guest of this type, with odd values of this key (or of some)."""
    lines = list(_GOOD[kind or dice.choice(list(_GOOD))])
    for name in [key] if key else [dice.choice(list(keys())) for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5)))]:
        if dice.random() < 0.85:
            lines = [line for line in lines if not line.startswith(f"{name}=")]
        lines.append(f"{name} {dice.choice(['='] * 12 + ['+='])} {_value(dice, name)}")
        if dice.random() < 0.06:
            lines.append(f"{name} {dice.choice(['=', '+='])} {_value(dice, name)}")
    if dice.random() < 0.05:
        lines.pop(dice.randrange(len(lines)))
    return "".join(f"{line}\n" for line in lines)


def textual(dice: random.Random, texts: Sequence[str]) -> str:
    """One of `texts`, or a made-up one, with characters put in, taken out, or lines moved."""
    text = dice.choice(texts) if dice.random() < 0.5 else semantic(dice)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        what, at = dice.random(), dice.randrange(len(text) + 1)
        if what < 0.45:
            text = text[:at] + dice.choice(_BITS) + text[at:]
        elif what < 0.7:
            text = text[:at] + text[at + dice.choice((1, 1, 2, 5)) :]
        elif what < 0.85:
            lines = text.split("\n")
            lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
            text = "\n".join(lines)
        else:
            other = dice.choice(texts)
            text += other[dice.randrange(len(other)) :]
    return text


def _value(dice: random.Random, name: str) -> str:
    key = keys()[name]
    what = dice.random()
    if name in ("vnuma", "vsnd"):
        return _list_of_lists(dice, _PARTS[name])
    if ("list" in key.kind and what < 0.85) or what < 0.05:
        count = dice.choice((0, 1, 1, 1, 1, 2, 2, 3))
        items = [_quoted(dice, _item(dice, name)) if dice.random() < 0.97 else '["a"]' for _ in range(count)]
        return "[" + ", ".join(items) + "]"
    if key.words and what < 0.6:
        word = dice.choice(key.words)
        return _quoted(dice, dice.choice([word, word, word.upper(), word[:-1], word + "x", word.title()]))
    if key.kind.startswith(("number", "flag")) and what < 0.85:
        number = dice.choice(_PARTS["a number"])
        plain = number[:1].isdigit() and number.isalnum() and number == number.lower()
        return number if plain and dice.random() < 0.7 else _quoted(dice, number)
    return _quoted(dice, dice.choice(_PARTS["a number"] if dice.random() < 0.3 else _PARTS["a word"]))


def _item(dice: random.Random, name: str) -> str:
    if name in _ONE_BY_ONE:
        return dice.choice(_PARTS[name])
    if name in _PARTS:
        return ",".join(dice.choice(_PARTS[name]) for _ in range(dice.choice((1, 1, 2, 2, 3, 4, 5))))
    words = keys()[name].words
    if words and dice.random() < 0.6:
        return dice.choice(words) + dice.choice(["", "", "", "", "", "", "", "", "=x", "x", " "])
    return dice.choice(_PARTS["a word"])


def _list_of_lists(dice: random.Random, items: Sequence[str]) -> str:
    lists = []
    for _ in range(dice.randint(0, 3)):
        inner = ",".join(_quoted(dice, dice.choice(items)) for _ in range(dice.randint(0, 4)))
        lists.append(f"[{inner}]" if dice.random() < 0.9 else '"x"')
    return f"[{','.join(lists)}]"


def _quoted(dice: random.Random, text: str) -> str:
    quote = '"' if dice.random() < 0.9 else "'"
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
