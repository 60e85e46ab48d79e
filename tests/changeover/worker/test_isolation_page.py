"""`docs/isolation.md` says of every hostile path and of every shape of a process what became of it."""

from tests.changeover.support.environment_shapes import ENVIRONMENTS
from tests.changeover.support.hostile_deeds import DEEDS
from tests.changeover.support.hostile_deeds_in_c import DEEDS_IN_C
from tests.changeover.support.hostile_deeds_of_processes import DEEDS_OF_PROCESSES
from tests.changeover.support.hostile_paths import HOSTILE
from tests.changeover.support.isolation_page import PAGE, rows


def test_every_path_and_every_shape_stands_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    paths = [*HOSTILE, *DEEDS, *DEEDS_OF_PROCESSES, *DEEDS_IN_C]
    assert [name for name in paths if name not in text] == []
    assert [name for name, _, _ in rows("environments")] == [*ENVIRONMENTS]
