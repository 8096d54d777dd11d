"""Templates: those that ship, the user's own, and what a wrong one is told."""

from __future__ import annotations

import pytest
from guest_site import GuestHost

from xentui.guests.errors import GuestError
from xentui.guests.likeness import wish_like
from xentui.guests.make import make, plan
from xentui.guests.manifest import Manifest
from xentui.guests.templates import all_templates, merged, read_template, save_template, template, template_complaint
from xentui.guests.wishes import spec_of
from xentui.xlcfg.parser import parse

SHIPPED = {
    "server01", "server02", "client01", "client02", "windows", "cd", "debian", "debian-pv", "installer",
    "installer-auto", "installer-graphical", "hvm-linux", "pvh-linux", "my-computer",
}  # fmt: skip


def use(host: GuestHost, name: str, guest: str, **more: str | bool | list[str]) -> None:
    found, site = template(host, name), host.site
    make(site, plan(site, spec_of(site, guest, merged(found.wish, more), found)))


def test_those_that_ship_can_be_read_and_describe_themselves(host: GuestHost) -> None:
    found, problems = all_templates(host)
    assert problems == []
    assert {one.id for one in found} >= SHIPPED
    assert all(one.description for one in found)


def test_a_guest_of_a_template_with_more_asked_for(host: GuestHost) -> None:
    use(host, "server01", "web", memory="160", disk=["1M"])
    config = parse(host.config("web"))
    assert (config.string("name"), config.number("memory")) == ("web", 160)
    assert config.strings("disk")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('source = "busybox"\nmemroy = 3\n', r"t\.toml:2: 'memroy' is nothing .* did you mean 'memory'\?"),
        ('source = "busybox"\nautostart = "yes"\n', r"t\.toml:2: autostart is true or false"),
        ('source = "busybox"\nmemory = true\n', r"t\.toml:2: memory is a text"),
        ('source = "busybox"\ndisk = [1]\n', r"t\.toml:2: disk is a list of texts"),
        ("source = \n", r"t\.toml: .*line 1"),
        ("memory = 128\n", r"t\.toml: it says no source"),
        ('source = "busybox"\nconfig = "name=\'a\'"\n', r"source cannot stand beside it"),
    ],
)
def test_a_wrong_template_is_told_where(text: str, words: str) -> None:
    with pytest.raises(GuestError, match=words):
        read_template("/etc/xentui/templates/t.toml", text)


def test_a_wrong_file_spoils_only_itself(host: GuestHost) -> None:
    host.write("/etc/xentui/templates/bad.toml", "colour = 'red'\n")
    found, problems = all_templates(host)
    assert {one.id for one in found} >= SHIPPED
    assert len(problems) == 1 and "/etc/xentui/templates/bad.toml:1: 'colour' is nothing" in problems[0]
    with pytest.raises(GuestError, match=r"bad\.toml:1"):
        template(host, "bad")
    with pytest.raises(GuestError, match="did you mean windows"):
        template(host, "windos")


def test_the_users_own_goes_before(host: GuestHost) -> None:
    path = save_template(
        host, "server01", 'mine, "quoted"\x7f', wish={"source": "busybox", "disk": ["1M"], "full": True}
    )
    assert path == "/etc/xentui/templates/server01.toml"
    found = template(host, "server01")
    assert found.wish == {"source": "busybox", "disk": ["1M"], "full": True}
    assert found.description == 'mine, "quoted"\x7f'
    with pytest.raises(GuestError, match="nothing is written over"):
        save_template(host, "server01", "", wish={"source": "busybox"})
    assert template_complaint("2008") is None
    with pytest.raises(GuestError, match="is no name for a template"):
        save_template(host, "../x", "", wish={"source": "busybox"})


def test_a_template_of_a_configuration(host: GuestHost) -> None:
    text = """\
name = "old"
type = "pvh"
kernel = "/boot/vmlinuz"
memory = 512
cpu_weight = 512
extra = "console=hvc0 \\"x\\""
disk = [ "/srv/xen/old.img,raw,xvda,rw", "/srv/xen/tools.iso,raw,xvdb,r" ]
vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr9" ]
"""
    host.write("/srv/xen/tools.iso", "x")
    save_template(host, "like-old", "", wish={"memory": "512"}, config=text)
    use(host, "like-old", "new", disk=["1M"])
    config = parse(host.config("new"))
    assert (config.string("name"), config.number("memory"), config.number("cpu_weight")) == ("new", 512, 512)
    assert config.string("extra") == 'console=hvc0 "x"'
    assert [disk.rpartition("target=")[2] for disk in config.strings("disk")] == [
        "/srv/xen/new-disk.img", "/srv/xen/tools.iso",
    ]  # fmt: skip
    assert "00:16:3e:00:00:01" not in host.config("new")


def test_what_a_template_is_made_of(host: GuestHost) -> None:
    disks = ["size=1M,path=/srv/xen/it's.img", "2M"]
    host.create("web", source="busybox", disk=disks, mac="00:16:3e:00:00:01")
    host.write("/etc/xen/web.cfg", host.config("web").replace("memory = 128", "memory = 256"))
    like = wish_like(host.site, "web")
    assert (like.config, like.settings, like.description, like.remark) == ("", "", "Like web", "")
    # Its address and its disks' files are its own; it has become larger.
    assert like.wish == {
        "source": "busybox", "disk": ["size=1M", "2M"], "memory": "256", "vcpus": "1", "bridge": "xenbr0",
    }  # fmt: skip
    host.write("/etc/xen/old.cfg", 'name = "old"\nkernel = "/boot/vmlinuz"\nmemory = 96\n')
    like = wish_like(host.site, "old")
    assert like.wish == {"memory": "96", "no-network": True} and "vmlinuz" in like.config
    save_template(host, "like-old", "", wish=like.wish, config=like.config)
    site, found = host.site, template(host, "like-old")
    make(site, plan(site, spec_of(site, "two", found.wish, found)))
    assert "vmlinuz" in wish_like(host.site, "two").config, (
        "what it was asked for says nothing of the settings that the template brought"
    )


