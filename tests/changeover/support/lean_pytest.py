"""pytest in a process of its own, without the plugins of others that are installed beside the toolkit.

What they import takes longer than all else that such a process does. xdist stays, which the toolkit meets.
"""

import time

import pytest

from tests.programs.process import run_python

WITHOUT_OTHER_PLUGINS = {
    "PYTEST_ADDOPTS": " ".join(f"-p no:{name}" for name in ("hypothesispytest", "benchmark", "anyio"))
}


def run_pytest(program: pytest.Pytester, *options: str) -> pytest.RunResult:
    """What `runpytest_subprocess` does, with less to import."""
    began = time.monotonic()
    base = f"--basetemp={program.path / 'runpytest'}"
    done = run_python(["-m", "pytest", base, *options], cwd=program.path, text=True, timeout=120)
    lines = done.stdout.splitlines(), done.stderr.splitlines()
    return pytest.RunResult(done.returncode, *lines, time.monotonic() - began)
