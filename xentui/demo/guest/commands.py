"""The guest's commands that print something and end. Those that stay are in `runners` and `fullscreen`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xentui.demo.guest import boot
from xentui.demo.guest.program import program_from

if TYPE_CHECKING:
    from xentui.demo.guest.shell import Shell


@dataclass
class Call:
    """A command as it was typed: its words, and what comes to it through a pipe, if anything."""

    shell: Shell
    words: list[str]
    stdin: str | None

    @property
    def arguments(self) -> list[str]:
        return [word for word in self.words[1:] if not word.startswith("-")]

    @property
    def options(self) -> str:
        return "".join(word[1:] for word in self.words[1:] if word.startswith("-"))

    @property
    def root(self) -> bool:
        return self.shell.user == "root"


class Failed(Exception):  # noqa: N818 - the command's exit, with what it says
    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def run(call: Call) -> tuple[str, int]:
    """What a command prints, and its exit status. Errors go straight to the terminal."""
    function = COMMANDS.get(call.words[0].rpartition("/")[2])
    if function is None:
        call.shell.kernel.write(f"-sh: {call.words[0]}: not found\n")
        return "", 127
    try:
        return function(call), 0
    except Failed as error:
        if error.message:
            call.shell.kernel.write(f"{call.words[0]}: {error.message}\n")
        return "", error.status


def _read(call: Call, path: str) -> str:
    absolute = call.shell.absolute(path)
    if call.shell.kernel.files.is_folder(absolute):
        raise Failed(f"{path}: Is a directory")
    text = call.shell.kernel.files.read(absolute)
    if text is None:
        raise Failed(f"{path}: No such file or directory")
    return text


def _input(call: Call, files: list[str]) -> str:
    """The files named, or what came through the pipe."""
    return "".join(_read(call, path) for path in files) if files else call.stdin or ""


def _ls(call: Call) -> str:
    files = call.shell.kernel.files
    shown = []
    for path in call.arguments or ["."]:
        absolute = call.shell.absolute(path)
        if not files.is_folder(absolute):
            _read(call, path)
            shown.append(path)
        elif "l" in call.options:
            for name in files.entries(absolute):
                size = len((files.read(f"{absolute.rstrip('/')}/{name}") or "").encode())
                kind = "drwxr-xr-x  2" if name.endswith("/") else "-rw-r--r--  1"
                shown.append(f"{kind} root root {size:6d} Jan 12 12:00 {name.rstrip('/')}")
        else:
            names = [name.rstrip("/") for name in files.entries(absolute)]
            shown.extend(names if call.stdin is not None or "1" in call.options else ["  ".join(names)])
    return "".join(line + "\n" for line in shown if line)


def _cd(call: Call) -> str:
    path = (call.arguments or ["~"])[0]
    absolute = call.shell.absolute(path)
    if not call.shell.kernel.files.is_folder(absolute):
        raise Failed(f"can't cd to {path}", 2)
    call.shell.folder = absolute
    return ""


def _cat(call: Call) -> str:
    if not call.arguments and call.stdin is None:
        return _foreground(call, {"program": "cat"})
    return _input(call, call.arguments)


def _rm(call: Call) -> str:
    for path in call.arguments:
        if not call.shell.kernel.files.remove(call.shell.absolute(path)):
            raise Failed(f"cannot remove '{path}': No such file or directory")
    return ""


def _touch(call: Call) -> str:
    for path in call.arguments:
        absolute = call.shell.absolute(path)
        if not call.shell.kernel.files.write(absolute, call.shell.kernel.files.read(absolute) or ""):
            raise Failed(f"cannot touch '{path}': No such file or directory")
    return ""


def _echo(call: Call) -> str:
    words = call.words[1:]
    newline = "" if words[:1] == ["-n"] else "\n"
    words = words[1:] if words[:1] == ["-n"] else words
    if words[:1] == ["-e"]:
        text = " ".join(words[1:])
        for code, char in (("\\e", "\x1b"), ("\\033", "\x1b"), ("\\x1b", "\x1b"), ("\\n", "\n"), ("\\t", "\t"),
                           ("\\a", "\a"), ("\\r", "\r")):  # fmt: skip
            text = text.replace(code, char)
        return text + newline
    return " ".join("$" if w == "$" else str(call.shell.status) if w == "$?" else w for w in words) + newline


def _uname(call: Call) -> str:
    name = call.shell.kernel.name
    if "a" in call.options:
        return f"Linux {name} {boot.KERNEL} #1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 x86_64 GNU/Linux\n"
    chosen = {"r": boot.KERNEL, "n": name, "m": "x86_64"}
    return " ".join(chosen.get(option, "Linux") for option in call.options or "s") + "\n"


def _id(call: Call) -> str:
    if call.root:
        return "uid=0(root) gid=0(root) groups=0(root)\n"
    return "uid=1000(livexen) gid=1000(livexen) groups=1000(livexen),27(sudo)\n"


def processes(shell: Shell) -> list[tuple[int, str, str, float]]:
    """Process id, user, command, share of a CPU: what `ps` and `top` show."""
    rows = [(1, "root", "/sbin/init", 0.0), (212, "root", "[kworker/0:1-events]", 0.0), (301, "root", "sshd", 0.0)]
    number = 402
    for program in shell.kernel.programs:
        user = shell.user if program.name != "login" else "root"
        command = {"sh": "-sh", "login": "/bin/login -p --"}.get(program.name, program.name)
        rows.append((number, user, command, shell.kernel.busy if program.active else 0.0))
        number += 17
    return rows


def _ps(call: Call) -> str:
    rows = processes(call.shell)
    if call.words[1:] and call.words[1].lstrip("-") in ("aux", "ef", "e", "A"):
        lines = ["USER       PID %CPU COMMAND"]
        lines += [f"{user:8} {number:5d} {share * 100:4.1f} {command}" for number, user, command, share in rows]
    else:
        lines = ["  PID TTY          TIME CMD"]
        lines += [f"{number:5d} hvc0     00:00:00 {command}" for number, _, command, _ in rows if number > 400]
        lines.append("  512 hvc0     00:00:00 ps")
    return "".join(line + "\n" for line in lines)


def _free(call: Call) -> str:
    total = call.shell.kernel.domain.memory_kb - 21504
    used = 47000 + int(call.shell.kernel.uptime) % 977
    unit = 1024 if "m" in call.options else 1
    values = [value // unit for value in (total, used, total - used - 30000, 412, 30000, total - used)]
    return (
        "               total        used        free      shared  buff/cache   available\n"
        f"Mem:    {''.join(f'{value:12d}' for value in values)}\n"
        f"Swap:   {''.join(f'{0:12d}' for _ in range(3))}\n"
    )


def uptime_line(shell: Shell) -> str:
    seconds = int(shell.kernel.uptime)
    days, rest = divmod(seconds, 86400)
    ago = f"{days} day{'s' * (days != 1)}, " if days else ""
    ago += f"{rest // 3600:2d}:{rest % 3600 // 60:02d}" if rest >= 3600 else f"{rest // 60} min"
    load = min(9.99, shell.kernel.busy + 0.01)
    return f" {time.strftime('%H:%M:%S')} up {ago},  1 user,  load average: {load:.2f}, {load / 2:.2f}, {load / 3:.2f}"


def _df(_call: Call) -> str:
    return (
        "Filesystem     1K-blocks   Used Available Use% Mounted on\n"
        "/dev/xvda        1015416 481204    465404  51% /\n"
        "tmpfs              71680     12     71668   1% /tmp\n"
    )


def _ip(call: Call) -> str:
    nics = call.shell.kernel.domain.config.get("nics", [])
    lines = [
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN",
        "    inet 127.0.0.1/8 scope host lo",
    ]
    for number, nic in enumerate(nics, 2):
        mac = str(nic["mac"])
        lines.append(f"{number}: eth{number - 2}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP")
        lines.append(f"    link/ether {mac} brd ff:ff:ff:ff:ff:ff")
        lines.append(f"    inet 192.168.122.{10 + int(mac[-2:], 16) % 200}/24 scope global eth{number - 2}")
    return "".join(line + "\n" for line in lines)


def _dmesg(call: Call) -> str:
    kernel = call.shell.kernel
    return "".join(line for line in boot.messages(kernel.domain, kernel.name) if line.startswith("[  "))


def _stty(call: Call) -> str:
    kernel = call.shell.kernel
    words = call.words[1:]
    if words == ["size"]:
        return f"{kernel.rows} {kernel.columns}\n"
    if not words or words == ["-a"]:
        return f"speed 38400 baud; rows {kernel.rows}; columns {kernel.columns}; line = 0;\n"
    rest = iter(words)
    for word in rest:
        if word in ("rows", "cols", "columns"):
            value = next(rest, "")
            if not value.isdigit() or int(value) > 65535:
                raise Failed(f"invalid integer argument: '{value}'")
            if word == "rows":
                kernel.rows = int(value)
            else:
                kernel.columns = int(value)
        elif word not in ("sane", "-echo", "echo"):
            raise Failed(f"invalid argument '{word}'")
    return ""


def _foreground(call: Call, state: dict[str, object]) -> str:
    kernel = call.shell.kernel
    kernel.run(program_from(kernel, {**state, "arguments": call.words[1:], "folder": call.shell.folder}))
    return ""


def _sudo(call: Call) -> str:
    if call.words[1:2] in (["-s"], ["-i"], ["su"]):
        return _foreground(call, {"program": "sh", "user": "root"})
    raise Failed("give a command, or -s for a shell")


def _exit(call: Call) -> str:
    call.shell.kernel.write("logout\n" if len(call.shell.kernel.programs) < 3 else "exit\n")
    call.shell.end()
    return ""


def _power(call: Call) -> str:
    from xentui.demo.domain import Reason

    word = call.words[0].rpartition("/")[2]
    again = word == "reboot" or (word == "shutdown" and "r" in call.options)
    call.shell.kernel.shut_down(Reason.REBOOT if again else Reason.POWEROFF)
    return ""


def _crash(call: Call) -> str:
    from xentui.demo.domain import Reason

    call.shell.kernel.crash(Reason.CRASH)
    return ""


def _lines(call: Call, last: bool) -> str:
    words = call.words[1:]
    count = 10
    files = []
    rest = iter(words)
    for word in rest:
        if word == "-n":
            text = next(rest, "")
            if not text.isdigit():
                raise Failed(f"invalid number of lines: '{text}'")
            count = int(text)
        elif word[:1] == "-" and word[1:].isdigit():
            count = int(word[1:])
        else:
            files.append(word)
    lines = _input(call, files).splitlines(keepends=True)
    return "".join(lines[max(0, len(lines) - count) :] if last else lines[:count])


def _grep(call: Call) -> str:
    if not call.arguments:
        raise Failed("usage: grep TEXT [FILE]...", 2)
    lines = _input(call, call.arguments[1:]).splitlines(keepends=True)
    word = call.arguments[0]
    found = [line for line in lines if (word.lower() in line.lower() if "i" in call.options else word in line)]
    if not found:
        raise Failed("")
    return "".join(found)


def _wc(call: Call) -> str:
    text = _input(call, call.arguments)
    if "l" in call.options:
        return f"{text.count(chr(10))}\n"
    return f"{text.count(chr(10)):7d} {len(text.split()):7d} {len(text.encode()):7d}\n"


def _seq(call: Call) -> str:
    numbers = [int(word) for word in call.arguments if word.isdigit()]
    first, last = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[-1]) if numbers else (1, 0)
    return "".join(f"{number}\n" for number in range(first, min(last, first + 99_999) + 1))


def _help(_call: Call) -> str:
    names = sorted(COMMANDS)
    lines, line = ["A simulated guest. It knows:"], " "
    for name in names:
        if len(line) + len(name) > 76:
            lines.append(line)
            line = " "
        line += " " + name
    return "".join(text + "\n" for text in [*lines, line, "and ; && | > >> and `while true; do COMMAND; done`."])


def _date(_call: Call) -> str:
    return time.strftime("%a %b %e %H:%M:%S %Z %Y\n")


def _false(_call: Call) -> str:
    raise Failed("")


def _history(call: Call) -> str:
    return "".join(f"{number:5d}  {line}\n" for number, line in enumerate(call.shell.editor.history, 1))


COMMANDS: dict[str, Callable[[Call], str]] = {
    "cat": _cat,
    "cd": _cd,
    "clear": lambda _call: "\x1b[H\x1b[2J",
    "crash": _crash,
    "date": _date,
    "df": _df,
    "dmesg": _dmesg,
    "echo": _echo,
    "exit": _exit,
    "false": _false,
    "free": _free,
    "grep": _grep,
    "halt": _power,
    "head": lambda call: _lines(call, last=False),
    "help": _help,
    "history": _history,
    "hostname": lambda call: f"{call.shell.kernel.name}\n",
    "id": _id,
    "ip": _ip,
    "logout": _exit,
    "ls": _ls,
    "nano": lambda call: _foreground(call, {"program": "nano"}),
    "poweroff": _power,
    "ps": _ps,
    "pwd": lambda call: f"{call.shell.folder}\n",
    "reboot": _power,
    "resize": lambda call: _foreground(call, {"program": "resize"}),
    "rm": _rm,
    "seq": _seq,
    "showkey": lambda call: _foreground(call, {"program": "showkey"}),
    "shutdown": _power,
    "sleep": lambda call: _foreground(call, {"program": "sleep"}),
    "stty": _stty,
    "sudo": _sudo,
    "tail": lambda call: _lines(call, last=True),
    "top": lambda call: _foreground(call, {"program": "top"}),
    "touch": _touch,
    "true": lambda _call: "",
    "uname": _uname,
    "uptime": lambda call: uptime_line(call.shell) + "\n",
    "wc": _wc,
    "whoami": lambda call: f"{call.shell.user}\n",
    "yes": lambda call: _foreground(call, {"program": "yes"}),
}
