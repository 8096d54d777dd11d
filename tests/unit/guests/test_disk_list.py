"""The table of all disks and images: whose, how large, what is missing, and what nobody has."""

from dataclasses import replace

from guest_site import GuestHost

from xentui.domains.domain import Disk, Domain, State
from xentui.guests.disk_list import list_images, table


def test_images_and_whose_they_are(host: GuestHost) -> None:
    host.create("web", source="busybox", disk=["1M"])
    host.write(
        "/etc/xen/old.cfg", 'name = "old"\nkernel = "/boot/vmlinuz"\ndisk = [ "/srv/xen/gone.img,raw,xvda,r" ]\n'
    )
    for name in ("lost.img", "notes.txt", ".web.build.img"):
        host.write(f"/srv/xen/{name}", b"x" * 8192)
    host.path("/srv/xen/other-name.img").symlink_to("web-disk.img")
    images = {image.path: image for image in list_images(host.site)}
    assert list(images) == ["/srv/xen/gone.img", "/srv/xen/web-disk.img", "/srv/xen/lost.img"]
    web, lost = images["/srv/xen/web-disk.img"], images["/srv/xen/lost.img"]
    assert (web.guest, web.vdev, web.size, web.used, web.words) == ("web", "xvda", 1 << 20, 0, "")
    assert (lost.guest, lost.size, lost.words) == ("", 8192, "no guest has it")
    assert images["/srv/xen/gone.img"].words == "MISSING, read-only"
    lines = table(images.values())
    assert lines[0].split() == ["GUEST", "STATE", "DISK", "FORMAT", "SIZE", "USED", "IMAGE"]
    assert lines[2].split() == ["web", "off", "xvda", "raw", "1", "MiB", "0", "KiB", "/srv/xen/web-disk.img"]


def test_a_guest_that_runs_has_the_disks_that_it_runs_with(host: GuestHost) -> None:
    host.write("/srv/xen/a.img", "x")
    running = Domain("a", id=3, state=State.BLOCKED, disks=(Disk("xvda", "/srv/xen/a.img", "raw"),))
    host.running += [running, replace(running, name="b", disks=(Disk("hdc", None, cdrom=True),))]
    assert [(image.guest, image.state, image.vdev) for image in list_images(host.site)] == [("a", "blocked", "xvda")]
