"""The commands of a migration's life on the small shop, one after the other, and what each answered.

`python -m tests.changeover.support.every_command FOLDER [scrambled]` prints the answers as JSON.
"""

import json
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from traceback import format_exc
from typing import Any

from tests.changeover.support.scrambled import Loader, scramble_from_now_on

PHASES = """\
[migration]
name = "shop-on-events"
code = ["shop"]

[[phase]]
name = "shelf"
number = 1
seams = ["shelf.refill"]

[phase.gate.shadow]
corpus = { sources = ["days"], tags = ["full", "short"] }

[phase.gate.ramp]
production = { span_days = 1, rate_max = 0.2 }
own_time_p95_ratio_max = { not_asked = "both take a few microseconds" }
check = ["python -c pass"]

[phase.gate.live]
production = { span_days = 1, rate_max = 0.2 }
own_time_p95_ratio_max = { not_asked = "both take a few microseconds" }

[[phase]]
name = "cleanup"
number = 2
requires = ["shelf"]

[phase.gate.done]
check = ["python -c 'raise SystemExit(3)'", "python -c 'raise SystemExit(1)'"]
"""
TODAY = datetime.now(UTC).date()
BLIND = '[[rule]]\npath = "result.cost"\nignore = true\nmust_be = "number"\nreason = "the prices of a day"\n'


