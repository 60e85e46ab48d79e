"""The state machine of a trading workflow as a page for people, made from the table that the code goes by.

`python -m trading.handlers.drawing --write docs/workflow.md` writes it; without `--write` it is printed.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from trading.handlers.transitions import EVENTS, NEXT, REQUESTS, TABLE, Decision, WorkflowState

MEANING = {
    Decision.APPLY: "it moves the workflow on",
    Decision.IGNORE: "it was applied before, or asks for nothing any more",
    Decision.PARK: "it came early: it is kept, and applied when its turn has come",
    Decision.LATE: "the workflow has ended: it is counted, and has no effect",
    Decision.REJECT: "it contradicts the workflow: a dead letter, for a person to look at",
}
ENDS_ANYWHERE = {event for event, steps in NEXT.items() if len(steps) > 1}
PAGE = """# The workflow of a trading run

Made from `src/trading/handlers/transitions.py`, with which a test compares it, by
`python -m trading.handlers.drawing --write docs/workflow.md`.

```mermaid
stateDiagram-v2
{diagram}
```

{anywhere} end a workflow as `FAILED` from every state that is not
final. The first deadline, after ten minutes, only has people told what it waits for and until when; the last
one, after an hour, gives it up. A run that only shows signals ends after the analysis, a closed market ends a
run at once, and nothing to trade ends it after the plan.

Account data and portfolio analysis are asked for together and may come in either order: the workflow leaves
`ANALYSING` when both are there.

## What the workflow asks for

Every step is requested by the workflow, in one transaction with the state that waits for the answer. A plan
is a fact that starts nothing: execution begins with its request. Reconciliation follows every execution by
itself.

{requests}

## What becomes of an event

{table}

{meanings}
"""


def workflow_page() -> str:
    """The whole page."""
    return PAGE.format(
        diagram="\n".join(f"    {line}" for line in _diagram()),
        anywhere=" and ".join(f"`{event.__name__}`" for event in EVENTS if event in ENDS_ANYWHERE),
        requests="\n".join(_requests()),
        table="\n".join(_table()),
        meanings="\n".join(f"- **{decision.value}**: {MEANING[decision]}" for decision in Decision),
    )


def _diagram() -> list[str]:
    lines = [f"[*] --> {WorkflowState.NEW}"]
    for event in EVENTS:
        if event not in ENDS_ANYWHERE:
            lines += [
                f"{state} --> {after}: {event.__name__}"
                for state, follows in NEXT[event].items()
                for after in follows
            ]
    lines += [f"{state} --> [*]" for state in WorkflowState if state.is_final]
    return lines


def _requests() -> list[str]:
    rows = [["on entering", "asks for", "waits for"], ["---"] * 3]
    rows += [
        [f"`{state}`", f"`{request.__name__}`", f"`{answer.__name__}`"]
        for state, asked in REQUESTS.items()
        for request, answer in asked
    ]
    return _lines(rows)


def _table() -> list[str]:
    rows = [["event", *(f"`{state}`" for state in WorkflowState)], ["---"] * (len(WorkflowState) + 1)]
    rows += [
        [f"`{event.__name__}`", *(_cell(TABLE[state, event]) for state in WorkflowState)] for event in EVENTS
    ]
    return _lines(rows)


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in rows]


def _cell(decision: Decision) -> str:
    return f"**{decision.value}**" if decision is Decision.APPLY else decision.value


def main(arguments: Sequence[str]) -> None:
    """Print the page, or write it."""
    options = argparse.ArgumentParser(prog="python -m trading.handlers.drawing")
    options.add_argument("--write", type=Path, help="the file to write instead")
    write: Path | None = options.parse_args(arguments).write
    if write is None:
        sys.stdout.write(workflow_page())
    else:
        write.write_text(workflow_page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
