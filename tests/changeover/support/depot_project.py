"""A project whose app is the parcel service on a bus, with a fault that the environment names."""

import os
from pathlib import Path

from changeover import Migration
from tests.changeover.support import order_faults
from tests.changeover.support.order_faults import Service, depot_migration
from tests.changeover.support.projects import Answer, Shop

APP = (
    "from tests.changeover.support.depot_project import planted\n\n\ndef migration():\n    return planted()\n"
)
PHASES = """\
[migration]
name = "depot-on-events"
code = ["depot"]

[[phase]]
name = "depot"
seams = ["depot.ship"]

[phase.gate.shadow]
explore = { schedules = 100, divergences_max = 0 }
"""


def planted() -> Migration:
    """The migration of the folder; `DEPOT_PLANTED` names the class that is its service."""
    make: type[Service] = getattr(order_faults, os.environ.get("DEPOT_PLANTED", "Service"))
    asks = os.environ.get("DEPOT_ASKS", "yes") == "yes"
    return depot_migration(make, asks=asks, migration=Migration.load("migration"))


class Depot(Shop):
    """The project."""

    def explore(self, *arguments: str, fault: str = "Service", **environment: str) -> Answer:
        return self.run("explore", "depot.ship", *arguments, DEPOT_PLANTED=fault, **environment)


def depot_in(folder: Path) -> Depot:
    """A new one."""
    (folder / "depot.py").write_text(APP)
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "depot:migration"\n')
    (folder / "migration").mkdir()
    (folder / "migration" / "phases.toml").write_text(PHASES)
    return Depot(folder)
