"""Damaged files of an account: every command says one sentence, and no order is placed twice.

`python -m tests.sweeps damages --number 40`; exits 1 where one of them says anything else.
"""

import argparse
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.trading.support.damage import (
    DAMAGES,
    FILES,
    PLACES,
    VALUES,
    damaged_file,
    damaged_value,
    traded,
)


def deeds(number: int) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Every damage of every file so often, and every value at every place."""
    for file in FILES:
        for damage in DAMAGES:
            for one in range(number):
                deed = partial(damaged_file, file=file, damage=damage, number=one)
                yield f"{file} {damage.__name__} {one}", deed
    for file, table, column in PLACES:
        for value in VALUES:
            deed = partial(damaged_value, file=file, table=table, column=column, value=value)
            yield f"{file} {table}.{column} = {value!r}", deed


def main(arguments: Sequence[str]) -> int:
    """Print what went wrong, and 1 where something did."""
    options = argparse.ArgumentParser("python -m tests.sweeps damages", description=__doc__)
    options.add_argument("--number", type=int, default=40, help="damages of each kind for each file")
    chosen = options.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    count, wrong = 0, 0
    with TemporaryDirectory() as root:
        template = Path(root) / "template"
        template.mkdir()
        traded(template)
        for name, deed in deeds(chosen.number):
            folder = Path(shutil.copytree(template, Path(root) / "account"))
            try:
                deed(folder)
            except AssertionError as problem:
                wrong += 1
                print(f"{name}: {str(problem)[:300]}", flush=True)
            finally:
                shutil.rmtree(folder)
            count += 1
    print(f"{count:,} damages: {wrong:,} wrong")
    return 1 if wrong else 0
