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
    "netmask": "give it with the address: --ip 192.0.2.5/24.",
    "broadcast": "give the address with its network: --ip 192.0.2.5/24.",
    "arch": "guests are amd64: Debian's Xen runs no 32-bit PV guests, and its kernels are 64-bit.",
    "serial_device": "the console is hvc0.",
    "disk_device": "the first disk is xvda; another name is --disk size=4G,vdev=xvdb.",
    "ide": "the first disk is xvda; another name is --disk size=4G,vdev=xvdb.",
    "scsi": "the first disk is xvda; another name is --disk size=4G,vdev=xvdb.",
}
