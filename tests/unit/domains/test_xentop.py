"""xentop's batch output: as xentop.c prints it, cut anywhere."""

import pytest

from xentui.domains.xentop import Xentop

HEADER = (
    "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k)"
    " VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID"
)
DOM0 = (
    "  Domain-0 -----r        487    {cpu:.1f}     655360    8.9   no limit       n/a     4    0        0        0"
    "    0        0        0        0          0          0    2"
)


def row(name: str, cpu: float, tx: int, rx: int, read: int | str, write: int | str) -> str:
    return (
        f"{name:>10} --b--- {12:10d} {cpu:6.1f} {131072:10d} {6.2:6.1f} {131072:10d} {6.2:9.1f} {1:5d} {1:4d}"
        f" {tx:8d} {rx:8d} {1:4d} {0:8d} {5:8d} {6:8d} {read!s:>10} {write!s:>10} {0:4d}"
    )


def feed(xentop: Xentop, at: float, *rows: str) -> None:
    for line in (HEADER, *(part for text in rows for part in text.split("\n"))):
        xentop.line(line, at)


def test_the_first_iteration_says_nothing() -> None:
    xentop = Xentop()
    feed(xentop, 0.0, DOM0.format(cpu=0.0), row("server01", 0.0, 1, 2, 3, 4))
    assert xentop.rates == {}


def test_rates_are_differences() -> None:
    xentop = Xentop()
    feed(xentop, 0.0, DOM0.format(cpu=0.0), row("server01", 0.0, 100, 50, 1000, 2000))
    feed(xentop, 2.0, DOM0.format(cpu=12.5), row("server01", 3.5, 110, 50, 1008, 2000))
    assert xentop.rates["Domain-0"].cpu_percent == 12.5
    server = xentop.rates["server01"]
    assert server.cpu_percent == 3.5
    # What dom0's end of the wire sends is what the guest receives.
    assert (server.net_receive, server.net_transmit) == (5120.0, 0.0)
    assert (server.disk_read, server.disk_write) == (2048.0, 0.0)


@pytest.mark.parametrize("name", ["two  blanks", "12 34", "new\nline", "x" * 200, "Domain -----r 1"])
def test_names(name: str) -> None:
    xentop = Xentop()
    for at in (0.0, 2.0):
        feed(xentop, at, DOM0.format(cpu=0.0), row(name, 1.0, 0, 0, 0, 0), row("last", 2.0, 0, 0, 0, 0))
    assert {key: rates.cpu_percent for key, rates in xentop.rates.items()} == {"Domain-0": 0.0, name: 1.0, "last": 2.0}


def test_who_comes_and_who_goes() -> None:
    xentop = Xentop()
    feed(xentop, 0.0, row("old", 0.0, 0, 0, 0, 0))
    feed(xentop, 2.0, row("old", 1.0, 0, 0, 0, 0), row("new", 0.0, 0, 0, 0, 0))
    assert set(xentop.rates) == {"old"}  # the newcomer's 0.0 % means nothing yet
    feed(xentop, 4.0, row("new", 9.0, 0, 0, 0, 0))
    feed(xentop, 6.0, row("new", 9.0, 0, 0, 0, 0))
    assert set(xentop.rates) == {"new"}


def test_a_counter_that_fell_is_a_new_domains() -> None:
    xentop = Xentop()
    feed(xentop, 0.0, row("server01", 0.0, 100, 100, 100, 100))
    feed(xentop, 2.0, row("server01", 5.0, 1, 200, 0, "-"))
    rates = xentop.rates["server01"]
    assert (rates.net_receive, rates.disk_read, rates.disk_write) == (None, None, None)
    assert rates.net_transmit == 51200.0


def test_noise_does_not_pile_up() -> None:
    xentop = Xentop()
    for _ in range(1000):
        xentop.line("what is this " * 10, 0.0)
    assert len(xentop._carried) < 10_000
