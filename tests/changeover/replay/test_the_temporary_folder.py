"""Python finds the folder for temporary files by a file that it writes and removes: no deed of a path."""

import pytest

from tests.programs.process import run_python

PROGRAM = """
import asyncio, tempfile
from changeover import Migration

runs = []
stages = {{"CHANGEOVER_STAGE_S": "{stage}", "CHANGEOVER_STAGE_T": "{stage}"}}
migration = Migration(environment=stages, sink=runs.append, refresh_s=0)

def begin(n):
    return tempfile.gettempdir(), n

def other(n):
    return tempfile.gettempdir() + "/other", n

async def begin_async(n):
    return begin(n)

async def other_async(n):
    return other(n)

sync = migration.seam("s", legacy=begin, candidate={candidate})
for answer in (sync, sync):
    answer(1)
tempfile.tempdir = None
of_a_loop = migration.seam("t", legacy=begin_async, candidate={candidate}_async)
asyncio.run(of_a_loop(1))
asyncio.run(of_a_loop(1))
migration.close()
print(*(run.verdict for run in runs))
"""


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(("candidate", "verdict"), [("begin", "match"), ("other", "diverged")])
def test_a_path_that_asks_for_it_first_is_compared(stage: str, candidate: str, verdict: str) -> None:
    program = PROGRAM.format(stage=stage, candidate=candidate)
    done = run_python(["-c", program], text=True, timeout=60)
    assert done.stdout.split() == [verdict] * 4, done.stderr
