"""Prometheus of Debian on this machine: its checker, and a server with metrics of a scripted fortnight."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

SNAPSHOT = tuple[float, str]
"""When a text was scraped, and the text."""
START_S = 60.0
FILL = "{tool} tsdb create-blocks-from --max-block-duration=1440h"
"""A fortnight of blocks of two hours takes a hundred times as long to write, and longer to open."""
CONFIG = """\
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: program
    static_configs: [{targets: ["127.0.0.1:%d"]}]
"""


def needs(program: str) -> str:
    """Its path; the test is skipped where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: apt-get install prometheus")
    return found


def check_metrics(text: str) -> str:
    """What `promtool check metrics` finds wrong; empty where nothing."""
    checked = subprocess.run(
        [needs("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0 or checked.stderr, "promtool says nothing"
    return checked.stderr + checked.stdout


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def scraped(port: int) -> str:
    """What is read there, as Prometheus reads it."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text: str = answer.read().decode()
        return text


@cache
def _families(text: str) -> list[Any]:
    """What a process that does nothing says is the same text hour after hour."""
    return [*text_string_to_metric_families(text)]


def _open_metrics(snapshots: Iterable[SNAPSHOT]) -> Iterator[str]:
    """All samples with their moments, each family in one place."""
    families: dict[str, tuple[str, list[str]]] = {}
    for at, text in snapshots:
        for family in _families(text):
            if family.name.endswith("_created"):
                continue
            _, lines = families.setdefault(family.name, (family.type, []))
            for sample in family.samples:
                labels = ",".join(f"{name}={json.dumps(value)}" for name, value in sample.labels.items())
                if not sample.name.endswith("_created"):
                    lines.append(f"{sample.name}{{{labels}}} {sample.value} {at:.3f}")
    for name, (kind, lines) in families.items():
        yield f"# TYPE {name} {kind}"
        yield from lines
    yield "# EOF"


class Prometheus:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, **parameters: object) -> Any:
        where = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(parameters)}"
        with urlopen(where, timeout=30) as answer:
            found = json.load(answer)
        assert found["status"] == "success"
        return found["data"]["result"]

    def wait_for(self, query: str) -> Any:
        """What the query gives as soon as it gives something."""
        until = time.monotonic() + START_S
        while not (found := self.ask("query", query=query)):
            assert time.monotonic() < until, query
            time.sleep(0.2)
        return found


@contextmanager
def prometheus(folder: Path, snapshots: Iterable[SNAPSHOT], target: int) -> Iterator[Prometheus]:
    """A server that has scraped these, and goes on to scrape a port of this machine."""
    server, tool = needs("prometheus"), needs("promtool")
    (folder / "metrics.txt").write_text("\n".join(_open_metrics(snapshots)) + "\n")
    (folder / "prometheus.yml").write_text(CONFIG % target)
    filled = subprocess.run(
        [*FILL.format(tool=tool).split(), "openmetrics", folder / "metrics.txt", folder / "data"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert filled.returncode == 0, filled.stderr
    port = free_port()
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [
                server,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "GOMAXPROCS": "1"},
        )
    try:
        until = time.monotonic() + START_S
        while not _is_ready(port):
            assert process.poll() is None, (folder / "prometheus.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.2)
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
