import subprocess
import sys
from pathlib import Path

import pytest

from tests.changeover.support.projects import shop_in

SCRIPT = """
import sys
sys.argv = ["changeover", *{arguments!r}]
from changeover.cli.main import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
heavy = {{"deepdiff", "numpy", "pydantic", "rich", "jinja2", "structlog"}} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["status"], ["kill"], ["history"], ["compare", "--help"], ["report", "--help"]]
)
def test_what_is_asked_often_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    shop_in(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
