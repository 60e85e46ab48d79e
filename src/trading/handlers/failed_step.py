"""How a handler says that its step failed for a reason it knows, which no repeat would mend."""

from trading.events.bus.handling import Handling
from trading.events.messages.workflow import MESSAGE_CHARACTERS_MAX, WorkflowStepFailed

KNOWN_REASON = "KnownReason"


def report_failed_step(handling: Handling, message: str) -> None:
    """Announce the failure with a sentence for a person; the workflow ends with that sentence."""
    handling.publish(
        WorkflowStepFailed,
        step=handling.source[1],
        error_type=KNOWN_REASON,
        message=message[:MESSAGE_CHARACTERS_MAX],
        retryable=False,
    )


def has_known_reason(event: WorkflowStepFailed) -> bool:
    """Whether the step said itself what was wrong; otherwise a defect ended it."""
    return event.error_type == KNOWN_REASON


def describe_failure(event: WorkflowStepFailed) -> str:
    """What a person is told: the known reason, or which step broke and how."""
    if has_known_reason(event):
        return event.message
    return f"step {event.step} failed: {event.error_type}: {event.message}"
