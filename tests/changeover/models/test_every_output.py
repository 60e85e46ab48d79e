"""Each command that prints JSON does so at least once here, and what it prints fits its schema."""

import json
from pathlib import Path
from shutil import copy
from typing import Any

from changeover.manual import all_topics, find_topic
from changeover.models.catalogue import OUTPUTS, described, schema_text
from changeover.rollout.waivers import today_utc
from tests.changeover.support.depot_project import depot_in
from tests.changeover.support.json_schemas import validator
from tests.changeover.support.mill import Mill, mill_in
from tests.changeover.support.projects import Shop, shop_in


class Outputs:
    """What commands of a project printed as JSON, each held against the schema of its name."""

    def __init__(self, project: Shop | Mill) -> None:
        self.project = project
        self.names: set[str] = set()

    def of(self, name: str, *arguments: str, **options: Any) -> Any:
        answer = self.project.run(*name.split("-"), *arguments, "--format", "json", **options)
        document = json.loads(answer.out)
        assert [error.message for error in validator(name).iter_errors(document)] == []
        self.names.add(name)
        return document


def test_every_command_prints_what_its_schema_says(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "mill").mkdir()
    shop, mill = Outputs(shop_in(tmp_path / "shop")), Outputs(mill_in(tmp_path / "mill"))
    for number, price in ((1, "1.5"), (2, "1.6")):
        (tmp_path / "shop" / f"{number}.jsonl").write_text(
            f'{{"s": "a", "price": {price}}}\n{{"s": "{number}"}}\n'
        )
    assert shop.of("diff", "1.jsonl", "2.jsonl", "--by", "s")["clusters"]
    (tmp_path / "shop" / "migration" / "rules.toml").write_text(
        '[[rule]]\npath = "result.cost"\nreason = "r"\nabs = "0.01"\n'
    )
    assert shop.of("compare", planted="dear")["comparisons"][0]["clusters"]
    clusters = shop.of("explain")["clusters"]
    assert shop.of("explain", clusters[0]["id"])["run"]
    assert shop.of("explain", clusters[0]["smallest"]["run"])["runs"][0]["run"]
    assert shop.of("report")["corpus"]["summary"]
    today = today_utc().isoformat()
    assert not shop.of(
        "waive", clusters[0]["id"], "--owner", "kim", "--until", today, "--reason", "r", "--dry-run"
    )["written"]
    assert shop.of("waive", clusters[0]["id"], "--owner", "kim", "--until", today, "--reason", "r")["written"]
    assert shop.of("compare", planted="dear")["comparisons"][0]["waivers"]
    assert shop.of("gate", "shelf", "--to", "shadow")["criteria"]
    assert shop.of("flip", "shelf", "shadow", "--reason", "r", "--force", "--dry-run")["moved"]
    assert shop.of("flip", "shelf", "shadow", "--reason", "r", "--force")["moved"]
    assert shop.of("flip", "shelf", "live", "--reason", "r")["moved"] is None
    assert shop.of("status")["phases"]
    assert shop.of("rollback", "--all", "--reason", "r")["moved"]
    flags = tmp_path / "shop" / "migration" / "flags.json"
    flags.write_text(flags.read_text().replace('"defaultVariant": "off"', '"defaultVariant": "shadow"'))
    assert not shop.of("history")["agreement"]["agrees"]
    assert shop.of("flags-seal", "--reason", "r")["moved"]
    assert shop.of("history")["entries"]
    assert shop.of("rules-check")["digest"]
    assert shop.of("rules-blindspots", "--runs", "3")["tried"]
    assert shop.of("scenarios-keep", "days/day-01")["scenarios"] == ["days/day-01/shelf.refill"]
    assert shop.of("scenarios-list")["scenarios"]
    assert shop.of("scenarios-show", "days/day-01")["calls"][0]["class"] == "read"
    assert shop.of("scenarios-renew", "days/day-01", "--reason", "r", "--dry-run")["dry_run"]
    assert shop.of("scenarios-record", "--source", "days", "--runs", "2", "--output", "new.jsonl")["bytes"]
    assert shop.of("kill", "--reason", "r")["is_on"]
    assert not shop.of("unkill", "--reason", "r")["is_on"]
    assert shop.of("gate", "--scenarios")["gates"]
    copy(tmp_path / "shop" / ".changeover" / "evidence.db", tmp_path / "other.db")
    shop.of("evidence-import", str(tmp_path / "other.db"), "--dry-run")
    shop.of("evidence-prune", "--dry-run")
    assert shop.of("worker", "--once")["waiting"] == 0
    shop.of("evidence-check")
    assert shop.of("alerts-run", "--once")["failed"] == []
    assert shop.of("alerts-test")["tried"][0]["receiver"] == "log"
    shop.of("alerts-list")
    assert shop.of("doctor")["facts"]
    assert shop.of("init", "--dry-run")["files"]
    assert len(shop.of("schema")["schemas"]) == len(described())
    (phases,) = shop.of("schema", "phases")["schemas"]
    assert phases["json_schema"] == json.loads(schema_text("phases"))
    assert len(shop.of("docs")["topics"]) == len([*all_topics()])
    assert shop.of("docs", "limits")["topics"][0]["text"] == find_topic("limits").text
    assert "complete " in shop.of("completion", "bash")["script"]
    assert mill.of("legacy-scan")["code"]
    assert mill.of("legacy-prove")["rehearsal"]
    (tmp_path / "depot").mkdir()
    depot = Outputs(depot_in(tmp_path / "depot"))
    assert depot.of("explore", "depot.ship", "--schedules", "60", DEPOT_PLANTED="Toggles")["divergences"]
    assert shop.names | mill.names | depot.names == set(OUTPUTS)
