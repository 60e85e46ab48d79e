"""A collection of all that nobody knows any more, for tests of what hangs until it is collected."""

import gc


def collect_all() -> None:
    """Look at what was frozen before this file of tests as well, which `tests/conftest.py` keeps out."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
