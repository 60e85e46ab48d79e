"""Programs whose processes end in some way after a number of runs; `process_ends` runs them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

DIFFERS_EVERY = 50
APP = f"""
import os
from changeover import Migration

class Bank:
    def pay(self, amount):
        return amount

bank = Bank()
migration = Migration.load("migration", refresh_s=1.0, mode="inline")
migration.port("bank", Bank, effects={{"pay": lambda amount: ()}})
seam = migration.seam(
    "pay",
    legacy=lambda amount: bank.pay(amount),
    candidate=lambda amount: bank.pay(-1 if amount % {DIFFERS_EVERY} == 0 else amount),
)

def note(name, byte=b"."):
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, byte)
    os.close(file)

def pay(amount):
    note("begun")
    assert seam(amount) == amount
    note("differed" if amount % {DIFFERS_EVERY} == 0 else "same")

def some(first, number):
    for amount in range(first, first + number):
        pay(amount)
"""
PLAN = '[migration]\nname = "m"\ncode = ["app"]\n[[phase]]\nname = "pay"\nseams = ["pay"]\n'


@dataclass(frozen=True, slots=True)
class Way:
    """One way to end; `program` is run with N, the number of runs, and everything that `app` has.

    `command` is started in place of the program, for a server; `ask` is run beside it then. When all runs are
    answered, or `after_s` seconds are over, its first process gets `signal`, and with `to_all` every one.
    """

    program: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    ask: str = ""
    signal: int | None = None
    to_all: bool = False
    after_s: float | None = None
    needs: tuple[str, ...] = ()
    may_lose: bool = False
    is_cut: bool = False


FORKED = """
def work(first):
    some(first, N // 4)
    {end}

for child in range(4):
    if os.fork() == 0:
        work(1 + child * (N // 4))
        os._exit(0)
for _ in range(4):
    os.wait()
os._exit(0)
"""
POOLED = """
import multiprocessing

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=some, args=(1 + n * (N // 4), N // 4)) for n in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
"""
EXECUTOR = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(some, range(1, N, N // 20), [N // 20] * 20))
"""
TERMINATED_POOL = """
import multiprocessing

if __name__ == "__main__":
    pool = multiprocessing.get_context("fork").Pool(2)
    pool.starmap(some, [(1 + n * (N // 20), N // 20) for n in range(20)])
    pool.terminate()
    os._exit(0)
"""
THREADS = """
import threading

threads = [threading.Thread(target=some, args=(1 + n * (N // 4), N // 4)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
os.kill(os.getpid(), signal.SIGKILL)
"""
FULL = """
import resource

some(1, N // 2)
resource.setrlimit(resource.RLIMIT_FSIZE, (700 * N, resource.RLIM_INFINITY))
some(1 + N // 2, N // 2)
{end}
"""
READ_ONLY = """
some(1, N // 2)
for name in ("begun", "same", "differed"):
    open(name, "a").close()
    os.chmod(name, 0o666)
os.chmod(".changeover/spool", 0o500)
os.chmod(".changeover", 0o500)
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere
some(1 + N // 2, N // 2)
os._exit(0)
"""
JUMPING_CLOCK = """
import freezegun

some(1, N // 4)
with freezegun.freeze_time("2031-03-01", tick=True):
    some(1 + N // 4, N // 4)
with freezegun.freeze_time("2020-03-01", tick=True):
    some(1 + N // 2, N // 4)
some(1 + 3 * (N // 4), N // 4)
os._exit(0)
"""
TASKS = """
from celery import Celery
from app import some

app = Celery("tasks", broker="filesystem://")
app.conf.update(
    broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue"},
    worker_hijack_root_logger=False,
    task_ignore_result=True,
)

@app.task
def work(first, number):
    some(first, number)
"""
SEND_TASKS = """
import tasks

for n in range(20):
    tasks.work.delay(1 + n * (N // 20), N // 20)
"""
ASGI = """
from app import some

async def service(scope, receive, send):
    if scope["type"] != "http":
        return
    first, number = map(int, scope["path"].strip("/").split("/"))
    some(first, number)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})
"""
WSGI = """
from app import some

def service(environ, start_response):
    first, number = map(int, environ["PATH_INFO"].strip("/").split("/"))
    some(first, number)
    start_response("200 OK", [])
    return [b"done"]
"""
ASK = """
import time, urllib.request

for n in range(20):
    for attempt in range(400):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{1 + n * (N // 20)}/{N // 20}").read()
            break
        except OSError:
            time.sleep(0.05)
"""
TESTED = """
import os
import pytest
from app import some

N = int(os.environ["N"])

@pytest.mark.parametrize("n", range(20))
def test_pay(n):
    some(1 + n * (N // 20), N // 20)
"""
PYTHON = sys.executable
UVICORN = (PYTHON, "-m", "uvicorn", "server:service", "--port", "{PORT}", "--log-level", "critical")
GUNICORN = (PYTHON, "-m", "gunicorn", "server:service", "-b", "127.0.0.1:{PORT}", "--log-level", "critical")
CELERY = (PYTHON, "-m", "celery", "-A", "tasks", "worker", "-c", "2", "--loglevel", "critical")
WITH_TASKS = {"tasks.py": TASKS, "queue/.keep": ""}
IN_BACKGROUND = {
    "app.py": APP.replace('mode="inline"', 'mode="background"')
    .replace("candidate=lambda amount: bank.pay(", "candidate=lambda amount: time.sleep(0.002) or bank.pay(")
    .replace("import os\n", "import os, time\n", 1)
}
WAYS: dict[str, Way] = {
    "the end of the program": Way("some(1, N)"),
    "SIGTERM, no handler": Way("some(1, N)\nos.kill(os.getpid(), signal.SIGTERM)"),
    "SIGTERM, a handler that exits": Way(
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "some(1, N)\nos.kill(os.getpid(), signal.SIGTERM)"
    ),
    "SIGKILL": Way("some(1, N)\nos.kill(os.getpid(), signal.SIGKILL)"),
    "SIGKILL at any moment": Way("some(1, N)", signal=signal.SIGKILL, to_all=True, after_s=0.6, is_cut=True),
    "SIGKILL, four threads": Way(THREADS),
    "os._exit": Way("some(1, N)\nos._exit(0)"),
    "os.execv": Way("some(1, N)\nos.execv('/bin/true', ['true'])"),
    "SIGKILL, runs wait in the background": Way(
        "some(1, N)\nos.kill(os.getpid(), signal.SIGKILL)", files=IN_BACKGROUND, may_lose=True
    ),
    "os._exit, runs wait in the background": Way(
        "some(1, N)\nos._exit(0)", files=IN_BACKGROUND, may_lose=True
    ),
    "forked children, runs wait in the background": Way(
        FORKED.format(end="os._exit(0)"), files=IN_BACKGROUND, may_lose=True
    ),
    "the end of the program, runs wait in the background": Way("some(1, N)", files=IN_BACKGROUND),
    "an exception that nobody catches": Way("some(1, N)\nraise RuntimeError"),
    "a crash in C": Way("import ctypes\nsome(1, N)\nctypes.string_at(0)"),
    "forked children, os._exit": Way(FORKED.format(end="os._exit(0)")),
    "forked children, SIGKILL": Way(FORKED.format(end="os.kill(os.getpid(), signal.SIGKILL)")),
    "multiprocessing fork": Way(POOLED.format(method="fork")),
    "multiprocessing spawn": Way(POOLED.format(method="spawn")),
    "multiprocessing forkserver": Way(POOLED.format(method="forkserver")),
    "multiprocessing pool, terminated": Way(TERMINATED_POOL),
    "executor of processes": Way(EXECUTOR),
    "Celery prefork, SIGKILL": Way(
        files=WITH_TASKS,
        command=(*CELERY, "-P", "prefork"),
        ask=SEND_TASKS,
        signal=signal.SIGKILL,
        to_all=True,
        needs=("celery",),
    ),
    "Celery prefork, SIGTERM": Way(
        files=WITH_TASKS,
        command=(*CELERY, "-P", "prefork"),
        ask=SEND_TASKS,
        signal=signal.SIGTERM,
        needs=("celery",),
    ),
    "Celery threads, SIGKILL": Way(
        files=WITH_TASKS,
        command=(*CELERY, "-P", "threads"),
        ask=SEND_TASKS,
        signal=signal.SIGKILL,
        to_all=True,
        needs=("celery",),
    ),
    "uvicorn, SIGTERM": Way(
        files={"server.py": ASGI}, command=UVICORN, ask=ASK, signal=signal.SIGTERM, needs=("uvicorn",)
    ),
    "uvicorn, 2 workers, SIGKILL": Way(
        files={"server.py": ASGI},
        command=(*UVICORN, "--workers", "2"),
        ask=ASK,
        signal=signal.SIGKILL,
        to_all=True,
        needs=("uvicorn",),
    ),
    "uvicorn, 2 workers, SIGTERM": Way(
        files={"server.py": ASGI},
        command=(*UVICORN, "--workers", "2"),
        ask=ASK,
        signal=signal.SIGTERM,
        needs=("uvicorn",),
    ),
    "gunicorn, 2 workers, SIGTERM": Way(
        files={"server.py": WSGI},
        command=(*GUNICORN, "-w", "2", "--preload"),
        ask=ASK,
        signal=signal.SIGTERM,
        needs=("gunicorn",),
    ),
    "gunicorn, 2 workers, SIGKILL": Way(
        files={"server.py": WSGI},
        command=(*GUNICORN, "-w", "2"),
        ask=ASK,
        signal=signal.SIGKILL,
        to_all=True,
        needs=("gunicorn",),
    ),
    "pytest-xdist": Way(
        files={"test_pay.py": TESTED},
        command=(PYTHON, "-m", "pytest", "-q", "-n", "2", "-p", "no:changeover", "-p", "no:cacheprovider"),
        needs=("xdist",),
    ),
    "a full disk, os._exit": Way(FULL.format(end="os._exit(0)"), may_lose=True),
    "a full disk, end of the program": Way(FULL.format(end=""), may_lose=True),
    "a folder that becomes read-only": Way(READ_ONLY),
    "a clock years ahead, then behind": Way(JUMPING_CLOCK, needs=("freezegun",)),
}
