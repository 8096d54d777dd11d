"""One row a domain, whoever knows it."""

from dataclasses import replace

from xentui.domains.configs import GuestConfig
from xentui.domains.domain import State
from xentui.domains.merge import LibvirtRow, Rates, Sources, merge
from xentui.domains.savefiles import SavedGuest
from xentui.domains.xl_output import Details, ListRow

UUID = "A7BD3543-6385-4BE4-A395-2DBCD74F1197"
OTHER = "00000000-1111-2222-3333-444444444444"


def row(name: str, domid: int, state: State = State.BLOCKED) -> ListRow:
    return ListRow(name, domid, 128, 1, state, None, 2.0)


def config(name: str, path: str | None = None, uuid: str | None = None) -> GuestConfig:
    return GuestConfig(path or f"/etc/xen/{name}.cfg", name, uuid, "pv", 1, 128, 128, (), ())


def details(name: str, uuid: str | None = UUID) -> Details:
    return Details(name, uuid, "pvh", 1, 128, 256, (), ())


def virt(
    name: str, uuid: str = UUID, domid: int | None = None, autostart: bool = False, saved: bool = False
) -> LibvirtRow:
    state = State.RUNNING if domid is not None else State.OFF
    return LibvirtRow(name, uuid, domid, state, autostart=autostart, saved=saved)


def saved(name: str, path: str, mtime: float = 1.0, uuid: str | None = None) -> SavedGuest:
    return SavedGuest(path, mtime, 1 << 20, details(name, uuid))


def test_a_running_guest_and_its_file() -> None:
    domains = merge(
        Sources(
            100.0,
            rows=[row("Domain-0", 0, State.RUNNING), row("server01", 4)],
            details={4: details("server01")},
            started={4: 40.0},
            rates={"server01": Rates(12.5, 1.0, 2.0, 3.0, 4.0)},
            configs=[config("server01"), config("server02")],
            autostart=["/etc/xen/server01.cfg"],
        )
    )
    assert [domain.name for domain in domains] == ["Domain-0", "server01", "server02"]
    dom0, server01, server02 = domains
    assert (dom0.managed_by, dom0.autostart, dom0.type) == (("xl",), None, "pv")
    assert server01.managed_by == ("xl", "file")
    assert (server01.uuid, server01.type, server01.max_memory_mib) == (UUID.lower(), "pvh", 256)
    assert (server01.uptime_seconds, server01.cpu_percent, server01.disk_write) == (60.0, 12.5, 4.0)
    assert (server01.autostart, server02.autostart) == (True, False)
    assert (server02.state, server02.managed_by, server02.id) == (State.OFF, ("file",), None)


def test_who_runs_it_manages_it() -> None:
    started_by_libvirt = merge(Sources(0.0, rows=[row("a", 5)], libvirt=[virt("a", domid=5)]))
    assert [d.managed_by for d in started_by_libvirt] == [("libvirt",)]
    # libvirt defines it, too, but xl started it: libvirt's calls would not reach it.
    started_by_xl = merge(Sources(0.0, rows=[row("a", 5)], libvirt=[virt("a")]))
    assert [d.managed_by for d in started_by_xl] == [("xl",)]
    assert not started_by_xl[0].libvirt_owns
    stopped = merge(Sources(0.0, libvirt=[virt("a", autostart=True)], configs=[config("a")]))
    assert [(d.managed_by, d.state, d.autostart) for d in stopped] == [(("libvirt", "file"), State.OFF, True)]


def test_dom0_is_xls_even_if_libvirt_lists_it() -> None:
    domains = merge(Sources(0.0, rows=[row("Domain-0", 0)], libvirt=[virt("Domain-0", OTHER, 0)]))
    assert [(d.id, d.managed_by) for d in domains] == [(0, ("xl",))]


