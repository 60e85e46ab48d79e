"""What every pack has to hold, of files."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from changeover import Migration
from tests.changeover.packs.pack_contract import PackContract


class TestContract(PackContract):
    """What every pack has to hold: a folder in which each act leaves a file."""

    failure = FileNotFoundError

    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "seed.txt").write_text("seed")
        (self.folder / "out").mkdir()
        time.sleep(0.02)  # files know their times to some milliseconds

    def end(self) -> None:
        shutil.rmtree(self.folder)

    def use(self, migration: Migration) -> None:
        migration.use("files", folders=[self.folder])

    def read(self) -> Any:
        return (self.folder / "seed.txt").read_text()

    def act(self, number: int) -> Any:
        return (self.folder / "out" / f"{number}.txt").write_text(f"{number}\n")

    def fail(self) -> Any:
        return (self.folder / "missing.txt").read_text()

    def acts(self) -> int:
        return len(list((self.folder / "out").iterdir()))

    async def read_async(self) -> Any:
        return await asyncio.to_thread(self.read)

    async def act_async(self, number: int) -> Any:
        return await asyncio.to_thread(self.act, number)
