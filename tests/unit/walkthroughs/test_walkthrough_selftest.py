"""`xentui walkthrough test` on the demo dom0: it passes what is right, and finds each way to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from xentui.demo.host import DemoHost
from xentui.subprocesses import CommandRecord
from xentui.walkthroughs.answers import given
from xentui.walkthroughs.parse import parse
from xentui.walkthroughs.selftest import Outcome, SelfTest
from xentui.walkthroughs.shelves import catalogue, find, shelves
from xentui.walkthroughs.table import table


def run(host: DemoHost, text: str, *, dangerous: bool = False) -> Outcome:
    walkthrough = parse(text, "x.md").walkthrough
    return SelfTest(host, walkthrough, given(walkthrough, []), dangerous=dangerous).run()


def said(result: Outcome) -> str:
    return "\n".join(table(result))


def test_what_is_right_passes(demo_host: DemoHost, small: str) -> None:
    result = run(demo_host, small)
    assert result.ok, said(result)
    [step] = result.steps
    assert (step.before, step.solved, step.undone, result.cleaned) == ("ok", "ok", "ok", "ok")


def test_a_slow_machine_gets_more_time(demo_host: DemoHost, small: str) -> None:
    text = small.replace("```run\nxl", "```run within=1s\nsleep 1.5; xl")
    assert "it did not end within 1 s" in said(run(demo_host, text.replace(CHECK, CHECK.replace(" |", " in 1s |"))))
    walkthrough = parse(text, "x.md").walkthrough
    assert SelfTest(demo_host, walkthrough, given(walkthrough, []), patience=10).run().ok


@pytest.mark.parametrize(
    ("more", "times"), [("\n## The end\n\nRead on.\n", 1), ("\n## Go on\n\n```run\ntrue\n```\n", 2)]
)
def test_the_last_step_is_done_once_if_that_is_asked_for(
    demo_host: DemoHost, small: str, tmp_path: Path, more: str, times: int
) -> None:
    text = small.replace("```run\nxl", f"```run\necho >> {tmp_path}/times; xl")
    walkthrough = parse(text + more).walkthrough
    result = SelfTest(demo_host, walkthrough, given(walkthrough, []), once=True).run()
    assert result.ok and result.steps[0].undone == "ok", said(result)
    assert (tmp_path / "times").read_text() == "\n" * times


CHECK = "domain {guest} is running | It does not run."
WAYS = [
    # A check that holds before the learner did anything.
    (CHECK, CHECK + "\ndomain server01 is running | No.", "x.md:19: 'domain server01 is running' holds before"),
    # One that is to hold all the time, and does not.
    (CHECK, CHECK + "\nstill domain client02 is running | No.", "must still hold, and does not"),
    # One that nobody can see.
    (CHECK, CHECK + "\nunit no-such active | No.", "cannot be seen"),
    # A solution that does not do it; what it said is said.
    ("xl create /etc/xen/{guest}.cfg", "xl create /etc/xen/nobody.cfg", "does not hold after the solution"),
    ("xl create /etc/xen/{guest}.cfg", "echo why it is so >&2; exit 3", "the commands said: why it is so"),
    # An undo that does not undo.
    ("xl destroy {guest}", "true", "still holds after the undo"),
    # An undo after which it cannot be done again.
    ("xl destroy {guest}", "xl destroy {guest}; touch /srv/xen/once", "contents of /srv/xen/once: left behind"),
    # A run that never ends.
    ("```run\nxl create /etc/xen/{guest}.cfg", "```run within=1s\nsleep 1000", "it did not end within 1 s"),
    # A clean-up that leaves something.
    ("```undo", "```cleanup\ntrue\n```\n```undo", "domain server02: left behind (running)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), WAYS)
def test_each_way_to_be_wrong_is_found(
    demo_host: DemoHost, small: str, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    monkeypatch.setattr("xentui.walkthroughs.parse.CHECK_SECONDS", 0.5)
    assert old in small
    result = run(demo_host, small.replace(old, new))
    assert not result.ok
    assert says in said(result), said(result)


def test_a_check_that_hangs_fails(demo_host: DemoHost, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xentui.walkthroughs.world.LOOK_SECONDS", 0.3)
    result = run(demo_host, small.replace(CHECK, "sh: sleep 1000 | No."))
    assert "'sh: sleep 1000' cannot be seen (bash: no answer within 0.3 s)" in said(result)


def test_a_dangerous_step_is_not_done_by_itself(demo_host: DemoHost, small: str) -> None:
    text = small.replace("## Start it", "## Start it  {danger: starts {guest}}")
    result = run(demo_host, text)
    assert not result.ok and result.steps == []
    assert "only with --dangerous" in said(result)
    assert run(demo_host, text, dangerous=True).ok


def test_a_dom0_that_loses_xenstored_is_said(
    demo_host: DemoHost, small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, as_it_is = tmp_path / "hangs", demo_host.run

    def run_patiently(argv: Sequence[str], *, deadline: float, **more: Any) -> CommandRecord:
        """What hangs is given up soon; what does not is waited for, however loaded the machine is."""
        return as_it_is(argv, deadline=deadline if hangs.exists() else 180, **more)

    monkeypatch.setattr(demo_host, "run", run_patiently)
    monkeypatch.setattr("xentui.domains.xl.READ_DEADLINE", 0.5)
    monkeypatch.setattr("xentui.walkthroughs.parse.CHECK_SECONDS", 0.5)
    on, off = f"demo-control hang on; touch {hangs}", f"rm -f {hangs}; demo-control hang off"
    text = small.replace("xl create /etc/xen/{guest}.cfg", f"xl create /etc/xen/{{guest}}.cfg; {on}")
    text = text.replace("xl destroy {guest}", f"{off}; xl destroy {{guest}}")
    text += f"```cleanup\n{off}; xl destroy {{guest}}\n```\n"
    result = run(demo_host, text)
    assert "does not hold after the solution (xl list gave no answer within 0.5 s" in said(result)
    assert result.cleaned == "ok", said(result)


def test_what_is_missing_is_said_and_nothing_is_run(demo_host: DemoHost, small: str) -> None:
    missing = {
        "real": "it needs a real dom0; this is the demo",
        "file:/srv/no": "it needs /srv/no",
        "program:no-such": "it needs the program no-such",
        "memory>=99999": "it needs 99999 MiB",
    }
    for need, says in missing.items():
        result = run(demo_host, small.replace("needs: xl", f"needs: xl {need}"))
        assert result.ok and says in result.skipped and result.steps == []


def test_on_a_guests_console(demo_host: DemoHost, small: str) -> None:
    more = """
