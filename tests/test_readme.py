"""What the README shows is what happens."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


class BrokerClient:
    """The client that the README's lines declare as a port."""

    def account(self) -> int:
        return 1

    def positions(self) -> list[str]:
        return ["SPY"]

    def get_order(self, order_id: str) -> str:
        return order_id

    def submit_order(self, order: Any) -> str:
        return "order-1"

    def cancel_order(self, order_id: str) -> None:
        return None


def test_the_lines_of_the_readme_declare_a_seam_whose_two_paths_are_compared() -> None:
    [lines] = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    client = BrokerClient()
    path = SimpleNamespace(rebalance=lambda account: client.positions())
    program: dict[str, Any] = {"BrokerClient": BrokerClient, "orchestrator": path, "handlers": path}
    exec(compile(lines, "README.md", "exec"), program)  # noqa: S102  the README is ours
    assert program["rebalance"]("paper") == ["SPY"]
    assert list(program["migration"].seams) == ["portfolio.rebalance"]


def test_every_page_that_the_readme_names_is_there() -> None:
    root = Path(__file__).parents[1]
    pages = re.findall(r"\]\(([^)#]+)\)", README)
    assert pages
    assert [page for page in pages if not (root / page).exists()] == []
