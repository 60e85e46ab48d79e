"""What another thread is just importing runs no loop, and breaks neither an answer nor its record."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
from changeover import Migration

assert "asyncio" not in sys.modules
reached, go_on = threading.Event(), threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == {held!r}:
            reached.set()
            assert go_on.wait(20)

def same(number):
    return number

def with_a_task(number):
    import asyncio
    async def double():
        return await asyncio.create_task(asyncio.sleep(0, 2 * number))
    return asyncio.run(double())

runs = []
stages = dict.fromkeys(("CHANGEOVER_STAGE_S", "CHANGEOVER_STAGE_T"), "shadow")
migration = Migration(sink=runs.append, environment=stages)
seam = migration.seam("s", legacy=same, candidate=same)
tasks = migration.seam("t", legacy=with_a_task, candidate=with_a_task)
assert seam(6) == 6  # after which nothing is imported any more
assert "asyncio" not in sys.modules
sys.meta_path.insert(0, Slow())
thread = threading.Thread(target=__import__, args=("asyncio",))
thread.start()
assert reached.wait(60)
assert {module!r} in sys.modules
assert seam(7) == 7
go_on.set()
thread.join()
assert tasks(7) == 14
print([(str(run.verdict), run.reason) for run in runs])
from changeover.record.propagation import NOT_CARRIED
print([module for module in NOT_CARRIED if module.startswith("asyncio")])
"""


@pytest.mark.parametrize(
    ("module", "held"),
    [("asyncio", "asyncio.base_events"), ("asyncio.base_events", "asyncio.coroutines")],
)
def test_a_call_is_answered_and_compared_while_another_thread_is_importing_asyncio(
    module: str, held: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=module, held=held)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "[('match', None), ('match', None), ('match', None)]\n[]\n"
