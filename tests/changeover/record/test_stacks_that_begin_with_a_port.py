"""A port that nothing but C has called: a greenlet, or a thread of a library, begins with it."""

from typing import Any

import pytest

from changeover import Migration, Run

greenlet = pytest.importorskip("greenlet")


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("method", ["send", "find"])
def test_it_is_recorded_and_replayed(method: str, stage: str) -> None:
    class Mail:
        asked: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> str:
            self.asked.append(text)
            return text

        def find(self, text: str) -> str:
            return self.send(text)

    def path(text: str) -> Any:
        return greenlet.greenlet(getattr(Mail(), method)).switch(text)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    migration.port("mail", Mail, effects={"send"}, reads={"find"})
    assert migration.seam("s", legacy=path, candidate=path)("a") == "a"
    assert (Mail.asked, [run.verdict for run in runs]) == (["a"], ["match"])
