"""Facts about the rest of the dom0: ports, bridges, units, programs, packages; and the escape to the shell."""

from __future__ import annotations

import json
import shlex

from xentui.walkthroughs.facts.fact import Fact, Form, Verdict, Words
from xentui.walkthroughs.world import UnknownError, World


def _port(text: str, words: Words) -> Fact:
    host, _, port = words["address"].rpartition(":")
    wanted = words["state"] == "open"

    def test(world: World) -> Verdict:
        # bash's own /dev/tcp: nothing need be installed, and it is tried from the dom0.
        argv = ["timeout", "3", "bash", "-c", 'exec 3<>"/dev/tcp/$1/$2"', "port", host.strip("[]"), port]
        there = world.ok(*argv)
        return Verdict(there is wanted, "it answers" if there else "nobody answers there")

    return Fact(text, ("port", words["address"]), f"ss -ltn 'sport = :{port}'", test)


def _bridge(text: str, words: Words) -> Fact:
    name, interface = words["name"], words.get("interface")

    def test(world: World) -> Verdict:
        links = _links(world)
        bridge = next((link for link in links if link["ifname"] == name), None)
        there = bridge is not None and "bridge" in str(bridge.get("linkinfo"))
        if interface is None:
            return Verdict(
                there is (words["state"] == "exists"), "it is there" if there else f"there is no bridge {name}"
            )
        ports = [str(link["ifname"]) for link in links if link.get("master") == name]
        return Verdict(interface in ports, f"it has {', '.join(ports) or 'no interface'}")

    return Fact(text, ("bridge", name, interface or ""), f"ip link show master {shlex.quote(name)}", test)


def _links(world: World) -> list[dict[str, object]]:
    try:
        return list(json.loads(world.text("ip", "-d", "-j", "link")))
    except ValueError as error:
        raise UnknownError("ip: no JSON") from error


def _unit(text: str, words: Words) -> Fact:
    unit, wanted = words["name"], words["state"]
    verb = "is-active" if wanted.endswith("active") else "is-enabled"

    def test(world: World) -> Verdict:
        said = world.run(["systemctl", verb, "--", unit]).stdout.strip()
        if not said:
            raise UnknownError("systemctl says nothing: systemd does not run here")
        return Verdict(said == wanted if wanted != "inactive" else said in ("inactive", "failed"), f"it is {said}")

    return Fact(text, ("unit", unit, verb), f"systemctl status {shlex.quote(unit)}", test)


def _program(text: str, words: Words) -> Fact:
    name = words["name"]

    def test(world: World) -> Verdict:
        there = world.has_program(name)
        return Verdict(there is (words["state"] == "exists"), "it is there" if there else f"there is no program {name}")

    return Fact(text, ("program", name), f"command -v {shlex.quote(name)}", test)


def _package(text: str, words: Words) -> Fact:
    name, wanted = words["name"], words["state"] == "installed"

    def test(world: World) -> Verdict:
        said = world.run(["dpkg-query", "-W", "-f=${db:Status-Status}", "--", name]).stdout
        there = said == "installed"
        return Verdict(there is wanted, "it is installed" if there else "it is not installed")

    return Fact(text, ("package", name), f"dpkg -l {shlex.quote(name)}", test)


def _shell(text: str, words: Words) -> Fact:
    command = words["rest"]

    def test(world: World) -> Verdict:
        done = world.run(["bash", "-c", command])
        said = (done.stderr or done.stdout).strip().splitlines()
        return Verdict(done.ok, said[-1] if said else f"it ended with status {done.status}")

    return Fact(text, ("sh", command), command, test)


FORMS = (
    Form("port <address> <state:open|closed>", "as HOST:PORT", _port),
    Form("bridge <name> <state:exists|absent>", "", _bridge),
    Form("bridge <name> has <interface=name>", "", _bridge),
    Form("unit <name> <state:active|inactive|enabled|disabled>", "systemd's", _unit),
    Form("program <name> <state:exists|absent>", "", _program),
    Form("package <name> <state:installed|absent>", "Debian's", _package),
    Form("sh: <rest>", "any command of bash that changes nothing: its exit status 0 is yes", _shell),
)  # fmt: skip