def test_each_copy_of_a_file_has_its_row() -> None:
    """Whoever copies client01.cfg and changes the name has two guests, though the UUID was copied, too."""
    files = [config("client01", uuid=UUID), config("copy", uuid=UUID)]
    off = merge(Sources(0.0, configs=files))
    assert [(d.name, d.config_file) for d in off] == [("client01", files[0].path), ("copy", files[1].path)]
    copied = merge(Sources(0.0, rows=[row("copy", 4)], details={4: details("copy")}, configs=files))
    assert [(d.name, d.id, d.config_file) for d in copied] == [
        ("copy", 4, "/etc/xen/copy.cfg"), ("client01", None, "/etc/xen/client01.cfg"),
    ]  # fmt: skip


def test_the_uuid_counts_more_than_the_name() -> None:
    domains = merge(
        Sources(
            0.0,
            rows=[row("renamed", 5)],
            details={5: details("server01")},
            configs=[config("server01", uuid=UUID), config("renamed", "/etc/xen/z.cfg", OTHER)],
        )
    )
    assert domains[0].config_file == "/etc/xen/server01.cfg"


def test_saved_guests() -> None:
    sources = Sources(
        0.0,
        configs=[config("a")],
        saved=[saved("a", "/save/old", 1.0), saved("a", "/save/new", 2.0), saved("b", "/save/b", uuid=UUID)],
    )
    assert [(d.name, d.state, d.save_file, d.config_file) for d in merge(sources)] == [
        ("a", State.SAVED, "/save/new", "/etc/xen/a.cfg"),
        ("b", State.SAVED, "/save/b", None),
    ]
    # One that runs again is not shown as saved, whatever it is called now.
    sources.rows, sources.details = [row("b2", 9), row("a", 10)], {9: details("b")}
    assert [(d.name, d.state) for d in merge(sources)] == [("b2", State.BLOCKED), ("a", State.BLOCKED)]
    managed = merge(Sources(0.0, libvirt=[virt("c", saved=True)]))
    assert [(d.state, d.save_file) for d in managed] == [(State.SAVED, None)]


def test_who_saved_it_restores_it() -> None:
    mine = merge(Sources(0.0, libvirt=[virt("a")], saved=[saved("a", "/save/a", uuid=UUID)]))
    assert [(d.state, d.save_file, d.libvirt_owns) for d in mine] == [(State.SAVED, "/save/a", False)]
    libvirts = replace(saved("a", "/save/a", uuid=UUID), by_libvirt=True)
    its = merge(Sources(0.0, libvirt=[virt("a")], saved=[libvirts]))
    assert [(d.state, d.save_file, d.libvirt_owns) for d in its] == [(State.SAVED, "/save/a", True)]


def test_a_dead_domain_hides_nobody() -> None:
    domains = merge(
        Sources(
            0.0,
            rows=[row("(null)", 3, State.DYING), row("(null)", 4, State.DYING)],
            details={3: details("server02")},
            configs=[config("server02", uuid=UUID)],
        )
    )
    assert [(d.key, d.state) for d in domains] == [
        ("(null)#3", State.DYING),
        ("(null)#4", State.DYING),
        ("server02", State.OFF),
    ]


def test_rows_of_what_hangs_are_stale() -> None:
    domains = merge(
        Sources(
            0.0,
            rows=[row("a", 1)],
            xl_stale=12.0,
            libvirt=[virt("b", OTHER)],
            libvirt_stale=3.0,
            configs=[config("c")],
        )
    )
    assert {d.name: d.stale_seconds for d in domains} == {"a": 12.0, "b": 3.0, "c": None}


def test_keys_are_unique_when_files_share_a_name() -> None:
    domains = merge(Sources(0.0, configs=[config("a", "/etc/xen/1.cfg"), config("a", "/etc/xen/2.cfg")]))
    assert [(d.key, d.config_file) for d in domains] == [("a", "/etc/xen/1.cfg")]


def test_how_xl_is_told_which() -> None:
    from xentui.domains.domain import Domain

    named = {name: Domain(name, 7).reference for name in ("web", "two words", "12", "-rf", "(null)", "", "a\nb")}
    assert named == {"web": "web", "two words": "two words", "12": "7", "-rf": "7", "(null)": "7", "": "7", "a\nb": "7"}
    assert Domain("12").reference == "12"
