"""The registry of the disks' screens: each action has its key, its place and its function."""

from __future__ import annotations

import pytest

from xentui.actions import Action, impossible
from xentui.disk_actions import PLAN, SEE, WRITING
from xentui.screens.disks import DisksScreen
from xentui.screens.live_screen import LiveScreen
from xentui.screens.plan import PlanScreen
from xentui.screens.plan_writing import PlanWritingScreen
from xentui.screens.widgets.cursor_list import CursorList


@pytest.mark.parametrize(("actions", "screen"), [(SEE, DisksScreen), (PLAN, PlanScreen), (WRITING, PlanWritingScreen)])
def test_every_action_is_carried_out_by_a_key_that_is_free(
    actions: tuple[Action, ...], screen: type[LiveScreen]
) -> None:
    names = [action.name for action in actions]
    keys = [key for action in actions for key in action.keys]
    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)
    moving = {key for binding in CursorList.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    assert not moving & set(keys)
    for name in names:
        assert hasattr(screen, f"do_{name.replace('-', '_')}"), name
        assert screen.registry[name] in actions


def test_whatever_writes_is_refused_read_only_and_nothing_else_is() -> None:
    refused = {a.name for a in (*SEE, *PLAN) if impossible(a, None, read_only=True)}
    assert refused == {"disk-image", "disk-install", "disk-map", "disk-unmap", "plan-save", "plan-write"}


def test_help_and_quit_belong_on_every_screen() -> None:
    for screen in (DisksScreen, PlanScreen, PlanWritingScreen):
        assert {"help", "palette", "theme", "quit"} <= screen.registry.keys()
