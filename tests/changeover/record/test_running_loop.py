"""What another thread is just importing runs no loop, and breaks no answer."""

import sys
from types import ModuleType

import pytest

from tests.changeover.support.background_seam import beside, done, same


def test_a_call_is_answered_and_compared_while_another_thread_is_importing_asyncio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    migration, seam, runs = beside(same, same)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "asyncio", ModuleType("asyncio"))  # as it is before it has any names
        assert seam(7) == 7
    done(migration)
    assert [(run.verdict, run.reason) for run in runs] == [("match", None)]
