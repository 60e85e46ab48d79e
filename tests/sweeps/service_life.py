"""A real service through the whole life of a phase, under load: what callers, bank and database saw.

FastAPI under uvicorn with two workers, SQLAlchemy on the loop with PostgreSQL, httpx to a second service; a
worker replays the runs. A fault is planted on the way, found, and mended.
"""

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from changeover.evidence.store.store import store_path
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.shop_bank import PRICES, ShopBank
from tests.changeover.support.stores import SERVER, sql, why_no_server

SERVICE = Path(__file__).parents[1] / "data" / "shop_service"
AT_ONCE = 8
_SOUND = "        amount = price\n"
_WRONG = '        amount = price + (item == "dear")\n'


def main(arguments: Sequence[str]) -> int:
    """Print a line for each step; 1 where a caller, the bank or the database saw anything wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps service-life", description=__doc__)
    options.add_argument("--calls", type=int, default=300, help="of each step")
    chosen = options.parse_args(arguments)
    missing = why_no_server()
    if missing:
        print(missing, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, closing(ShopBank()) as bank:
        root = Path(folder, "service")
        shutil.copytree(SERVICE, root, ignore=shutil.ignore_patterns("__pycache__"))
        return _Life(root, bank, chosen.calls).lived()


class _Life:
    def __init__(self, root: Path, bank: ShopBank, calls: int) -> None:
        self._root, self._bank, self._calls = root, bank, calls
        self._schema = f"t_service_{os.getpid()}"
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._sent = 0
        self._wrong: list[str] = []

    def lived(self) -> int:
        """Every step in turn; the schema of the shop is gone afterwards."""
        self._set_up()
        try:
            with self._deployed():
                self._step("off")
                self._move("flip", "orders", "shadow")
                self._step("shadow")
            with self._deployed(_SOUND, _WRONG):
                self._step("shadow, wrong")
            with self._deployed(_WRONG, _SOUND):
                for stage in ("ramp:50", "live"):
                    self._move("flip", "orders", stage)
                    self._step(stage)
                self._move("kill")
                self._step("killed")
                self._move("unkill")
                self._move("rollback", "orders", "--to", "shadow")
                self._step("rolled back")
            return self._judged()
        finally:
            sql(f"DROP SCHEMA {self._schema} CASCADE")

    def _set_up(self) -> None:
        items, orders = f"{self._schema}.items", f"{self._schema}.orders"
        sql(
            f"CREATE SCHEMA {self._schema}",
            f'CREATE TABLE {items} (name text PRIMARY KEY, "left" int)',
            f"CREATE TABLE {orders} (id text PRIMARY KEY, item text REFERENCES {items}, price int)",
            f"INSERT INTO {items} VALUES ('usual', 100000), ('dear', 100000)",
        )

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        address = SERVER.replace("postgresql://", "postgresql+psycopg://")
        named = f"{address}?options=-csearch_path%3D{self._schema}"
        return {**kept, "SHOP_DATABASE": named, "SHOP_BANK": self._bank.url}

    @contextmanager
    def _deployed(self, old: str = "", new: str = "") -> Iterator[None]:
        """Service and worker on code with these lines changed; what waits at the end is replayed by it."""
        source = self._root / "shop" / "orders.py"
        source.write_text(source.read_text("utf-8").replace(old, new), "utf-8")
        with self._worker(), self._service():
            yield
        self._changeover("worker", "--once")

    @contextmanager
    def _service(self) -> Iterator[None]:
        """Two processes that serve, until the block ends."""
        command = ["-m", "uvicorn", "shop.app:app", "--port", str(self._port), "--workers", "2"]
        process = subprocess.Popen(
            [sys.executable, *command, "--log-level", "error"],
            cwd=self._root,
            env=self._environment,
        )
        try:
            self._until_it_answers()
            yield
        finally:
            process.terminate()
            process.wait(60)

    def _until_it_answers(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                httpx.get(f"http://127.0.0.1:{self._port}/openapi.json", timeout=5)
            except httpx.TransportError:
                time.sleep(0.2)
            else:
                time.sleep(1.0)  # the second process
                return
        raise TimeoutError("the service does not answer")

    @contextmanager
    def _worker(self) -> Iterator[None]:
        process = subprocess.Popen(
            [sys.executable, "-m", "changeover", "worker"],
            cwd=self._root,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)

    def _changeover(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "changeover", *words],
            cwd=self._root,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def _move(self, *words: str) -> None:
        """A move of a person; the gate of a phase that is a minute old does not pass, so it is forced."""
        forced = ("--force",) if words[0] == "flip" else ()
        self._changeover(*words, "--reason", "the life of a phase", *forced)
        time.sleep(1.5)  # `refresh_s`, and a little

    def _step(self, name: str) -> None:
        began, wrong = time.perf_counter(), asyncio.run(self._load())
        seconds = time.perf_counter() - began
        self._wrong += wrong
        print(
            f"{name:<14} {self._calls} calls, {len(wrong)} wrong, {self._calls / seconds:.0f}/s", flush=True
        )

    async def _load(self) -> list[str]:
        gate, wrong = asyncio.Semaphore(AT_ONCE), []
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", timeout=60) as client:

            async def one(number: int) -> None:
                item = "dear" if number % 5 == 0 else "usual"
                async with gate:
                    answer = await client.post("/orders", json={"id": f"o{number}", "item": item})
                if answer.status_code != 200 or answer.json() != {
                    "order": f"o{number}",
                    "price": PRICES[item],
                }:
                    wrong.append(answer.text)

            first, self._sent = self._sent, self._sent + self._calls
            await asyncio.gather(*(one(number) for number in range(first, self._sent)))
        return wrong

    def _judged(self) -> int:
        charges = Counter(order for order, _ in self._bank.charges)
        amounts = dict(self._bank.charges)
        rows = int(str(sql(f"SELECT count(*) FROM {self._schema}.orders")[0][0]))
        left = int(str(sql(f'SELECT sum("left") FROM {self._schema}.items')[0][0]))
        twice = sum(count > 1 for count in charges.values())
        wrong_amounts = sum(
            amounts[f"o{n}"] != PRICES["usual" if n % 5 else "dear"] for n in range(self._sent)
        )
        print(f"callers        {self._sent} answers, {len(self._wrong)} wrong")
        print(f"bank           {len(charges)} charged, {twice} twice, {wrong_amounts} of a wrong amount")
        print(f"database       {rows} orders, {200_000 - left} pieces taken")
        runs = _runs(self._root)
        for (stage, answered_by, verdict), count in sorted(runs.items()):
            print(f"evidence       {stage:<10} {answered_by:<10} {verdict:<10} {count}")
        found = sum(count for (_, _, verdict), count in runs.items() if verdict == "unsafe")
        failed = sum(count for (_, _, verdict), count in runs.items() if verdict not in ("unsafe", "match"))
        print(f"fault          {found} of {self._calls // 5} runs that it was in; {failed} runs not compared")
        sound = not (self._wrong or twice or wrong_amounts or failed)
        sound = sound and len(charges) == rows == 200_000 - left == self._sent and found == self._calls // 5
        return 0 if sound else 1


def _runs(root: Path) -> Counter[tuple[str, str, str]]:
    return Counter(
        (str(run.stage), str(run.answered_by), str(run.verdict)) for run in runs_in(store_path(root))
    )
