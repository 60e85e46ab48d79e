"""A stored run knows which of its calls were made at the same time, and in which work of its path."""

import threading
from pathlib import Path

from changeover import Migration, Run
from changeover.record.codec import Codec
from changeover.record.scenario_file import from_line, scenario_of, to_line


class Shop:
    def __init__(self) -> None:
        self.asked = 0

    def level(self) -> int:
        self.asked += 1
        return self.asked

    def send(self, text: str) -> None:
        pass


def recorded(work_in_threads: bool) -> tuple[Migration, Run]:
    shop, runs = Shop(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("shop", shop, reads={"level"}, effects={"send"})

    def work(name: str) -> None:
        shop.send(f"{name} {shop.level()}")

    def path(number: int) -> int:
        threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads if work_in_threads else ():
            thread.start()
        for thread in threads if work_in_threads else ():
            thread.join()
        work("d")
        return number

    migration.seam("s", legacy=path, candidate=path)(1)
    return migration, runs[0]


def test_moments_survive_a_scenario_file() -> None:
    migration, run = recorded(work_in_threads=True)
    tape = run.tape
    line = to_line(scenario_of(run), Codec())
    stored = from_line(line.encode(), Codec(), migration.runtime.book).tape
    for one in range(len(tape)):
        for other in range(len(tape)):
            before = tape.during(tape.entries[one]).precedes(tape.during(tape.entries[other]))
            after = stored.during(stored.entries[one]).precedes(stored.during(stored.entries[other]))
            assert before == after
    assert stored.is_concurrent
    assert [stored.during(entry).branch for entry in stored.entries] == [
        tape.during(entry).branch for entry in tape.entries
    ]
    assert stored.world_digest("s", {}) == tape.world_digest("s", {})


def test_a_path_that_does_one_thing_at_a_time_is_stored_without_moments() -> None:
    _, run = recorded(work_in_threads=False)
    assert "during" not in to_line(scenario_of(run), Codec())


def test_a_wrong_moment_damages_its_line_alone(tmp_path: Path) -> None:
    from changeover.record.scenario_file import read_scenarios

    migration, run = recorded(work_in_threads=True)
    line = to_line(scenario_of(run), Codec())
    file = tmp_path / "runs.jsonl"
    file.write_text(f"{line.replace('thread 1', '').replace('[[', '[7,[')}\n{line}\n")
    read = read_scenarios(file, Codec(), migration.runtime.book)
    assert (len(read.scenarios), len(read.damaged)) == (1, 1)
