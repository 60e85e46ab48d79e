"""The kept scenarios with the candidate alone, in a process of its own.

First with the legacy packages unimportable. Where the app itself cannot be imported so, a second process
imports them, and every call of one of their functions is refused while a candidate runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.removal.plan import Removal
from changeover.values.gate_verdict import Answer
from changeover.values.verdict import Verdict

KEPT_MAX = 10
_GOOD = (Verdict.MATCH, Verdict.TOLERATED)
_SHOWN_NOTHING = (Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS)
NOT_POSSIBLE = 4


@dataclass(slots=True)
class Alone:
    """`blocked` is true where legacy could not be imported, false where its calls were refused.

    `called` are calls of legacy that were refused; `problem` says why nothing could be run at all.
    """

    blocked: bool = False
    verdicts: dict[str, int] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self.verdicts.values())

    @property
    def answer(self) -> Answer:
        """Pass only where every seam was compared and every scenario went well."""
        verdicts = {Verdict(name) for name in self.verdicts}
        if self.called or verdicts - {*_GOOD, *_SHOWN_NOTHING}:
            return Answer.FAIL
        whole = self.problem is None and not self.missing and not verdicts - set(_GOOD)
        return Answer.PASS if verdicts and whole else Answer.INCONCLUSIVE


def run_alone(root: Path, removal: Removal, timeout_s: float) -> Alone:
    """The answer of the processes; one that dies or takes too long is a problem, never a pass."""
    blocked = _process(root, removal, timeout_s, blocked=True)
    found = _process(root, removal, timeout_s, blocked=False) if blocked is None else blocked
    return found or Alone(problem="the app cannot be imported")


def _process(root: Path, removal: Removal, timeout_s: float, *, blocked: bool) -> Alone | None:
    with TemporaryDirectory(prefix="changeover-alone-") as folder:
        answer = Path(folder) / "answer.json"
        words = [str(root), str(answer), "blocked" if blocked else "refused", *removal.legacy]
        try:
            done = subprocess.run(  # noqa: S603  this module, in this Python
                [sys.executable, "-m", __name__, *words],
                cwd=root,
                capture_output=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Alone(blocked, problem=f"took longer than {timeout_s:g} s")
        if done.returncode == NOT_POSSIBLE:
            return None
        if done.returncode or not answer.exists():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            return Alone(blocked, problem=" ".join(last) or f"ended with {done.returncode}")
        return Alone(**json.loads(answer.read_text(encoding="utf-8")))


def main(arguments: Sequence[str]) -> int:
    """Write the answer to a file; NOT_POSSIBLE where the app needs legacy to be imported."""
    root, answer, how, *legacy = arguments
    from changeover.removal.blockers import Blocked

    blocker, blocked = Blocked(legacy), how == "blocked"
    try:
        with blocker.here() if blocked else nullcontext():
            alone = _compared(Path(root), legacy, blocked=blocked)
    except ConfigurationError as error:
        if blocker.refused:
            return NOT_POSSIBLE
        alone = Alone(blocked, problem=str(error))
    Path(answer).write_text(json.dumps(asdict(alone)), encoding="utf-8")
    return 0


def _compared(root: Path, legacy: Sequence[str], *, blocked: bool) -> Alone:
    from changeover.evidence.scenario_replay import alone, stored_scenarios
    from changeover.project import find_project
    from changeover.removal.blockers import Refusal
    from changeover.settings import SCENARIOS_FOLDER

    project = find_project(root, os.environ)
    migration = project.migration()
    project.rules(date.today())  # a rule file that is wrong is said once, not in every run
    scenarios, damaged = stored_scenarios(migration, project.directory / SCENARIOS_FOLDER)
    refusal = None if blocked else Refusal(legacy)
    found = Alone(blocked, problem=None if not damaged else f"damaged: {damaged[0]}")
    compared: set[str] = set()

    during = nullcontext if refusal is None else refusal.here
    for scenario, run in alone(migration, scenarios, during=during):
        verdict = Verdict(run.verdict)
        found.verdicts[verdict] = found.verdicts.get(verdict, 0) + 1
        if verdict in _GOOD:
            compared.add(run.seam)
        elif verdict in _SHOWN_NOTHING:
            found.not_compared.append(f"{scenario.id}: {run.reason or verdict}")
        else:
            places = ", ".join(divergence.place for divergence in run.divergences[:3])
            found.differing.append(f"{scenario.id}: {verdict} at {places}")
    found.missing = [name for name in migration.seams if name not in compared]
    del found.differing[KEPT_MAX:], found.not_compared[KEPT_MAX:]
    found.called = [] if refusal is None else refusal.calls
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))


def environment_for(folder: Path, first: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """`first` stands first on the path of imports; settings of the toolkit itself are left out."""
    kept = {name: value for name, value in environment.items() if not name.startswith("CHANGEOVER_")}
    places = [first, *(place for place in (folder / "src", folder) if place.is_dir())]
    kept["PYTHONPATH"] = os.pathsep.join(map(str, places))
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    return kept
