"""What xl prints, with all that makes it hard to read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.domains.domain import Disk, Interface, State
from xentui.domains.xl_output import (
    OutputError,
    headline,
    parse_details,
    parse_info,
    parse_list,
    parse_long_list,
    parse_shares,
    parse_uptime,
    state_of,
)

HEADER = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"


def line(name: str, domid: int, flags: str = "-b----", memory: int = 128, vcpus: int = 1, time: float = 2.0) -> str:
    """A line as xl_list.c prints it."""
    return f"{name:<40} {domid:5d} {memory:5d} {vcpus:5d}     {flags}  {time:8.1f}\n"


def test_a_plain_list() -> None:
    rows = parse_list(HEADER + line("Domain-0", 0, "r-----", 640, 2, 17.5) + line("server01", 1))
    assert [(r.name, r.id, r.state, r.memory_mib, r.vcpus, r.seconds) for r in rows] == [
        ("Domain-0", 0, State.RUNNING, 640, 2, 17.5),
        ("server01", 1, State.BLOCKED, 128, 1, 2.0),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "(null)",
        "two  blanks",
        "web 12",
        "12",
        "1 2 3 4",
        " leading",
        "x" * 200,
        "new\nline",
        "a\n\nb",
        "-rf",
        "Näme-日本",
    ],
)
def test_names(name: str) -> None:
    rows = parse_list(HEADER + line("Domain-0", 0) + line(name, 7, memory=64, vcpus=3) + line("last", 8))
    assert [(r.name, r.id) for r in rows] == [("Domain-0", 0), (name, 7), ("last", 8)]
    assert (rows[1].memory_mib, rows[1].vcpus) == (64, 3)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).map(str.rstrip).filter(bool),
    st.integers(1, 32752),
    st.integers(0, 999999),
)
def test_any_name_is_read_back(name: str, domid: int, memory: int) -> None:
    rows = parse_list(HEADER + line(name, domid, memory=memory) + line("other", 5))
    assert [(row.name, row.id) for row in rows] == [(name, domid), ("other", 5)]
    assert rows[0].memory_mib == memory


@pytest.mark.parametrize(
    ("flags", "state", "reason"),
    [
        ("r-----", State.RUNNING, None),
        ("-b----", State.BLOCKED, None),
        ("------", State.RUNNING, None),  # it could run, and waits for a CPU
        ("--p---", State.PAUSED, None),
        ("-bp---", State.PAUSED, None),
        ("---s--", State.SHUTDOWN, "poweroff"),
        ("---sr-", State.SHUTDOWN, "reboot"),
        ("---ss-", State.SHUTDOWN, "suspend"),
        ("---sc-", State.CRASHED, "crash"),
        ("---sw-", State.CRASHED, "watchdog"),
        ("---sS-", State.SHUTDOWN, "soft reset"),
        ("-----d", State.DYING, None),
        ("--ps-d", State.DYING, "poweroff"),
        ("---s?-", State.SHUTDOWN, None),
    ],
)
def test_states(flags: str, state: State, reason: str | None) -> None:
    assert state_of(flags) == (state, reason)
    assert parse_list(HEADER + line("x", 1, flags))[0].state is state


def test_xms_stopped_domains() -> None:
    text = "Name                                        ID Mem(MiB) VCPUs State   Time(s)\n"
    text += "Domain-0                                     0      640     2 r-----    100.4\n"
    text += "etch                                                512     1             0.0\n"
    rows = parse_list(text)
    assert [(row.name, row.id, row.state) for row in rows] == [
        ("Domain-0", 0, State.RUNNING),
        ("etch", None, State.OFF),
    ]


def test_no_list() -> None:
    with pytest.raises(OutputError):
        parse_list("cannot init xl context\n")


LONG = [
    {"domid": 0, "config": {"c_info": {"type": "pv", "name": "Domain-0"}, "b_info": {"max_memkb": 17179869180}}},
    {
        "domid": 3,
        "config": {
            "c_info": {"type": "hvm", "name": "win", "uuid": "a7bd3543-6385-4be4-a395-2dbcd74f1197"},
            "b_info": {"max_vcpus": 4, "max_memkb": 1048576, "target_memkb": 524288},
            "disks": [
                {"pdev_path": "/dev/vg0/win", "vdev": "hda", "format": "raw", "readwrite": 1},
                {"pdev_path": "", "vdev": "hdc", "is_cdrom": 1, "format": "empty"},
            ],
            "nics": [{"mac": "00:16:3e:00:00:01", "bridge": "xenbr0", "model": "e1000"}],
        },
    },
]


def test_the_long_list() -> None:
    details = parse_long_list(json.dumps(LONG))
    assert details[0].type == "pv"
    win = details[3]
    assert (win.type, win.vcpus, win.memory_mib, win.max_memory_mib) == ("hvm", 4, 512, 1024)
    assert win.disks == (
        Disk("hda", "/dev/vg0/win", "raw", True, False),
        Disk("hdc", None, "empty", False, True),
    )
    assert win.interfaces == (Interface("00:16:3e:00:00:01", "xenbr0", "e1000"),)
    assert parse_long_list(json.dumps(LONG[1])) == {3: win}  # one domain was asked for


@pytest.mark.parametrize("text", ["", "libxl: error", "[1]", '[{"domid": 1, "config": [2]}]', '{"config": {}}'])
def test_no_long_list(text: str) -> None:
    with pytest.raises(OutputError):
        parse_long_list(text)


def test_no_limit_is_no_number() -> None:
    unlimited = [{"domid": 0, "config": {"b_info": {"max_memkb": (1 << 64) // 1024 - 1}}}]
    assert parse_long_list(json.dumps(unlimited))[0].max_memory_mib is None


def test_info_keeps_its_order_and_colons() -> None:
    info = parse_info("host                   : livexen\nxen_commandline        : com1=115200,8n1 a:b\nempty : \n")
    assert list(info.items()) == [("host", "livexen"), ("xen_commandline", "com1=115200,8n1 a:b"), ("empty", "")]
    with pytest.raises(OutputError):
        parse_info("\n")


def test_uptime() -> None:
    text = "Name                                ID Uptime\n"
    text += "Domain-0                             0  5:11:12\n"
    text += "two blanks                           1 1 day,  0:00:01\n"
    text += "old                                  2 12 days, 23:59:59\n"
    assert parse_uptime(text) == {0: 18672, 1: 86401, 2: 12 * 86400 + 86399}


def test_shares() -> None:
    text = "Cpupool Pool-0: tslice=30ms ratelimit=1000us\nName                                ID Weight  Cap\n"
    text += "Domain-0                             0    256    0\nweb 1                                3    512   50\n"
    assert [(s.id, s.name, s.weight, s.cap) for s in parse_shares(text)] == [
        (0, "Domain-0", 256, 0),
        (3, "web 1", 512, 50),
    ]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "libxl: error: libxl_create.c:1268:initiate_domain_create: Domain 3:failed to create\n"
            "libxl: error: libxl_domain.c:1182:libxl__destroy_domid: Domain 3:Non-existent domain\n",
            "failed to create",
        ),
        ("Parsing config from /etc/xen/x.cfg\nDomain name must be specified.\n", "Domain name must be specified."),
        ("libxl: warning: libxl_x.c:1:f: odd\nlibxl: error: libxl_x.c:2:g: bad\n", "bad"),
        (
            "Saving to /var/lib/xen/save/a new xl format (info 0x3/0x0/1008)\nxc: info: Saving domain 2\n"
            "xc: progress: Frames: 2048/32768    6%\nxc: error: Domain has not been suspended\n",
            "Domain has not been suspended",
        ),
        ("only a word", "only a word"),
        ("\n \n", None),
    ],
)
def test_headlines(said: str, shown: str | None) -> None:
    assert headline(said) == shown


def test_whether_an_hvm_guest_has_a_serial_line() -> None:
    def serial(kind: str, **build: object) -> bool | None:
        return parse_details({"c_info": {"type": kind}, "b_info": build}).serial

    assert serial("hvm", **{"type.hvm": {"serial": "pty"}}) is True
    assert serial("hvm", **{"type.hvm": {"serial_list": ["pty"]}}) is True
    assert serial("hvm", **{"type.hvm": {}}) is False
    assert serial("pvh", **{"type.pvh": {}}) is None
