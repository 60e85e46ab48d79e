"""One alert as every receiver gets it, with the key by which a second copy is recognised."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from trading.monitor.finding import Finding
from trading.results import ResultDict

SCHEMA_VERSION = 1
TEST = "test"


class AlertNotTaken(Exception):
    """A receiver did not take an alert; the text says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Alert:
    """`key` is the same whenever the same subject is told, by whichever process."""

    key: str
    kind: str
    account: str
    sentence: str
    since: datetime
    next_step: str
    workflow_id: str | None = None

    @property
    def subject_line(self) -> str:
        """One line for the subject of a letter."""
        first = " ".join(self.sentence.split())
        return f"trading {self.account}: {self.kind}: {first[:120]}"

    def data(self) -> ResultDict:
        """As JSON-compatible data."""
        return {
            "schema_version": SCHEMA_VERSION,
            "key": self.key,
            "kind": self.kind,
            "account": self.account,
            "sentence": self.sentence,
            "since": self.since.isoformat(),
            "next": self.next_step,
            "workflow_id": self.workflow_id,
        }

    @classmethod
    def from_data(cls, data: ResultDict) -> "Alert":
        """What `data` returned."""
        return cls(
            key=data["key"],
            kind=data["kind"],
            account=data["account"],
            sentence=data["sentence"],
            since=datetime.fromisoformat(data["since"]),
            next_step=data["next"],
            workflow_id=data["workflow_id"],
        )


def alert_of(finding: Finding, *, account: str, journal_id: str) -> Alert:
    """What is told about a finding; the journal's id keeps accounts of one name apart."""
    told = "\n".join((journal_id, account, finding.kind, finding.subject))
    return Alert(
        key=sha256(told.encode("utf-8", "replace")).hexdigest()[:32],
        kind=finding.kind.value,
        account=account,
        sentence=finding.sentence,
        since=finding.since,
        next_step=finding.next_step,
        workflow_id=finding.workflow_id,
    )
