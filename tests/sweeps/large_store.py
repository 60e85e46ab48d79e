"""A store of many runs, and what the commands take on it: `python -m tests.sweeps large-store`.

Makes a project with three phases of two seams each, whose runs in production are spread over 300 days, and
asks it as a user does. Every run is drawn from the seed, so that two machines make the same store.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import monotonic
from zlib import crc32

from changeover.compare.clusters import fingerprint_of
from changeover.evidence.code_digest import code_digest
from changeover.evidence.store.place import StorePlace, store_path
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.rows_of_runs import SAMPLE_KEPT_WHOLE, stored_at
from changeover.evidence.store.run_contents import RunContents, contents_data
from changeover.evidence.store.store import writing
from changeover.evidence.store.tapes import TAPES_PER_PHASE_MAX, packed
from changeover.evidence.store.writing import add_runs
from changeover.project import open_project
from changeover.rollout.flags_file import flags_content
from changeover.settings import INPUTS_VERSION
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import Observation, Returned, Side
from changeover.values.stage import Setting, Stage
from changeover.values.verdict import Verdict

DAYS = 300
PHASES = {name: (f"{name}.one", f"{name}.two") for name in ("quotes", "orders", "books")}
PLACES = {
    ("shadow", Side.LEGACY): 70,
    ("ramp:25", Side.LEGACY): 15,
    ("ramp:25", Side.CANDIDATE): 5,
    ("live", Side.CANDIDATE): 10,
}
VERDICTS = {
    Verdict.MATCH: 9_650,
    Verdict.TOLERATED: 200,
    Verdict.VACUOUS: 80,
    Verdict.UNPAIRED: 50,
    Verdict.FAILED: 10,
    Verdict.DIVERGED: 8,
    Verdict.UNSAFE: 2,
}
OLD_CODE_SHARE = 0.05
TOGETHER = 10_000
ASKED = (
    ("status",),
    ("explain",),
    ("gate", "quotes", "--no-checks"),
    ("report", "--output", "report.html"),
)
PLAN = """
[migration]
name = "desk-on-events"
code = ["desk"]
""" + "".join(
    f'\n[[phase]]\nname = "{name}"\nseams = {json.dumps(seams)}\n' for name, seams in PHASES.items()
)


def project_in(folder: Path) -> Path:
    """A project of which nothing but its code, plan and evidence is ever asked."""
    (folder / "desk").mkdir(parents=True, exist_ok=True)
    (folder / "desk" / "__init__.py").write_text('"""A desk."""\n')
    (folder / "migration").mkdir(exist_ok=True)
    (folder / "migration" / "phases.toml").write_text(PLAN)
    flags = flags_content(dict.fromkeys(PHASES, Setting(Stage.SHADOW)), revision=1)
    (folder / "migration" / "flags.json").write_text(json.dumps(flags))
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "desk:migration"\n')
    return folder


def divergences(seam: str) -> list[Divergence]:
    """What is found at a seam, again and again."""
    found = [Divergence(f"result.part{number}", Kind.VALUE, number, number + 1) for number in range(5)]
    return [*found, Divergence("effects.desk.order[*].quantity", Kind.EFFECT_CHANGED, 1, 2)]


def runs(
    number: int, distinct: int, seed: int, code: str, rules: str, until: datetime
) -> Iterator[StoredRun]:
    """So many runs, the oldest first, each of one of so many distinct inputs of its seam."""
    chance = random.Random(seed)  # noqa: S311  a seed, and no secret
    seams = [(phase, seam) for phase, names in PHASES.items() for seam in names]
    found = {seam: divergences(seam) for _, seam in seams}
    tapes = dict.fromkeys(PHASES, 0)
    tape = packed(json.dumps({"calls": [{"name": "desk.read", "answer": "x" * 200}] * 4}))
    began = until - timedelta(days=DAYS)
    for count in range(number):
        phase, seam = chance.choice(seams)
        (stage, side) = chance.choices(list(PLACES), list(PLACES.values()))[0]
        verdict = chance.choices(list(VERDICTS), list(VERDICTS.values()))[0]
        at = began + (until - began) * ((count + chance.random()) / number)
        name = f"{chance.getrandbits(128):032x}"
        is_compared = verdict not in (Verdict.UNPAIRED, Verdict.FAILED)
        differing = verdict in (Verdict.DIVERGED, Verdict.UNSAFE)
        one = found[seam][-1 if verdict is Verdict.UNSAFE else chance.randrange(5)]
        digest = fingerprint_of(seam, one).digest
        legacy_s = chance.lognormvariate(-5, 0.5)
        contents = RunContents(
            side,
            stage,
            legacy=Observation(Side.LEGACY, Returned({"part": 1}), (), (), legacy_s),
            candidate=Observation(Side.CANDIDATE, Returned({"part": 2}), (), (), legacy_s),
            divergences=(one,) if differing else (),
            sightings=(None,) if differing else (),
        )
        whole = differing or verdict is Verdict.FAILED or count % 100 < 1 or count < SAMPLE_KEPT_WHOLE
        with_tape = whole or (is_compared and tapes[phase] < TAPES_PER_PHASE_MAX)
        tapes[phase] += with_tape and not whole
        yield StoredRun(
            id=name,
            at=at,
            seam=seam,
            phase=phase,
            stage=stage,
            answered_by=side,
            verdict=verdict,
            code="0" * 64 if count < OLD_CODE_SHARE * number else code,
            rules=rules,
            world=f"{INPUTS_VERSION}:{chance.randrange(distinct):08x}{crc32(seam.encode()):08x}"
            if is_compared
            else None,
            clusters=(digest,) if differing else (),
            unsafe=(digest,) if verdict is Verdict.UNSAFE else (),
            reason=_reason(verdict, chance),
            legacy_s=legacy_s if is_compared else None,
            candidate_s=legacy_s * chance.uniform(0.8, 1.4) if is_compared else None,
            name=f"store/{stored_at(at)[:19]}Z-{name[:8]}",
            key=f"key {chance.randrange(10_000)}",
            body=json.dumps(contents_data(contents)) if whole else None,
            tape=tape if with_tape else None,
        )


def _reason(verdict: Verdict, chance: random.Random) -> str | None:
    if verdict is Verdict.UNPAIRED:
        return "dropped: the queue of replays was full"
    return f"cannot be read: row {chance.randrange(50)}" if verdict is Verdict.FAILED else None


def fill(root: Path, place: StorePlace, number: int, distinct: int, seed: int) -> None:
    """Write the runs as programs do, many at once."""
    project = open_project(root)
    project.make_importable()
    code = code_digest(["desk"])
    made = runs(number, distinct, seed, code, project.rules_digest(date.today()), datetime.now(UTC))
    while some := list(islice(made, TOGETHER)):
        with writing(place) as connection:
            add_runs(connection, some)


MEASURED = """
import json, resource, sys
from changeover.cli.main import main
sys.argv = ["changeover", *json.loads(sys.argv[1])]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
used = resource.getrusage(resource.RUSAGE_SELF)
seconds = used.ru_utime + used.ru_stime
print(json.dumps([int(code or 0), seconds, used.ru_maxrss / 1024]), file=sys.stderr)
"""


def measure(root: Path, asked: Sequence[str], environment: dict[str, str]) -> tuple[int, float, float, float]:
    """Exit code, seconds from the start of the process, of which on the processor, and MB at most."""
    began = monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, json.dumps(list(asked))],
        cwd=root,
        env={**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    code, processor, megabytes = json.loads(done.stderr.splitlines()[-1])
    return code, monotonic() - began, processor, megabytes


def main(arguments: Sequence[str]) -> int:
    """Make the store unless it is there, and ask every command about it."""
    parser = argparse.ArgumentParser("large-store", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--distinct", type=int, default=50_000, help="distinct inputs of each seam")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the project is made; it stays")
    parser.add_argument("--store", help="CHANGEOVER_STORE, such as a database")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="large-store-") as scratch:
        root = project_in(options.folder or Path(scratch))
        environment = {"CHANGEOVER_STORE": options.store} if options.store else {}
        place = store_path(root, environment)
        if options.store or not place.exists():
            began = monotonic()
            fill(root, place, options.runs, options.distinct, options.seed)
            print(f"{options.runs:,} runs written in {monotonic() - began:.0f} s")
        print(f"{'command':<28}{'exit':>5}{'seconds':>10}{'processor':>11}{'MB':>8}")
        measure(root, ("status",), environment)  # compiles what is imported
        for asked in ASKED:
            code, seconds, processor, megabytes = measure(root, asked, environment)
            print(f"{' '.join(asked):<28}{code:>5}{seconds:>10.2f}{processor:>11.2f}{megabytes:>8.0f}")
    return 0
