"""Ways in which sync code reaches the outside through processes, files and databases in files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.changeover.support.ways_out import Reached, Seen, way


def lines_of(file: Path) -> Seen:
    return lambda: len(file.read_text().split()) if file.exists() else 0


@way("subprocess", "subprocess.Popen")
def subprocess_run(folder: Path, certificate: Path) -> Iterator[Reached]:
    command = f"echo x >> {folder / 'out'}"
    yield lambda: subprocess.run(["/bin/sh", "-c", command], check=True), lines_of(folder / "out")


@way("os.system", "os.system")
def os_system(folder: Path, certificate: Path) -> Iterator[Reached]:
    yield lambda: os.system(f"echo x >> {folder / 'out'}"), lines_of(folder / "out")  # noqa: S605  meant


@way("os.posix_spawn", "os.posix_spawn")
def posix_spawn(folder: Path, certificate: Path) -> Iterator[Reached]:
    arguments = ["/bin/sh", "-c", f"echo x >> {folder / 'out'}"]
    yield (
        lambda: os.waitpid(os.posix_spawn("/bin/sh", arguments, os.environ), 0),
        lines_of(folder / "out"),
    )


@way("os.fork", "os.fork")
def fork(folder: Path, certificate: Path) -> Iterator[Reached]:
    def deed() -> None:
        child = os.fork()
        if not child:
            try:
                with (folder / "out").open("a") as file:
                    file.write("x\n")
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    yield deed, lines_of(folder / "out")


@way("a file below the folder", "open")
def written_file(folder: Path, certificate: Path) -> Iterator[Reached]:
    def deed() -> None:
        with (folder / "out").open("a") as file:
            file.write("x\n")

    yield deed, lines_of(folder / "out")


@way("a descriptor of a file", "support.process_ways_out")
def descriptor(folder: Path, certificate: Path) -> Iterator[Reached]:
    def deed() -> None:
        opened = os.open(folder / "out", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        try:
            os.write(opened, b"x\n")
        finally:
            os.close(opened)

    yield deed, lines_of(folder / "out")


@way("a descriptor that is open", "support.process_ways_out")
def open_descriptor(folder: Path, certificate: Path) -> Iterator[Reached]:
    opened = os.open(folder / "out", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    yield lambda: os.write(opened, b"x\n"), lines_of(folder / "out")
    os.close(opened)


@way("a renamed file", "os.rename")
def renamed(folder: Path, certificate: Path) -> Iterator[Reached]:
    (folder / "before").write_text("x")
    yield lambda: (folder / "before").rename(folder / "after"), lambda: int((folder / "after").exists())


@way("a database in a file", "sqlite3")
def database(folder: Path, certificate: Path) -> Iterator[Reached]:
    file = folder / "shop.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("create table t (x)")

        def deed() -> None:
            with closing(sqlite3.connect(file, isolation_level=None)) as one:
                one.execute("insert into t values (1)")

        yield deed, lambda: other.execute("select count(*) from t").fetchone()[0]


@way("another Python", "subprocess.Popen")
def another_python(folder: Path, certificate: Path) -> Iterator[Reached]:
    code = f"open({str(folder / 'out')!r}, 'a').write('x\\n')"
    yield lambda: subprocess.check_call([sys.executable, "-c", code]), lines_of(folder / "out")
