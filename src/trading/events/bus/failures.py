"""How a given-up delivery is told to the workflow it belongs to."""

from trading.clock import Clock
from trading.events.journal.records import DamagedDelivery, Delivery, Failure
from trading.events.messages.workflow import MESSAGE_CHARACTERS_MAX, WorkflowStepFailed
from trading.ids import Ids


def failure_of(error: Exception) -> Failure:
    """An exception as data, of bounded length and always writable as UTF-8."""
    message = str(error)[:MESSAGE_CHARACTERS_MAX].encode("utf-8", "replace").decode()
    return Failure(type(error).__name__, message)


def announce(
    failure: Failure, delivery: Delivery | DamagedDelivery, *, retryable: bool, clock: Clock, ids: Ids
) -> WorkflowStepFailed:
    """The event that says which step gave up and why; its cause is the event that could not be handled."""
    return WorkflowStepFailed(
        event_id=ids.new("event"),
        correlation_id=delivery.correlation_id,
        causation_id=delivery.event_id,
        timestamp=clock.now(),
        source_module=__name__,
        source_component=delivery.handler,
        step=delivery.handler,
        error_type=failure.error_type,
        message=failure.message,
        retryable=retryable,
    )


def log_fields(delivery: Delivery | DamagedDelivery, failure: Failure) -> dict[str, object]:
    """A failed delivery as fields of a log line."""
    return {
        "handler": delivery.handler,
        "event_type": delivery.event_type,
        "event_id": delivery.event_id,
        "correlation_id": delivery.correlation_id,
        "attempt": delivery.attempt,
        "error_type": failure.error_type,
        "error": failure.message,
    }
