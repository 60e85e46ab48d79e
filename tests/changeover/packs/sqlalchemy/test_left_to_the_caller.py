"""What a path leaves in a session of its caller for the commit: listeners, and `session.info`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test

sa = pytest.importorskip("sqlalchemy")
event = pytest.importorskip("sqlalchemy.event")
Session = pytest.importorskip("sqlalchemy.orm").Session
sent: list[str] = []


def send(to: str, session: Any) -> None:
    sent.append(to)


def remind(to: str, session: Any) -> None:
    sent.append(f"{to} again")


def listening(
    function: Callable[..., Any] | None, name: str = "after_commit", **info: Any
) -> Callable[[Any], None]:
    """A path that changes a row, and lets this wait."""

    def path(session: Any) -> None:
        session.execute(sa.text("INSERT INTO notes (text) VALUES ('a')"))
        if function is not None:
            event.listen(session, name, function)
        session.info.update(info)

    return path


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Any]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with made.begin() as opened:
        opened.execute(sa.text("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)"))
    yield made
    made.dispose()


@pytest.mark.parametrize("kind", ["rows", "tape"])
@pytest.mark.parametrize(
    ("legacy", "candidate", "verdict"),
    [
        (listening(partial(send, "a")), listening(partial(send, "a")), "match"),
        (listening(partial(send, "a")), listening(partial(send, "b")), "unsafe"),
        (listening(partial(send, "a")), listening(partial(remind, "a")), "failed"),
        (listening(partial(send, "a")), listening(None), "unsafe"),
        (listening(None), listening(partial(send, "a")), "unsafe"),
        (listening(partial(send, "a")), listening(partial(send, "a"), "before_commit"), "failed"),
        (
            listening(partial(send, "a"), "after_soft_rollback"),
            listening(partial(send, "a"), "after_soft_rollback"),
            "match",
        ),
        (listening(None, queue=["x"]), listening(None, queue=["x"]), "match"),
        (listening(None, queue=["x"]), listening(None, queue=["y"]), "unsafe"),
        (listening(None, queue=["x"]), listening(None), "unsafe"),
        (listening(None, known=["x"]), listening(None, known=["x"]), "failed"),
    ],
)
def test_it_is_compared_and_happens_once(
    engine: Any, legacy: Any, candidate: Any, verdict: str, kind: str
) -> None:
    sent.clear()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlalchemy", engine)
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    around: AbstractContextManager[Any] = as_under_a_test() if kind == "rows" else ExitStack()
    with around, Session(engine, info={"known": []}) as session:
        seam(session)
        assert sent == []
        session.commit()
    assert runs[0].verdict == verdict, runs[0].reason or runs[0].divergences
    assert len(sent) <= 1
    with engine.connect() as opened:
        assert opened.execute(sa.text("SELECT count(*) FROM notes")).scalar_one() == 1


@pytest.mark.parametrize("kind", ["rows", "tape"])
def test_what_listens_to_the_end_of_a_transaction_hears_nothing_of_a_replay(engine: Any, kind: str) -> None:
    heard: list[Any] = []

    def ended(session: Any, _: Any) -> None:
        heard.append(session)

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlalchemy", engine)
    path = listening(ended, "after_transaction_end")
    seam: Any = migration.seam("s", legacy=path, candidate=listening(ended, "after_transaction_end"))
    around: AbstractContextManager[Any] = as_under_a_test() if kind == "rows" else ExitStack()
    with around, Session(engine) as session:
        seam(session)
        session.commit()
    assert heard
    assert all(one is session for one in heard)
