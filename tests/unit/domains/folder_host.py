"""A host whose files stand in a folder of the test, and whose programs are scripts of the test."""

from __future__ import annotations

from pathlib import Path

from xentui.host import Host


class FolderHost(Host):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.name = "folder"
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.runner.environment["PATH"] = f"{self.bin}:/usr/bin:/bin"

    def path(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def write(self, path: str, data: str | bytes) -> Path:
        where = self.path(path)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(data.encode() if isinstance(data, str) else data)
        return where

    def program(self, name: str, script: str) -> None:
        """A program on the host's PATH: a shell script."""
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def argv(self, argv: list[str]) -> list[str]:  # type: ignore[override]
        return [str(self.bin / argv[0]), *argv[1:]]
