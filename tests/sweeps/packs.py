"""The tests of every pack with the oldest and newest versions of its library, each in an environment."""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OF_TESTS = ("pytest", "hypothesis", "jsonschema", "pytest-benchmark", "tzdata")
TESTS = Path("tests/changeover/packs")
VERSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "http": {
        "oldest": ("requests==2.28.2", "urllib3==1.26.15", "httpx==0.25.2", "aiohttp==3.10.11"),
        "newest": ("requests", "urllib3", "httpx", "aiohttp"),
    },
    "smtp": {"oldest": ("aiosmtplib==3.0.2", "cryptography"), "newest": ("aiosmtplib", "cryptography")},
    "redis": {"oldest": ("redis==5.0.8", "fakeredis==2.26.2"), "newest": ("redis", "fakeredis")},
    "asgi": {
        "oldest": (
            "fastapi==0.115.0",
            "starlette==0.37.2",
            "httpx==0.27.2",
            "itsdangerous==2.2.0",
            "python-multipart==0.0.9",
        ),
        "newest": ("fastapi", "httpx", "itsdangerous", "uvicorn", "python-multipart"),
    },
    "wsgi": {"oldest": ("flask==3.0.3", "werkzeug==3.0.6"), "newest": ("flask",)},
    "sqlalchemy": {
        "oldest": ("sqlalchemy[asyncio]==1.4.54", "psycopg2-binary", "psycopg[binary]", "aiosqlite==0.20.0"),
        "newest": ("sqlalchemy[asyncio]", "psycopg[binary]", "aiosqlite", "asyncpg"),
    },
    "django": {
        "oldest": ("django==5.1.*", "psycopg2-binary", "psycopg[binary]", "sqlalchemy"),
        "newest": ("django", "psycopg[binary]", "sqlalchemy"),
    },
    "asyncpg": {
        "oldest": ("asyncpg==0.30.0", "psycopg[binary]"),
        "newest": ("asyncpg", "psycopg[binary]"),
    },
    "psycopg": {
        "oldest": ("psycopg[binary]==3.2.2", "psycopg-pool==3.2.3", "asyncpg"),
        "newest": ("psycopg[binary]", "psycopg-pool", "asyncpg"),
    },
    "celery": {"oldest": ("celery==5.4.0", "redis==5.0.8"), "newest": ("celery", "redis")},
    "clock": {
        "oldest": ("time-machine==3.6.0", "freezegun==1.5.1", "django"),
        "newest": ("time-machine", "freezegun", "django"),
    },
}
"""By pack, what is installed beside the toolkit; the tests are `test_NAME.py`, or the folder `NAME`."""
_SAID = re.compile(r"^(?:=+ )?(\d+ (?:passed|failed|skipped|error).*?) in [\d.]+s.*$", re.MULTILINE)


def main(arguments: Sequence[str]) -> int:
    """Print a line for each; 1 where a test fails or none has run."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps packs", description=__doc__)
    options.add_argument("--only", action="append", choices=[*VERSIONS], metavar="PACK")
    options.add_argument("--age", choices=("oldest", "newest"), help="only these versions")
    chosen = options.parse_args(arguments)
    wrong = 0
    for pack in chosen.only or VERSIONS:
        for age, wanted in VERSIONS[pack].items():
            if chosen.age not in (None, age):
                continue
            with tempfile.TemporaryDirectory() as folder:
                said, code = _tried(Path(folder), pack, wanted)
            wrong += code != 0
            print(f"{pack:<12} {age:<8} {said}   {' '.join(wanted)}", flush=True)
    return 1 if wrong else 0


def _tried(folder: Path, pack: str, wanted: Sequence[str]) -> tuple[str, int]:
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "--no-compile", "-e", str(ROOT), *_OF_TESTS]
    made = subprocess.run([*install, *wanted], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"cannot be installed: {made.stderr.strip().splitlines()[-1]}", 1
    one = TESTS / f"test_{pack}.py"
    tests = one if (ROOT / one).exists() else TESTS / pack
    versions = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = _SAID.findall(versions.stdout)
    if versions.returncode:
        print(versions.stdout[-6_000:], versions.stderr[-2_000:], file=sys.stderr)
    return found[-1] if found else "no test has run", versions.returncode if found else 1
