"""A module that declares something can be loaded again: it takes the place of what it declared before."""

import importlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from changeover import ConfigurationError, Migration

HOME = """
from changeover import Migration

runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_PRICE": "shadow"}, sink=runs.append)
"""
GIVEN = "price = migration.seam('price', legacy={0}, candidate={0})"
DECORATED = """
@migration.seam('price')
def price(n):
    return n

@price.candidate
def new_price(n):
    return n
"""
PORT = """
class Shop:
    def price(self, n):
        return n

shop = Shop()
migration.port('shop', {0}, reads={{'price'}})
price = migration.seam('price', legacy=lambda n: shop.price(n), candidate=lambda n: shop.price(n))
"""
BUS = "class Bus:\n    def watch(self, watcher): ...\n\n"
BODIES = {
    "a function": DECORATED,
    "lambdas": GIVEN.format("lambda n: n"),
    "a partial": f"import functools\n{GIVEN.format('functools.partial(max, 0)')}",
    "a function in C": GIVEN.format("abs"),
    "a path that is built": "from changeover import fresh\n"
    + GIVEN.format("fresh(lambda ports: lambda n: n)"),
    "a port that is a class": PORT.format("Shop"),
    "a port that is an object": PORT.format("shop"),
    "a bus": f"{BUS}migration.bus('orders', Bus())\n{DECORATED}",
    "a source": f"migration.source('days', population='generated')(list)\n{DECORATED}",
    "invariants of one name": f"""{DECORATED}
@migration.invariant('price')
def _(seen):
    return True

@migration.invariant('price')
def _(seen):
    return seen is not None
""",
    "a pack": f"migration.use('chance')\n{DECORATED}",
}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for name in ("again_home", "again_prices"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_module_that_is_loaded_again_works(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "again_home.py").write_text(HOME)
    (tmp_path / "again_prices.py").write_text(f"from again_home import migration\n\n{body}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("again_prices")
    assert module.price(3) == 3
    for _ in range(2):
        module = importlib.reload(module)
        assert module.price(3) == 3
    runs = importlib.import_module("again_home").runs
    assert [run.verdict for run in runs] == ["match"] * 3


def test_an_invariant_of_before_is_asked_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, asked = (
        tmp_path / "again_prices.py",
        f"{DECORATED}\n@migration.invariant('price')\ndef holds(seen):\n",
    )
    (tmp_path / "again_home.py").write_text(HOME)
    monkeypatch.syspath_prepend(str(tmp_path))
    file.write_text(f"from again_home import migration\n{asked}    return False\n")
    module = importlib.import_module("again_prices")
    file.write_text(f"from again_home import migration\n\n{asked}    return True  # it is another file now\n")
    importlib.invalidate_caches()
    importlib.reload(module).price(3)
    assert importlib.import_module("again_home").runs[0].verdict == "match"


@pytest.mark.parametrize(
    "declaration",
    [
        "migration.seam('price', legacy=lambda n: n)",
        "migration.port('shop', str, reads={'upper'})",
        "migration.source('days', population='generated')(list)",
        "migration.bus('orders')",
        "migration.use('chance')",
    ],
)
def test_what_one_loading_declares_twice_is_refused(declaration: str) -> None:
    given = {"migration": Migration(environment={}), "__name__": "again_prices"}
    with pytest.raises(ConfigurationError):
        exec(f"for _ in range(2):\n    {declaration}", given)  # noqa: S102  a module of a program


def test_a_seam_that_took_the_name_of_its_legacy_path_can_be_found_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "again_home.py").write_text(HOME)
    (tmp_path / "again_prices.py").write_text(
        "from again_home import migration\n\n"
        "def price(n):\n    return n\n\n"
        "price = migration.seam('price', legacy=price, candidate=lambda n: n)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("again_prices")
    assert pickle.loads(pickle.dumps(module.price)) is module.price  # noqa: S301  our own
