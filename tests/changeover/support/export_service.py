"""A service that writes files, and a migration of it in the mode `worker`: the item says what a path does."""

import fcntl
import os
import shutil
import sys
import tempfile
from pathlib import Path

from changeover import Migration

ROOT = Path(__file__).parent
DATA = ROOT / "data"
migration = Migration.load(ROOT / "migration")
migration.use("files", folders=[DATA])


def legacy(item: str) -> str:
    report = (DATA / "seed.txt").read_text()
    if item == "locks":
        with open(DATA / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
    if item == "large":
        (DATA / "large.bin").write_bytes(b"." * 100_000_000)
    if item == "permissions":
        (DATA / "seed.txt").chmod(0o600)
    if item == "moves":
        shutil.rmtree(DATA / "old", ignore_errors=True)
        (DATA / "new").mkdir(exist_ok=True)
        shutil.copytree(DATA / "new", DATA / "old", copy_function=shutil.copy2)
    with open(DATA / f"{item}.txt", "w") as file:
        file.write(report + item)
    with open(DATA / "log.txt", "a") as log:
        log.write(f"{item}\n")
    return item


def candidate(item: str) -> str:
    if item in ("locks", "moves", "permissions", "large"):
        return legacy(item)
    if item == "unknown":
        (DATA / "never.txt").read_text()
    text = (DATA / "seed.txt").read_text() + ("OTHER" if item == "other" else item)
    with tempfile.NamedTemporaryFile("w", dir=DATA, delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, DATA / f"{item}.txt")
    log = DATA / "log.txt"
    log.write_text((log.read_text() if log.exists() else "") + f"{item}\n")
    return item


write = migration.seam("exports.write", legacy=legacy, candidate=candidate, key=lambda item: item)

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    (DATA / "seed.txt").write_text("seed ")
    (DATA / "never.txt").write_text("never")
    for line in sys.stdin:
        write(line.split()[0])
        print(os.getpid(), 0, flush=True)
