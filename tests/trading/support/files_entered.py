"""Which source files one order enters: `python -m tests.trading.support.files_entered [PATH]` lists them.

Counted is one command, `python -m trading trade --path PATH` on a new account in a file: from the parsing of
the command line over the journal, the handlers and the paper broker to the lines on the screen. The command
was run before on another account, so what is only imported, or made once per process, does not count.
"""

import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType

import changeover
import trading
from tests.changeover.support.way import way_through
from trading.cli import main

FIRST, SECOND = "2011-08-08", "2011-08-09"


def files_of_one_order(path: str) -> tuple[set[str], set[str]]:
    """Those of `trading`, and those of `changeover`."""
    with tempfile.TemporaryDirectory() as folder:
        _trade(path, FIRST, Path(folder, "first.db"))
        with way_through(_folder_of(trading)) as of_trading:
            _trade(path, SECOND, Path(folder, "second.db"))
        with way_through(_folder_of(changeover)) as of_the_toolkit:
            _trade(path, SECOND, Path(folder, "third.db"))
    return of_trading.files, of_the_toolkit.files


def _trade(path: str, session: str, account: Path) -> None:
    command = ["trade", "--path", path, "--at", session, "--account", str(account)]
    with redirect_stdout(StringIO()) as screen:
        try:
            main(command, standalone_mode=False)
        except SystemExit as left:
            if left.code or "done:" not in screen.getvalue():
                raise AssertionError(f"{path}: {screen.getvalue()}") from left


def _folder_of(package: ModuleType) -> Path:
    return Path(package.__file__ or "").parent


if __name__ == "__main__":
    for _files in files_of_one_order(*(sys.argv[1:] or ["candidate"])):
        print(" ".join(sorted(_files)))
