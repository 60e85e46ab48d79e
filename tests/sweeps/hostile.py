"""Every hostile text in every field of a report: `python -m tests.sweeps hostile`; prints what is live."""

import argparse
import sys
from collections.abc import Sequence

from tests.changeover.support import report_samples as samples
from tests.changeover.support.hostile_pages import live_in_pages
from tests.changeover.support.hostile_texts import STRINGS


def main(arguments: Sequence[str]) -> int:
    """0 where nothing is live, 1 where something is."""
    argparse.ArgumentParser(prog="python -m tests.sweeps hostile", description=__doc__).parse_args(arguments)
    live = live_in_pages(samples.diverging())
    for line in live:
        print(line)
    print(f"{len(STRINGS)} texts in every field of the report, {len(live)} live", file=sys.stderr)
    return 1 if live else 0
