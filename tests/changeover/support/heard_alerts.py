"""What receivers took in a fortnight, held against what happened."""

from collections import Counter
from dataclasses import dataclass, field

GATE_OF_TILL = "gate-changed:till"


@dataclass
class Heard:
    """What each receiver took, by idempotency key."""

    webhook: Counter[str] = field(default_factory=Counter)
    slack: Counter[str] = field(default_factory=Counter)
    email: Counter[str] = field(default_factory=Counter)
    log: Counter[str] = field(default_factory=Counter)
    subjects: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    looks: int = 0

    @property
    def repeated(self) -> set[str]:
        """Keys and subjects that came twice somewhere."""
        return {
            key
            for counted in (self.webhook, self.slack, self.email, self.log)
            for key, times in counted.items()
            if times > 1
        }

    def untold(self, expected: Counter[str]) -> tuple[Counter[str], Counter[str]]:
        """What should have been told and was not, and what was told and should not have been."""
        told: Counter[str] = Counter()
        for subject in self.subjects.values():
            if not subject.startswith(GATE_OF_TILL):  # its answers follow from all the others
                told["no-runs" if subject.startswith("no-runs") else subject] += 1
        return expected - told, told - expected