## Log in

```run console={guest}
livexen
live
```
```check
console {guest} waits at /livexen@.*[$]$/ in 20s | Nobody is logged in.
```
```undo console={guest}
exit
```
"""
    result = run(demo_host, small.replace(CHECK, CHECK + "\nconsole {guest} waits at /login:$/ in 20s | No.") + more)
    assert result.ok, said(result)


#: All that are shipped and do not need a real dom0.
ON_THE_DEMO = (
    "tour", "first-steps", "writing-walkthroughs", "console", "making-guests", "templates-snapshots", "disk-files",
    "cd-images",
)  # fmt: skip


def test_nothing_that_the_demo_can_do_is_left_untested() -> None:
    shipped = [entry for entry in catalogue().values() if entry.path.parent == shelves()[0] and entry.parsed]
    demo = {entry.id for entry in shipped if entry.parsed and "real" not in entry.parsed.walkthrough.needs}
    assert demo == set(ON_THE_DEMO)


@pytest.mark.parametrize("id", ON_THE_DEMO)
def test_what_is_shipped_does_what_it_says(demo_host: DemoHost, id: str) -> None:
    parsed = find(id).parsed
    assert parsed is not None
    result = SelfTest(demo_host, parsed.walkthrough, given(parsed.walkthrough, [])).run()
    assert result.ok and not result.skipped, said(result)
