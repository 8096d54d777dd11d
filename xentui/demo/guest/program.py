"""What a program in a guest is, and the registry that brings one back from a save file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from xentui.demo.guest.kernel import Kernel

REGISTRY: dict[str, type[Program]] = {}


class Program:
    """A program on the guest's terminal. All of its state is in what `snapshot` gives."""

    name: ClassVar[str] = ""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def __init_subclass__(cls) -> None:
        if cls.name:
            REGISTRY[cls.name] = cls

    def start(self) -> None:
        """It has just been started."""

    def feed(self, data: bytes) -> None:
        """A byte was typed."""

    def resume(self) -> None:
        """The program above it has ended."""

    def wake(self) -> None:
        """The guest was restored, and it is on top."""

    def end(self) -> None:
        self.kernel.finish(self)

    @property
    def alive(self) -> bool:
        return self in self.kernel.programs

    @property
    def active(self) -> bool:
        """It has the terminal."""
        return self.kernel.top() is self

    def snapshot(self) -> dict[str, Any]:
        return {"program": self.name}

    def take(self, state: dict[str, Any]) -> None:
        """The opposite of `snapshot`."""


def program_from(kernel: Kernel, state: dict[str, Any]) -> Program:
    from xentui.demo.guest import fullscreen, login, runners, shell  # noqa: F401 - they register themselves

    program = REGISTRY[state["program"]](kernel)
    program.take(state)
    return program
