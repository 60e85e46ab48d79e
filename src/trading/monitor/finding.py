"""What of a look needs a person: each finding once, with what to type about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trading.events.journal.records import DeadLetter
from trading.monitor.look import Look, RunResult

MESSAGE_CHARACTERS_MAX = 500  # of what a handler said: an alert is read on a telephone


class FindingKind(StrEnum):
    """What is wrong, the most urgent first."""

    UNREADABLE = "unreadable"  # whoever watches sees nothing
    DAMAGED = "damaged-workflow"
    OVERDUE = "overdue-workflow"
    DEAD_LETTER = "dead-letter"
    PARKED = "parked-message"
    FAILED = "failed-run"


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them; `subject` tells it from every other of its kind, `sentence` is for a person.

    `retry` is what `python -m trading retry` knows it by, None where nothing can be retried. What `is_past`
    is told all the same, and needs nobody any more.
    """

    kind: FindingKind
    subject: str
    sentence: str
    since: datetime
    next_step: str
    workflow_id: str | None = None
    retry: str | None = None
    is_past: bool = False


def findings(look: Look) -> tuple[Finding, ...]:
    """All that people are told of, the most urgent kind first."""
    order = list(FindingKind)
    return tuple(sorted(_found(look), key=lambda finding: order.index(finding.kind)))


def needing_a_person(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that nothing has settled since."""
    return tuple(finding for finding in found if not finding.is_past)


def letter_name(letter: DeadLetter) -> str:
    """What `retry` knows a dead letter by: the journal's number of the event, and the handler."""
    return f"{letter.seq}:{letter.handler}"


def shortened(text: str) -> str:
    """As much of a text as an alert holds."""
    return text if len(text) <= MESSAGE_CHARACTERS_MAX else f"{text[: MESSAGE_CHARACTERS_MAX - 1]}…"


def _found(look: Look) -> Iterator[Finding]:
    if look.unreadable is not None:
        yield Finding(
            FindingKind.UNREADABLE,
            look.taken_at.date().isoformat(),  # it lasts: told again on the next day
            f"the journal cannot be read: {shortened(look.unreadable)}",
            look.taken_at,
            "python -m trading status",
        )
        return
    yield from _of_runs(look)
    yield from _of_parking(look)
    for letter in look.dead_letters:
        name = letter_name(letter)
        why = f"{letter.failure.error_type}: {letter.failure.message}"
        yield Finding(
            FindingKind.DEAD_LETTER,
            f"{name}@{letter.died_at.isoformat()}",
            f"{letter.handler} gave up {letter.event_type} (#{letter.seq}) after {letter.attempts} "
            f"{'attempt' if letter.attempts == 1 else 'attempts'}: {shortened(why)}",
            letter.died_at,
            f"python -m trading retry {name}",
            letter.correlation_id,
            name,
        )


def _of_runs(look: Look) -> Iterator[Finding]:
    """A failed run is past once a later one went well: that one began by settling what was left."""
    went_well = [run.record.started_at for run in look.runs if run.result is RunResult.SUCCESSFUL]
    last_well = max(went_well, default=None)
    for run in look.runs:
        record, name = run.record, run.record.workflow_id
        shows = f"python -m trading workflows {name}"
        if run.result is RunResult.DAMAGED:
            said = f"the record of {name} is damaged: {shortened(run.message)}"
            yield Finding(FindingKind.DAMAGED, name, said, record.updated_at, shows, name)
        elif run.result is RunResult.FAILED:
            why = shortened(run.message or "no reason was kept")
            said = f"the run of session {record.session} failed: {why}"
            is_past = last_well is not None and last_well > record.started_at
            yield Finding(FindingKind.FAILED, name, said, record.updated_at, shows, name, is_past=is_past)


def _of_parking(look: Look) -> Iterator[Finding]:
    if look.parking is None:
        return
    for workflow in look.parking.workflows:
        yield Finding(
            FindingKind.OVERDUE,
            workflow.workflow_id,
            f"the run of session {workflow.session} is {workflow.state} and waits for "
            f"{' and '.join(workflow.awaited)}; given up from {workflow.given_up_from:%Y-%m-%d %H:%M:%S}Z on",
            workflow.since,
            f"python -m trading workflows {workflow.workflow_id}",
            workflow.workflow_id,
        )
    for message in look.parking.backlog.parked:
        name = f"parked:{message.number}"
        yield Finding(
            FindingKind.PARKED,
            name,
            f"a message was set aside in {message.place}: {shortened(message.reason)}",
            message.at,
            f"python -m trading retry {name}",
            retry=name,
        )
