"""How the tests run: no clock decides whether a property holds, logs are quiet, no disk is waited for.

Laws are tried on 60 examples here; the sweeps beside the tests try them on tens of thousands.
"""

import compileall
import gc
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import wraps
from importlib.util import cache_from_source, find_spec
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

settings.register_profile("changeover", deadline=None, max_examples=60)
settings.load_profile("changeover")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

SOURCES = Path(__file__).parents[1] / "src"
STARTED_OFTEN = (
    *("click", "pydantic", "pydantic_core", "structlog", "rich", "jinja2", "markupsafe", "deepdiff"),
    *("annotated_types", "typing_inspection", "orderly_set", "typing_extensions", "attr"),
    *("pytest", "_pytest", "pluggy", "iniconfig", "xdist", "execnet"),
)


MEMORY = Path("/dev/shm")  # noqa: S108  pytest makes a folder of its own in it
MEMORY_MIN = 4 << 30
"""Bytes that have to be free there: the folders of all tests take a part of it."""
TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
FOLDERS = count()
LAST_FILE = [Path()]
NOT_BESIDE_A_FORK = ["grpc"]
"""Modules that no test may load here, each said once: a child that a later test forks would crash."""
AT_WORK = frozenset(threading.enumerate())
"""The threads of pytest itself."""
WRITES_NO_BYTECODE = pytest.StashKey[bool]()
REWRITTEN = ("hypothesis",)
"""Packages with a plugin of pytest, whose assertions it rewrites."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """The toolkit's own tests are about programs in production, which the plugin keeps tests from being."""
    config.stash[WRITES_NO_BYTECODE], sys.dont_write_bytecode = sys.dont_write_bytecode, False
    if not hasattr(config, "workerinput"):
        _keep_folders_in_memory()
        _compile_what_is_started_often()
        _compile_what_pytest_rewrites()
    for name in ("CHANGEOVER_POPULATION", "COLUMNS"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """What is made while tests are collected is no garbage: looking through it is a fifth of the work."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported until now is compiled for the next time; what a test imports is its own affair."""
    sys.dont_write_bytecode = session.config.stash[WRITES_NO_BYTECODE]
    started = [thread.name for thread in threading.enumerate() if thread not in AT_WORK]
    if started:  # nothing could be frozen below: the whole suite takes twice as long
        raise pytest.UsageError(f"a file of tests starts threads when it is imported: {', '.join(started)}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A file of tests begins without what was there before it, for whatever looks at all objects.

    Eleven thousand tests and all libraries that they import are millions of objects: a full collection, the
    search for open clients and that for who holds a function took seconds, which they take in no program.
    What a thread works at is left out: it would be no garbage when the thread has ended.
    """
    if LAST_FILE[0] != item.path:
        LAST_FILE[0] = item.path
        gc.collect()
        if AT_WORK.issuperset(threading.enumerate()):
            gc.freeze()
            gc.get_freeze_count = some_are_frozen


@wraps(gc.get_freeze_count)
def some_are_frozen() -> int:
    """Stands for the count, which walks through what is frozen: half a million objects here."""
    return 1


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """What loads a library that cannot be forked runs in a process of its own."""
    loaded = [name for name in NOT_BESIDE_A_FORK if name in sys.modules]
    for name in loaded:
        NOT_BESIDE_A_FORK.remove(name)
    assert not loaded, f"this test has loaded {', '.join(loaded)}: run that in a process of its own"


def _keep_folders_in_memory() -> None:
    """Tests commit tens of thousands of times, and each waits for a disk; none is about what a disk does."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_MIN:
        os.environ.setdefault(TEMPORARY, str(MEMORY))


def _compile_what_is_started_often() -> None:
    """Hundreds of tests start a program, which compiles for itself what it finds not compiled.

    An installation compiles what it installs, but neither an editable one nor every installer does, and where
    PYTHONDONTWRITEBYTECODE is set no start leaves anything to the next.
    """
    compileall.compile_dir(SOURCES, quiet=2)
    for spec in filter(None, map(find_spec, STARTED_OFTEN)):
        for folder in spec.submodule_search_locations or ():
            compileall.compile_dir(folder, quiet=2)
        if spec.origin is not None:
            compileall.compile_file(spec.origin, quiet=2)


def _compile_what_pytest_rewrites() -> None:
    """A plugin is imported before anything here is, and rewritten in each process where no file has it."""
    for name in REWRITTEN:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        tail = f"-pytest-{pytest.__version__}.pyc"
        if not Path(cache_from_source(spec.origin).removesuffix(".pyc") + tail).exists():
            environment = {
                key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
            }
            command = [sys.executable, "-m", "pytest", "-p", name, "--markers"]
            subprocess.run(command, env=environment, cwd=SOURCES, capture_output=True, check=False)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pytest gives, but of a number of its own: pytest looks through all folders for a free one."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(FOLDERS)}", numbered=False)


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers the secrets that it has met in runs; here each test is a program of its own."""
    secrets = sys.modules.get("changeover.redaction.secrets")
    if secrets is not None:
        monkeypatch.setattr(secrets, "_lately", {})