@dataclass
class Life:
    """A shop, and what was answered so far."""

    folder: Path
    answers: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        from tests.changeover.support.projects import shop_in

        self.shop = shop_in(self.folder)
        self.file("phases.toml").write_text(PHASES)

    def file(self, name: str) -> Path:
        return self.folder / "migration" / name

    def run(self, command: str, *more: str, planted: str = "", **environment: str) -> Any:
        """One command; gives what it printed as JSON, None where it did not."""
        answer = self.shop.run(*command.split(), *more, planted=planted, **environment)
        data = json.loads(answer.out) if "json" in command.split() and answer.out.startswith("{") else None
        text = answer.err if data else f"{answer.out}\n{answer.err}"
        self.answers.append({"command": command, "code": answer.code, "data": data, "text": text})
        return data

    def sell(self, *held: int, planted: str = "") -> None:
        """The program runs, in the stages that the flags say; its verdicts are an answer too."""
        from tests.changeover.support.production_runs import runs_of, sell

        with suppress(LookupError):  # the candidate answers, and raises
            sell(self.shop, *held, planted=planted, stage=None)
        verdicts = sorted([run.verdict, run.stage, run.answered_by] for run in runs_of(self.shop))
        self.answers.append({"command": "the program", "code": 0, "data": {"runs": verdicts}, "text": ""})

    def look(self) -> None:
        """What is asked again after everything that happened."""
        self.run("status --check --format json")
        self.run("status")
        self.run("gate shelf --no-checks")
        self.run("gate shelf --format json")

    def flip(self, stage: str, *more: str) -> None:
        self.run(f"flip shelf {stage} --format json --reason why --who anna", *more)

    def live(self) -> None:
        self._comparisons()
        self._to_live()
        self._back()
        self._broken()

    def _comparisons(self) -> None:
        self.look()
        self.run("gate cleanup --format json")
        self.flip("shadow")
        for planted in ("dear", "whole", "raises", "question"):
            self.run("compare --format json", planted=planted)
            self.run("gate shelf --format json --no-checks")
            found = self.run("explain --format json")
            for cluster in found["clusters"][:1]:
                self.run(f"explain {cluster['id']} --format json")
                self.run(f"explain {cluster['smallest']['run']} --format json")
        self.run("compare", planted="whole")
        self.run("explain")
        self.run("compare --format json --noise")
        self.run("compare --format json --answer candidate")
        dear = self.run("compare --format json", planted="dear")
        cluster, until = dear["comparisons"][0]["clusters"][0]["id"], TODAY + timedelta(days=30)
        self.run(f"waive {cluster} --owner anna --until {until} --reason known")
        self.look()
        self.run("compare --format json")
        self.run("rules check --format json")
        self.run("rules blindspots --format json")
        self.file("rules.toml").write_text(BLIND)
        self.run("rules check --format json")
        self.run("rules blindspots --format json")
        self.look()
        self.file("rules.toml").unlink()
        self.run("doctor --format json")
        self.run("legacy scan --format json")
        self.run("report --format json")

    def _to_live(self) -> None:
        self.flip("shadow", "--dry-run")
        self.flip("shadow")
        self.flip("live")
        self.sell(*range(11, 51))
        self._scenarios()
        self.flip("ramp:10")
        self.sell(*range(11, 21), planted="dear")
        self.look()
        self.flip("live")
        self.flip("live", "--force")
        self.run("history --format json")
        self.sell(*range(11, 14), planted="raises")
        self.sell(*range(11, 14), planted="whole")  # trips
        self.look()
        self.run("history --verify")

    def _scenarios(self) -> None:
        self.run("scenarios record --source days --runs 5 --output migration/scenarios/days.jsonl")
        self.run("scenarios list --format json")
        self.run("gate --scenarios --format json")
        self.run("gate --scenarios --format json", planted="whole")
        self.run("gate --scenarios --format junit")
        file = self.file("scenarios/days.jsonl")
        whole = file.read_text()
        file.write_text(whole + "{ torn")
        self.run("compare --source scenarios --format json")
        self.look()
        self.run("gate --scenarios --format json")
        file.write_text(whole)
        self.run("compare --source scenarios --format json")

    def _back(self) -> None:
        self.run("kill --reason odd --who anna")
        self.look()
        self.flip("live", "--force")
        self.run("unkill --reason mended --who anna")
        self.look()
        self.run("rollback shelf --format json --reason why")
        self.run("rollback --all --format json")
        self.look()
        for name, value in (
            ("KILL", "perhaps"),
            ("STAGE_SHELL", "live"),
            ("STAGE_SHELF", "live"),
            ("STAGE_SHELF", "lively"),
        ):
            self.run("status --check --format json", **{f"CHANGEOVER_{name}": value})
            self.run("status", **{f"CHANGEOVER_{name}": value})
            self.run("gate shelf --format json", **{f"CHANGEOVER_{name}": value})

    def _broken(self) -> None:
        history, flags = self.file("history.jsonl"), self.file("flags.json")
        history.write_text("{" + history.read_text())
        self.look()
        self.run("history --verify")
        self.run("history --format json")
        self.run("history")
        self.run("history --repair --who anna")
        flags.write_text(flags.read_text().replace('"defaultVariant": "off"', '"defaultVariant": "shadow"'))
        self.look()
        self.flip("live")
        self.run("history --verify --format json")
        self.run("flags seal --reason why --format json")
        self.run("history --verify --format json")
        whole = flags.read_text()
        flags.write_text("{")
        self.look()
        self.flip("live")
        flags.unlink()
        self.run("history --verify --format json")
        self.flip("shadow")
        flags.write_text(whole)
        for name in ("waivers.toml", "rules.toml", "blindspots.toml"):
            before = self.file(name).read_text() if self.file(name).exists() else None
            self.file(name).write_text("[[")
            self.look()
            if before is None:
                self.file(name).unlink()
            else:
                self.file(name).write_text(before)
        self.run("doctor --format json")
        self.run("report --format json")
        self.run("evidence prune --dry-run")
        self.run("gate nothing")
        self.run("explain ffffff")


def main(folder: str, *words: str) -> None:
    if words:
        scramble_from_now_on()
    life = Life(Path(folder))
    try:
        life.live()
    except Exception:  # noqa: BLE001  how far it came is compared as well
        life.answers.append({"command": "the life", "code": 1, "data": {"raised": format_exc()}, "text": ""})
    print(json.dumps({"sentences": Loader.sentences, "answers": life.answers}))


if __name__ == "__main__":
    main(*sys.argv[1:])
