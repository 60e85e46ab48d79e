"""Which source files one order enters: `python -m tests.trading.support.files_entered [PATH]` lists them.

Counted is one command, `python -m trading trade --path PATH` on a new account in a file: from the parsing of
the command line over the journal, the handlers and the paper broker to the lines on the screen. The command
was run before on another account, so what is only imported, or made once per process, does not count.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import changeover
import trading
from trading.cli import main

FIRST, SECOND = "2011-08-08", "2011-08-09"


def files_entered(call: Callable[[], object], package: Path) -> list[str]:
    """The files below a package whose functions this call enters, by their paths in it."""
    entered: set[str] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            entered.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    root = f"{package}/"
    return sorted(file.removeprefix(root) for file in entered if file.startswith(root))


def files_of_one_order(path: str) -> tuple[list[str], list[str]]:
    """Those of `trading`, and those of `changeover`."""
    with tempfile.TemporaryDirectory() as folder:

        def trade(session: str, account: str) -> None:
            command = ["trade", "--path", path, "--at", session, "--account", str(Path(folder, account))]
            with redirect_stdout(StringIO()) as screen:
                try:
                    main(command, standalone_mode=False)
                except SystemExit as left:
                    if left.code or "done:" not in screen.getvalue():
                        raise AssertionError(f"{path}: {screen.getvalue()}") from left

        trade(FIRST, "first.db")
        of_trading = files_entered(lambda: trade(SECOND, "second.db"), folder_of(trading))
        return of_trading, files_entered(lambda: trade(SECOND, "third.db"), folder_of(changeover))


def folder_of(package: ModuleType) -> Path:
    """Where its source files lie."""
    return Path(package.__file__ or "").parent


if __name__ == "__main__":
    for _files in files_of_one_order(*(sys.argv[1:] or ["candidate"])):
        print(" ".join(_files))