def test_what_was_changed_since_it_was_made_goes_along_or_is_named(host: GuestHost) -> None:
    host.create("web", source="busybox", disk=["1M"], mac="00:16:3e:00:00:01")
    changes = {
        "quiet": "quiet loglevel=3",
        'on_reboot = "restart"': 'on_reboot = "destroy"',
        "memory = 128": "memory = 128\nmaxmem = 256\nmaxvcpus = 4",
        "disk = [": 'disk = [ "/srv/xen/more.img,raw,xvdb,rw",',
        'bridge=xenbr0"': 'bridge=lan,rate=10Mb/s,vifname=web0", "bridge=dmz,mac=00:16:3e:00:00:02"',
    }
    text = host.config("web")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    host.write("/etc/xen/web.cfg", text + 'cpus = "2-3"\npci = [ "0000:03:00.0" ]\nkernel = "/boot/old"\n')
    like = wish_like(host.site, "web")
    assert like.remark == (
        "The template leaves out: its disk xvdb, /srv/xen/more.img; kernel (dom0's own is taken); pci."
        " A guest made of it is given that by hand."
    )
    save_template(host, "like-web", "", wish=like.wish, config=like.config, settings=like.settings)
    use(host, "like-web", "two", memory="200")
    config = parse(host.config("two"))
    assert [config.string(key) for key in ("on_reboot", "on_crash", "cpus", "cmdline", "maxmem", "kernel", "pci")] == [
        "destroy", "destroy", "2-3", "console=hvc0 quiet loglevel=3 guest=two", "256", "/boot/vmlinuz", None,
    ]  # fmt: skip
    first, second = config.strings("vif")
    assert first.endswith(",bridge=lan,rate=10Mb/s") and second.endswith(",bridge=dmz")
    assert all(vif.startswith("mac=00:16:3e:") and "00:00:0" not in vif for vif in (first, second))
    use(host, "like-web", "large", memory="512", vcpus="8")  # above what was the most
    config = parse(host.config("large"))
    assert (config.get("maxmem"), config.get("maxvcpus"), config.number("vcpus")) == (None, None, 8)
    assert 'on_reboot = "destroy"' in wish_like(host.site, "large").settings, "they are carried on"


def test_a_template_over_its_source_says_only_what_is_no_guests_own(host: GuestHost) -> None:
    for settings, words in (("memory = 1\n", "memory is each guest's own"), ("cpus = 'x\n", "settings")):
        with pytest.raises(GuestError, match=words):
            save_template(host, "bad", "", wish={"source": "busybox"}, settings=settings)
    with pytest.raises(GuestError, match="config says all settings"):
        save_template(host, "bad", "", config='kernel = "/k"\n', settings="cpus = 1\n")


def test_the_next_guest_has_not_its_address_and_is_nowhere_else(host: GuestHost) -> None:
    wish = {"source": "debian", "ip": "192.0.2.5/24", "gateway": "192.0.2.1", "memory": "512"}
    Manifest("web", "debian", "/etc/xen/web.cfg", complete=True, wish=wish).save(host)
    assert wish_like(host.site, "web").wish == {"source": "debian", "gateway": "192.0.2.1", "memory": "512"}
    host.write(
        "/etc/xen/old.cfg", 'name = "old"\nkernel = "/k"\nmemory = 96\nvif = ["mac=00:16:3e:1:2:3,bridge=dmz"]\n'
    )
    assert wish_like(host.site, "old").wish["bridge"] == "dmz"


def test_of_a_guest_that_is_another_type_by_now_the_configuration_counts(host: GuestHost) -> None:
    host.create("web", source="busybox")
    assert wish_like(host.site, "web").config == ""
    host.write("/etc/xen/web.cfg", host.config("web").replace('"pvh"', '"pv"'))
    like = wish_like(host.site, "web")
    assert 'type = "pv"' in like.config and "source" not in like.wish


def test_what_is_asked_for_by_another_word_goes_before_too() -> None:
    assert merged({"size": "4G", "source": "debian"}, {"disk": ["8G"]}) == {"source": "debian", "disk": ["8G"]}
    assert merged({"no-network": True}, {"bridge": "br1"}) == {"bridge": "br1"}
    assert merged({"bridge": "br1"}, {"no-network": True}) == {"no-network": True}


def test_a_small_guest_of_a_template_has_its_own_name_and_says_what_it_lacks(host: GuestHost) -> None:
    host.create("web", source="busybox", disk=["1M"])
    text = host.config("web")
    save_template(host, "like-web", "", wish={}, config=text)
    found, site = template(host, "like-web"), host.site
    made = plan(site, spec_of(site, "two", found.wish, found))
    assert parse(made.config).string("cmdline") == "console=hvc0 quiet guest=two"
    assert any("It has no disk of its own, as the template like-web has" in warning for warning in made.warnings)
