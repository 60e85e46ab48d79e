"""An app whose candidate pays otherwise than legacy where the environment says so, and what may befall it."""

import os
import signal
import subprocess
import time
from pathlib import Path

from changeover.evidence.comparison_writer import WRITTEN_TOGETHER
from changeover.evidence.store.store import read_evidence
from changeover.rollout.flags_file import flags_content
from changeover.values.stage import parse_setting
from tests.changeover.support.own_app import OwnApp
from tests.programs.process import start_python

PLAIN = 'double = migration.seam("double", legacy=legacy, candidate=candidate)\n'
EFFECTS = """
class Bank:
    def pay(self, number):
        return "paid"


bank = Bank()
migration.port("bank", Bank, effects={"pay": lambda number: ()})
import os, sys, time


def wrong(number):
    where = os.environ.get("WRONG")
    return where == "everywhere" or (where == "sevens" and number % 10 == 7)


def closed_file():
    with open(os.devnull) as file:
        return file


def pays(number):
    bank.pay(number)
    if os.environ.get("FAILS"):
        return closed_file()
    return os.environ.get("TEXT", "") + str(number)


def pays_more(number):
    if number >= int(os.environ.get("SLOW_FROM", "1000000")):
        time.sleep(0.05)
    if os.environ.get("PRINTS"):
        print("from the program")
        os.write(1, b"from the program")
        import atexit
        atexit.register(print, "from the program")
    if os.environ.get("EXITS") and number == 1:
        sys.exit(0)
    bank.pay(number + 1 if wrong(number) else number)
    if os.environ.get("FAILS"):
        return closed_file()
    return os.environ.get("OTHER_TEXT", os.environ.get("TEXT", "")) + str(number)


if os.environ.get("EXITS_AT_IMPORT"):
    sys.exit(0)
if os.environ.get("PRINTS"):
    print("from the program")
pay = migration.seam("double", legacy=pays, candidate=pays_more)


@migration.source("small", population="generated")
def small(options):
    for number in range(int(os.environ.get("CASES", "5"))):
        yield Case(f"small-{number}", lambda number=number: pay(number))
        if os.environ.get("INTERRUPTED") and number == 1:
            import signal
            os.kill(os.getpid(), signal.SIGINT)


def run():
    for number in range(20):
        pay(number)
    migration.close()
"""


def paying_app(folder: Path) -> OwnApp:
    """Seam `double` with effects, and source `small`."""
    made = OwnApp(folder, at_end=EFFECTS)
    file = folder / "own_app.py"
    file.write_text(file.read_text().replace(PLAIN, ""))
    return made


def in_production(app: OwnApp, stage: str = "shadow", **environment: str) -> None:
    """Twenty runs of the program."""
    done = app.python("-c", "import own_app; own_app.run()", CHANGEOVER_STAGE_DOUBLE=stage, **environment)
    assert done.returncode == 0, done.stderr


def compare(app: OwnApp, **environment: str) -> int:
    """The exit code of a comparison of `small`."""
    return app.run("compare", "--source", "small", **environment).code


def move(app: OwnApp, stage: str) -> None:
    """The phase is at that stage."""
    import json

    flags = app.root / "migration" / "flags.json"
    flags.write_text(json.dumps(flags_content({"double": parse_setting(stage)}, revision=1)))


def kill_a_comparison(app: OwnApp) -> None:
    """After its first unsafe runs were written; those that are not yet written take long."""
    process = start_python(
        ["-m", "changeover", "compare", "--source", "small"],
        cwd=app.root,
        env={**os.environ, "WRONG": "everywhere", "CASES": "400", "SLOW_FROM": f"{WRITTEN_TOGETHER}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    store = app.root / ".changeover" / "evidence.db"
    while time.monotonic() < end:
        time.sleep(0.05)
        if any(tally.unsafe for one in read_evidence(store).corpora for tally in one.seams.values()):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
