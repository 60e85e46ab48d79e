"""Throughput and latency over a RabbitMQ node of its own, beside FastStream and Celery, in one run.

All have the same guarantees: a quorum queue with a single active consumer, prefetch 1 (more would not keep
the order when a consumer dies), persistent messages, confirms, and an acknowledgement after the work. `ours`
is the transport alone, which is what the others are; `ours, journals` adds an outbox and an inbox in durable
journals, so that effects happen once; `ours, one journal` has both in one, as the trading system has.
Publishing and consuming are processes of their own, and none of them logs what it handles. The consumer is
there from the beginning, and waits in its first message until all is published: its time begins then.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic_ns, sleep
from typing import Any
from uuid import uuid4

from tests.sweeps.broker_contenders import CONTENDERS, Contender
from tests.trading.support.brokers import RabbitNode
from trading.composition import configure_logging

ROOT = Path(__file__).parents[2]
BODY_BYTES = 1500
GO = "go"


class Report:
    """What a consumer counts: when it began and ended, and how long each message was on its way."""

    def __init__(self, number: int, go: Path) -> None:
        self._go = go
        self._left = number
        self._number = number
        self._began = 0
        self._latencies: list[int] = []

    def handle(self, body: str) -> bool:
        """Count a message; True where it was the last. The first one waits until the file `go` is there."""
        while not self._began and not self._go.exists():
            sleep(0.005)
        now = monotonic_ns()
        self._began = self._began or now
        self._latencies.append(now - int(body[:20]))
        self._left -= 1
        if self._left == 0:
            seconds = (monotonic_ns() - self._began) / 1e9
            print(
                json.dumps({"rate": (self._number - 1) / seconds, "latencies": self._latencies}), flush=True
            )
        return self._left == 0


def body() -> str:
    """A text of the usual length that begins with the present moment."""
    return f"{monotonic_ns():020d}".ljust(BODY_BYTES, "x")


def publish(contender: Contender, number: int, pace_s: float) -> None:
    """All at once, or one every so often; prints the rate until the last one was confirmed."""
    began = monotonic_ns()
    if pace_s:
        for _ in range(number):
            contender.publish([body()])
            sleep(pace_s)
    else:
        contender.publish_many(number, body)
    print(json.dumps({"rate": number / ((monotonic_ns() - began) / 1e9)}), flush=True)


def started(role: str, contender: str, *rest: object) -> "subprocess.Popen[str]":
    """A process with one of the two roles; a consumer says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.sweeps.broker_load", role, contender, *map(str, rest)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    if role == "consume":
        assert process.stdout is not None
        while (line := process.stdout.readline()).strip() != "ready":
            assert line, f"{contender} ended before it was ready"
    return process


def answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What it measured."""
    out, _ = process.communicate(timeout=600)
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


def measure(name: str, url: str, number: int, paced: int) -> dict[str, Any]:
    """One contender, alone on the machine."""
    with tempfile.TemporaryDirectory() as folder:
        where = (url, f"load-{uuid4().hex[:8]}", folder)
        CONTENDERS[name](url, where[1], Path(folder)).declare()
        consumer = started("consume", name, *where, number)
        published = answer(started("publish", name, *where, number, 0.0))
        (Path(folder) / GO).touch()
        consumed = answer(consumer)
        consumer = started("consume", name, *where, paced)
        answer(started("publish", name, *where, paced, 0.01))
        latencies = sorted(answer(consumer)["latencies"])
    return {
        "publish": published["rate"],
        "consume": consumed["rate"],
        "p50_ms": statistics.median(latencies) / 1e6,
        "p95_ms": latencies[int(len(latencies) * 0.95)] / 1e6,
    }


def main(arguments: Sequence[str]) -> int:
    """Print a table; rounds alternate, and the best of each counts."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps broker-load", description=__doc__)
    options.add_argument("--number", type=int, default=1000)
    options.add_argument("--paced", type=int, default=200)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args(arguments)
    rounds: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch, closing(RabbitNode(Path(scratch) / "node")) as node:
        node.start()
        for _ in range(chosen.rounds):
            for name, contender in CONTENDERS.items():
                if missing := contender.missing():
                    print(f"{name}: {missing}: pip install 'changeover[bench]'", file=sys.stderr)
                    continue
                rounds.setdefault(name, []).append(measure(name, node.url, chosen.number, chosen.paced))
    print(f"{chosen.number} messages of {BODY_BYTES} bytes, best of {chosen.rounds} rounds")
    print(f"{'':18}{'published/s':>12}{'consumed/s':>12}{'median ms':>11}{'p95 ms':>9}")
    for name, found in rounds.items():
        rates = [max(one[what] for one in found) for what in ("publish", "consume")]
        waits = [min(one[what] for one in found) for what in ("p50_ms", "p95_ms")]
        print(f"{name:18}{rates[0]:12.0f}{rates[1]:12.0f}{waits[0]:11.2f}{waits[1]:9.2f}")
    return 0


if __name__ == "__main__":
    configure_logging()
    _role, _name, _url, _queue, _folder, *_rest = sys.argv[1:]
    _contender = CONTENDERS[_name](_url, _queue, Path(_folder))
    if _role == "publish":
        publish(_contender, int(_rest[0]), float(_rest[1]))
    else:
        _contender.consume(
            Report(int(_rest[0]), Path(_folder) / GO).handle, lambda: print("ready", flush=True)
        )
    sys.stdout.flush()
    os._exit(0)  # a worker that has counted its messages is not asked to clear up
