"""What users of xen-create-image ask for and do not get, each with the reason and what to do instead.

Source: xen-create-image(8) of xen-tools 4.9.2.
"""

from __future__ import annotations

#: Its options that are no more, each with the reason.
GONE = {
    "pygrub": "pygrub reads a stranger's file systems as root and is no longer given security support for it. A guest"
    " with its own kernel is a PVH guest here, booted by GRUB for PVH: leave --pygrub away.",
    "nopygrub": "there is no pygrub here; to boot dom0's kernel, give --boot dom0.",
    "install-method": "Debian is installed by mmdebstrap; an image that is there already is taken by --image FILE.",
    "debootstrap-cmd": "Debian is installed by mmdebstrap.",
    "fs": "the file system is ext4.",
    "evms": "EVMS is gone from Linux; for volumes there is --lvm GROUP.",
    "zpool": "ZFS volumes are not made here; one that is there is taken by --disk /dev/zvol/POOL/VOLUME.",
    "passwd": "a password is made up and shown once, at the end.",
    "genpass": "a password is made up and shown once, at the end.",
    "password": "a password is made up and shown once, at the end: one given here would stand in the shell's history.",
    "force": "nothing is written over here: delete the old guest first (xentui delete NAME).",
    "broadcast": "give the address with its network: --ip 192.0.2.5/24.",
    "arch": "guests are amd64: Debian's Xen runs no 32-bit PV guests, and its kernels are 64-bit.",
    "serial_device": "the console is hvc0.",
    "disk_device": "the first disk is xvda; another name is --disk size=4G,vdev=xvdb.",
    "ide": "the first disk is xvda; another name is --disk size=4G,vdev=xvdb.",
    "scsi": "the first disk is xvda; another name is --disk size=4G,vdev=xvdb.",
    "accounts": "users are named: --user NAME; dom0's accounts are not copied.",
    "randommac": "every guest has a new MAC address; a certain one is --mac.",
    "maxmem": "it is set in the configuration, by C on the screen or by hand; --memory is what it starts with.",
    "partitions": "a guest has one disk and a swap disk (--swap); more are --disk SIZE.",
    "role-args": "a role gets the new system's folder as its argument; what else it needs stands in it.",
    "apt_proxy": "the proxy is that of the environment: http_proxy=http://HOST:PORT xentui create ...",
    "copyhosts": "/etc/hosts holds the guest alone; a role can copy more.",
    "nohosts": "dom0's /etc/hosts is not touched anyway.",
    "no-hosts": "dom0's /etc/hosts is not touched anyway.",
    "keep": "what failed is removed, and its tool's last words are shown.",
    "verbose": "all steps are shown anyway, and first by --dry-run.",
    "vifname": "the name of its interface in dom0 is vifname= in its configuration's vif.",
}

_IMAGE = (
    "--image: is a disk image to copy here. New disks are sparse files; --full takes their whole room at once, and"
    " --size is how large the first one is."
)
_BOOT = "--boot: says whose kernel is booted, own or dom0; to start the guest once it is made: --start"


def misunderstood(image: str | None, boot: str | None) -> str | None:
    """What was meant by an option that is another one in xen-create-image; None where it is clear."""
    if image in ("sparse", "full"):
        return _IMAGE
    return _BOOT if boot == "" else None
