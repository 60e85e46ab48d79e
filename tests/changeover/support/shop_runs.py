"""Runs and a corpus made from the small shop's idea, inside the test's own process."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from changeover import Case, Migration, SourceOptions
from changeover.compare.rules import STRICT, Rules
from changeover.evidence.case_runner import compared_cases, select
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.sources import Source
from changeover.values.observation import Side

Answer = Mapping[str, object]


class Till:
    """The world: a balance to look at, and payments to make."""

    def __init__(self) -> None:
        self.paid: list[tuple[str, Decimal]] = []
        self.owed = Decimal(0)

    def balance(self, name: str) -> Decimal:
        return self.owed

    def credit(self, name: str) -> int:
        return 3

    def pay(self, name: str, amount: Decimal) -> str:
        self.paid.append((name, amount))
        return f"receipt {len(self.paid)}"


class Office:
    """A migration with a seam inside another one; `plan` says what the candidates do otherwise."""

    def __init__(self, **planted: Callable[..., object]) -> None:
        self.till = Till()
        self.migration = Migration()
        self.migration.port(
            "till", self.till, effects={"pay": lambda name, amount: name}, reads={"balance", "credit"}
        )
        self.owed = self.migration.seam(
            "desk.owed", legacy=self.legacy_owed, candidate=planted.get("owed", self.legacy_owed)
        )
        self.settle = self.migration.seam(
            "desk.settle", legacy=self.legacy_settle, candidate=planted.get("settle", self.legacy_settle)
        )

    def legacy_owed(self, name: str) -> Decimal:
        return self.till.balance(name)

    def legacy_settle(self, name: str) -> Answer:
        amount = self.owed(name)
        if amount > 0:
            self.till.pay(name, amount)
        return {"name": name, "settled": max(amount, Decimal(0))}

    def source(self, cases: int = 20) -> Source:
        def made(_: SourceOptions) -> Iterator[Case]:
            for number in range(1, cases + 1):
                yield Case(
                    f"case-{number:02}", self._case(number), tags=("debt",) if number % 4 else ("none",)
                )

        return Source("desk", "generated", made, "cases")

    def _case(self, number: int) -> Callable[[], object]:
        def run() -> object:
            self.till.owed = Decimal(number) / 4 if number % 4 else Decimal(0)
            return self.settle(f"guest {number}")

        return run

    def corpus(
        self, cases: int = 20, *, rules: Rules = STRICT, answer: Side = Side.LEGACY, noise: bool = False
    ) -> Corpus:
        selection = select(self.migration, ())
        seams = [(seam, self.migration.seams[seam].phase) for seam in selection.seams]
        corpus = Corpus(rules, expected=seams, required_tags=["debt", "none", "refund"])
        options = SourceOptions(answer=answer)
        for done in compared_cases(
            self.migration, self.source(cases), options, selection, rules=rules, noise=noise
        ):
            corpus.add(done.name, done.runs, done.tags)
        return corpus
