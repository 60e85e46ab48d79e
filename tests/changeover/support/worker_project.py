"""The order service in a folder of its own, its processes, and the worker that replays for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changeover.evidence.store.reading import MORE_COLUMNS, READ_COLUMNS, read_run
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.store import reading
from changeover.rollout.flags_file import flags_content
from changeover.rollout.resolver import Resolver
from changeover.values.stage import SEAM_STAGES, parse_setting
from tests.programs.process import start_python

PLAN = """\
[migration]
name = "orders"
mode = "worker"
code = ["{app}"]
redact = ["arguments.password"]
{options}

[[phase]]
name = "orders"
seams = ["{seam}"]
"""
SECRET = "hunter2-correct-horse"
SOURCE = Path(__file__).with_name("order_service.py")


@dataclass
class ServiceProcess:
    """One process of the service."""

    process: subprocess.Popen[str]
    answers: list[tuple[int, int]] = field(default_factory=list)

    def call(self, item: str, target: int = 10, words: str = "") -> None:
        """One call, answered when this returns."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{item} {target} {words}\n")
        self.process.stdin.flush()
        pid, candidates = self.process.stdout.readline().split()
        self.answers.append((int(pid), int(candidates)))

    def kill(self) -> None:
        """No handler runs, nothing is drained."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        if self.process.returncode is not None:
            return
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


@contextmanager
def serving(process: subprocess.Popen[str]) -> Iterator[ServiceProcess]:
    """The service, which has ended afterwards."""
    service = ServiceProcess(process)
    try:
        yield service
        service.end()
    finally:
        process.kill()
        process.communicate()


@dataclass
class WorkerProject:
    """A folder with the app, the plan and the flags."""

    root: Path
    stage: str = "shadow"
    options: str = ""
    source: Path = SOURCE
    seam: str = "orders.refill"

    def __post_init__(self) -> None:
        (self.root / "migration").mkdir()
        (self.root / "marks").mkdir()
        app = self.source.stem
        (self.root / self.source.name).write_bytes(self.source.read_bytes())
        (self.root / "pyproject.toml").write_text(f'[tool.changeover]\napp = "{app}:migration"\n')
        plan = PLAN.format(options=self.options, app=app, seam=self.seam)
        (self.root / "migration" / "phases.toml").write_text(plan)
        self.flip(self.stage)

    def flip(self, stage: str, revision: int = 1) -> None:
        """What a person's flip leaves behind."""
        content = flags_content({"orders": parse_setting(stage)}, revision=revision)
        (self.root / "migration" / "flags.json").write_text(json.dumps(content))

    def setting(self) -> str:
        """Where the phase stands, as a process would have it that begins now."""
        stages = {"orders": SEAM_STAGES}
        resolver = Resolver(lambda: stages, directory=self.root / "migration", closed=True, environment={})
        return str(resolver.current().settings["orders"])

    @property
    def recorded(self) -> Path:
        return self.root / ".changeover" / "recorded"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        kept.pop("PYTHONHASHSEED", None)
        return {**kept, "MARKS": str(self.root / "marks"), **more}

    def service(self, **environment: str) -> AbstractContextManager[ServiceProcess]:
        """A process of the service."""
        how: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        return serving(
            start_python([self.source.name], cwd=self.root, env=self.environment(**environment), **how)
        )

    def started(
        self, options: Sequence[str], environment: Mapping[str, str], stderr: int | None = None
    ) -> AbstractContextManager[ServiceProcess]:
        """The same in an interpreter that begins with these options."""
        process = subprocess.Popen(
            [sys.executable, *options, self.source.name],
            cwd=self.root,
            env=self.environment(**environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        return serving(process)

    def call(self, *items: str, **environment: str) -> None:
        """Each item once, in a process that ends."""
        with self.service(**environment) as service:
            for item in items:
                service.call(item)

    def worker(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return start_python(
            ["-m", "changeover", "worker", *arguments],
            cwd=self.root,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def work(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """What a worker says that has emptied the spools."""
        worker = self.worker("--once", "--format", "json", *arguments, **environment)
        out, err = worker.communicate(timeout=300)
        assert worker.returncode == 0, err
        found: dict[str, Any] = json.loads(out)
        return {**found, "err": err}

    @property
    def runs(self) -> list[StoredRun]:
        """The evidence, the oldest first."""
        path = self.root / ".changeover" / "evidence.db"
        if not path.exists():
            return []
        columns = ", ".join((*READ_COLUMNS, *MORE_COLUMNS, "body", "tape"))
        with reading(path) as connection:
            rows = connection.execute(f"SELECT {columns} FROM runs ORDER BY at, rowid").fetchall()  # noqa: S608
        return list(map(read_run, rows))
