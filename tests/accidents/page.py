"""`docs/accidents.md`: what happened in each accident, and what was measured of it."""

from collections.abc import Sequence
from textwrap import fill

from tests.accidents.accident import COMPARE, Accident
from tests.accidents.catalogue import FILES
from tests.accidents.measuring import ROOT
from tests.accidents.outcome import Outcome
from tests.accidents.table import Measured

PAGE = ROOT / "docs" / "accidents.md"
WIDTH = 116
HEAD = """# Thirty-two accidents

*Reference. What such a migration has got wrong before, and what of the toolkit notices it.*

Each of these is a defect that a migration of a trading system, from orchestrators that call each other to
handlers of events, brought into production or nearly did. Each is planted in `trading` by a small file of
`tests/accidents/`, and caught by the command that stands below it. No rule, test, invariant or tag was made
for one of them. This page is made from the runs, each in a process of its own:

```sh
python -m tests.sweeps accidents --write
python -m tests.accidents 7 compare --source stress      # the screen of one of them
```

"""
COLUMNS = """
- **first cluster**: what the screen shows first, `seam` `place` (kind: pattern). What only appears together
  with it stands below it there.
- **results only**: `laboratory`, a port of GitHub's Scientist, compares what the two paths of the same eight
  seams return on the same cases. Each path has an account of its own for that, and the names that each path
  gives by itself are blanked: without the first everything would be ordered twice, without the second no run
  would match.
- **results and effects**: a cluster is shown that is none of an invariant, nor of the contract of the bus.
- **plus invariants**: any cluster is shown.
- **plus explore**: `changeover explore` shows a difference by itself, at one of the four seams whose events
  it can deliver in another order, on the same cases and on copies, with six schedules of each: the usual
  order, other ones, and some with deliveries twice and restarts. It judges each as `compare` does.
"""


def write_page(done: Sequence[Measured], clean: Outcome) -> None:
    """Write all of it."""
    sections = (section(one.number, one.accident) for one in done)
    PAGE.write_text("\n".join([f"{HEAD}{measured(done, clean)}{COLUMNS}", *sections]), encoding="utf-8")


def measured(done: Sequence[Measured], clean: Outcome) -> str:
    """The sums, and a row for each accident."""
    plain = sum(one.accident.command == COMPARE and not one.problems for one in done)
    caught = sum(not one.problems for one in done)
    means = list(done[0].noticed_by)
    sums = [f"{name} {sum(one.noticed_by[name] for one in done)}" for name in means]
    rows = [
        ["#", "accident", "caught by", "verdict", "first cluster", *means],
        ["---"] * (5 + len(means)),
        *([str(one.number), one.accident.title, *_shown(one)] for one in done),
    ]
    return "\n".join(
        [
            f"**{caught} of {len(done)} are caught**, {plain} of them by `{said(COMPARE)}`, the others by",
            "what the screen of that command names for runs that it could not compare.",
            f"How many are noticed by what: {', '.join(sums)}.",
            f"With nothing planted the same cases show {len(clean.clusters)} differences in {clean.runs}",
            f"comparisons; {clean.not_compared} could not be compared. `explore` shows none there either.",
            "",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )


def _shown(one: Measured) -> list[str]:
    first = one.outcome.first
    where = "none"
    if first is not None:
        where = f"`{first.at.seam}` `{first.at.place}` ({first.at.kind}: {first.pattern})"
    marks = ["yes" if is_noticed else "**no**" for is_noticed in one.noticed_by.values()]
    command = f"`{' '.join(one.accident.command)}`"
    return [command, one.outcome.verdict, where, *marks]


def said(command: Sequence[str]) -> str:
    """As it is typed."""
    return " ".join(("changeover", *command))


def section(number: int, accident: Accident) -> str:
    """What happened, how it is planted, and what catches it: the part that no run changes."""
    planted = " ".join((accident.plant.__doc__ or "").split())
    places = ", or ".join(f"`{at.seam}` `{at.place}` ({at.kind})" for at in accident.first)
    facts = [
        f"Planted in `tests/accidents/{FILES[number].name}`: {planted[0].lower()}{planted[1:]}",
        f"Caught by `{said(accident.command)}`: {accident.verdict}, first at {places}.",
    ]
    listed = (fill(fact, WIDTH, initial_indent="- ", subsequent_indent="  ") for fact in facts)
    return "\n".join([f"## {number}. {accident.title}", "", accident.story, "", *listed, ""])
