"""The options of the commands that move phases: who does it, why, and whether it is only tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from changeover.settings import NO_REASON, WHO_VARIABLE

_Decorator = Callable[[Any], Any]

who_option: _Decorator = click.option(
    "--who", metavar="NAME", help=f"who moves; else {WHO_VARIABLE}, else user@host"
)
reason_option: _Decorator = click.option(
    "--reason", required=True, metavar="TEXT", help="why, for those who read the history later"
)
free_reason_option: _Decorator = click.option(
    "--reason", default=NO_REASON, metavar="TEXT", help="why; may be left out where haste is needed"
)
dry_run_option: _Decorator = click.option(
    "--dry-run", is_flag=True, help="print what would be done, and change nothing"
)
