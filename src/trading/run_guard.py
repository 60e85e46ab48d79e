"""One set of orders per account and session, whichever path runs and however often somebody tries."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date

import structlog

from trading.broker.port import Broker, BrokerError
from trading.clock import Clock
from trading.domain.money import ZERO
from trading.events.journal.port import Journal
from trading.events.journal.records import WorkflowRecord
from trading.events.messages.workflow import ExecutionParameters, WorkflowMode
from trading.handlers.progress import WorkflowProgress
from trading.handlers.transitions import WorkflowState

log = structlog.get_logger(__name__)

DIRECT = "DIRECT"  # the state of a run without events while it runs
DIRECT_ENDED = "DIRECT_ENDED"


class RunRefused(Exception):
    """A run that must not begin; the text says why and what to do."""


class RunGuard:
    """Keeps a record of every trading run in the journal, so that the next one knows of it.

    A run on events is recorded by its workflow. A direct run is recorded here, before it begins and when it
    has ended. Only one process at a time may trade an account: the claim on its journal sees to that.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        clock: Clock,
        account: str,
        *,
        turn: AbstractContextManager[None] | None = None,
    ) -> None:
        """`turn` is what a handler of another process holds while it is at work; None where there is none."""
        self._journal = journal
        self._turn = turn or nullcontext()
        self._broker = broker
        self._clock = clock
        self._account = account

    def settle_unfinished(self, resume: Callable[[], None]) -> None:
        """End what an earlier process left behind: workflows by `resume`, direct runs by closing them.

        A direct run cannot be resumed, nor can a workflow whose record is damaged: what it left open at the
        broker is cancelled, what has filled stands, and its session counts as traded. A direct run may have
        had a workflow inside it, where a stage let events answer: so workflows are ended first, by following
        their orders, and only what is open after that is cancelled. Raises RunRefused where something could
        not be ended.
        """
        self._journal.claim()
        with self._turn:
            for record in self.unfinished():
                if record.damage is not None:
                    self._cancel_open_orders(record)
                    self._give_up(record)
        resume()
        with self._turn:
            for record in self.unfinished():
                if record.state == DIRECT:
                    self._cancel_open_orders(record)
                    self.end_direct(record, may_have_traded=True)
        if left := [record.workflow_id for record in self.unfinished()]:
            raise RunRefused(
                f"account {self._account}: {', '.join(left)} has not ended and could not be settled; "
                "`python -m trading workflows` shows where it stands"
            )

    def workflow_under_way(self) -> bool:
        """Whether a workflow has not ended yet; a direct run is none."""
        return any(record.state != DIRECT for record in self.unfinished())

    def refuse_second(self, session: date, *, again: bool) -> None:
        """Raise RunRefused where the account has been traded in this session already, unless `again`."""
        if again:
            return
        for record in self._journal.workflows(account=self._account, session=session.isoformat()):
            if _may_have_traded(record):
                raise RunRefused(
                    f"account {self._account} was traded in session {session} already, by "
                    f"{record.workflow_id} at {record.started_at:%H:%M:%S}Z; --again trades it once more"
                )

    def refuse_earlier(self, session: date) -> None:
        """Raise RunRefused where the account has been traded in a later session: its time never goes back.

        Asked once the journal is claimed: whoever opened the account may have stood still since then.
        """
        for record in self._journal.workflows(account=self._account, after=session.isoformat()):
            if _may_have_traded(record):
                raise RunRefused(
                    f"account {self._account} was traded in session {record.session} already, by "
                    f"{record.workflow_id}; {session} is earlier, choose a later day"
                )

    def begin_direct(self, run_id: str, session: date) -> WorkflowRecord:
        """Record a direct run before it can place an order."""
        now = self._clock.now()
        record = WorkflowRecord(
            workflow_id=run_id,
            state=DIRECT,
            body=json.dumps({"may_have_traded": True}),
            account=self._account,
            session=session.isoformat(),
            started_at=now,
            updated_at=now,
        )
        self._journal.keep(record)
        return record

    def end_direct(self, record: WorkflowRecord, *, may_have_traded: bool) -> None:
        """Record that it has ended."""
        body = json.dumps({"may_have_traded": may_have_traded})
        now = self._clock.now()
        self._journal.keep(record.advanced(state=DIRECT_ENDED, body=body, at=now, finished=True))

    def unfinished(self) -> list[WorkflowRecord]:
        """The runs of this account that have not ended, in the order in which they began."""
        return list(self._journal.workflows(account=self._account, unfinished_only=True))

    def _give_up(self, record: WorkflowRecord) -> None:
        """Its parameters are lost with its record; what still arrives for it is counted as late."""
        log.error("damaged_workflow_closed", workflow_id=record.workflow_id, damage=record.damage)
        session = date.fromisoformat(record.session)
        unknown = ExecutionParameters(self._account, session, cash_reserve=ZERO, minimum_trade=ZERO)
        closed = WorkflowProgress.begin(WorkflowMode.FULL_TRADING, unknown).changed(
            message=f"closed: {record.damage}", may_have_traded=True
        )
        state, now = WorkflowState.FAILED.value, self._clock.now()
        self._journal.keep(record.advanced(state=state, body=closed.to_json(), at=now, finished=True))

    def _cancel_open_orders(self, record: WorkflowRecord) -> None:
        try:
            for order in self._broker.open_orders():
                self._broker.cancel_order(order.order_id)
        except BrokerError as error:
            raise RunRefused(
                f"account {self._account}: {record.workflow_id} ended early, and its open "
                f"orders could not be cancelled: {error}; try again"
            ) from error


def _may_have_traded(record: WorkflowRecord) -> bool:
    """What cannot be read any more counts: it is better to ask a person than to order twice."""
    if record.damage is not None:
        return True
    kept = json.loads(record.body)
    return bool(kept.get("may_have_traded", True)) if isinstance(kept, dict) else True
