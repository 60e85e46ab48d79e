"""What every pack has to hold: the tests of a pack say how to read, act and fail, and inherit all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from changeover import Migration, Run

Path = Callable[[], Any]
_ADDRESS = re.compile(r"0x[0-9a-f]+")
COUNT_WITHOUT = 0


class PackContract:
    """A library as a program uses it, over a world that counts what reaches it.

    `acts` counts effects that came, `asked` reads and effects alike.
    """

    failure: type[Exception] = Exception

    @pytest.fixture(autouse=True)
    def _world(self) -> Iterator[None]:
        self.runs: list[Run] = []
        self.begin()
        yield
        self.end()

    def begin(self) -> None:
        """Start the world, and open what a program has open before any run."""

    def end(self) -> None:
        """Close both."""

    def use(self, migration: Migration) -> None:
        """The one line of the pack."""
        raise NotImplementedError

    def read(self) -> Any:
        """Ask the world, without changing it."""
        raise NotImplementedError

    def act(self, number: int) -> Any:
        """Change it, so that the number can be told."""
        raise NotImplementedError

    def fail(self) -> Any:
        """What raises an error of the library, in words that are the same each time."""
        raise NotImplementedError

    def acts(self) -> int:
        """How many changes reached the world."""
        raise NotImplementedError

    async def read_async(self) -> Any:
        """As `read`, where the library can be awaited."""
        pytest.skip("the library has no async side")

    async def act_async(self, number: int) -> Any:
        """As `act`."""
        pytest.skip("the library has no async side")

    def seam(self, legacy: Callable[..., Any], candidate: Callable[..., Any], **options: Any) -> Any:
        """A seam with the pack in use, in shadow unless said otherwise."""
        stage = options.pop("stage", "shadow")
        migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, sink=self.runs.append, **options)
        self.use(migration)
        return migration.seam("s", legacy=legacy, candidate=candidate)

    def judged(self, legacy: Path, candidate: Path, **options: Any) -> Run:
        """The run of a seam with these paths."""
        self.seam(legacy, candidate, **options)()
        return self.runs[-1]

    def work(self) -> Any:
        """What a program does: it asks, and then acts on it."""
        found = self.read()
        self.act(1)
        return found

    async def work_async(self) -> Any:
        """The same, awaited."""
        found = await self.read_async()
        await self.act_async(1)
        return found

    def test_the_same_work_matches_and_reaches_the_world_once(self) -> None:
        run = self.judged(lambda: self.work(), lambda: self.work())
        assert (run.verdict, self.acts()) == ("match", 1), run.reason or run.divergences

    def test_the_answering_path_gets_what_the_library_gives(self) -> None:
        bare = self.read()
        assert self.seam(lambda: self.read(), lambda: self.read())() == bare

    def test_one_effect_more_differs(self) -> None:
        run = self.judged(lambda: self.work(), lambda: (self.work(), self.act(2))[0])
        assert (run.verdict, self.acts()) == ("unsafe", 1)

    def test_one_effect_less_differs(self) -> None:
        run = self.judged(lambda: self.work(), lambda: self.read())
        assert (run.verdict, self.acts()) == ("unsafe", 1)

    def test_another_effect_differs(self) -> None:
        run = self.judged(lambda: self.work(), lambda: (self.read(), self.act(9))[0])
        assert (run.verdict, self.acts()) == ("unsafe", 1)

    def test_an_effect_where_there_was_none_differs_and_does_not_happen(self) -> None:
        run = self.judged(lambda: 1, lambda: (self.act(1), 1)[1])
        assert (run.verdict, self.acts()) == ("unsafe", COUNT_WITHOUT), run.reason or run.divergences

    def test_a_question_that_was_never_asked_is_no_match(self) -> None:
        run = self.judged(lambda: 1, lambda: (self.read(), 1)[1])
        assert run.verdict != "match"

    def test_a_candidate_that_answers_acts_and_legacy_does_not(self) -> None:
        run = self.judged(lambda: self.work(), lambda: self.work(), stage="live")
        assert (run.verdict, run.answered_by, self.acts()) == ("match", "candidate", 1)

    def test_the_error_of_the_library_is_caught_alike_by_both_paths(self) -> None:
        def caught() -> str:
            try:
                self.fail()
            except self.failure as error:
                return f"{type(error).__name__}: {error}"
            return "no error"

        seam = self.seam(caught, caught)
        assert seam() != "no error"
        assert self.runs[-1].verdict == "match", self.runs[-1].divergences or self.runs[-1].reason

    def test_the_error_of_the_library_reaches_the_caller_as_it_is(self) -> None:
        with pytest.raises(self.failure) as bare:
            self.fail()
        with pytest.raises(self.failure) as through:
            self.seam(lambda: self.fail(), lambda: self.fail())()
        assert type(through.value) is type(bare.value)
        assert _ADDRESS.sub("", str(through.value)) == _ADDRESS.sub("", str(bare.value))
        assert self.runs[-1].verdict == "match", self.runs[-1].divergences or self.runs[-1].reason

    def test_work_in_a_pool_of_threads_is_the_same_work(self) -> None:
        def pooled() -> Any:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(self.work).result()

        run = self.judged(lambda: self.work(), pooled)
        assert (run.verdict, self.acts()) == ("match", 1), run.reason or run.divergences

    def test_what_is_awaited_is_the_same_work(self) -> None:
        seam = self.seam(self._awaited(), self._awaited())
        self._await(seam)
        assert (self.runs[-1].verdict, self.acts()) == ("match", 1), self.runs[-1].reason

    def test_an_awaited_effect_more_differs(self) -> None:
        async def more() -> Any:
            found = await self.work_async()
            await self.act_async(2)
            return found

        self._await(self.seam(self._awaited(), more))
        assert (self.runs[-1].verdict, self.acts()) == ("unsafe", 1)

    def test_the_time_of_the_library_is_not_the_path_s_own(self) -> None:
        run = self.judged(lambda: self.work(), lambda: self.work())
        assert run.legacy is not None
        assert 0.0 <= run.legacy.own_time_s < run.tape.seconds  # else nothing was taken off

    def test_outside_of_a_run_the_program_acts(self) -> None:
        self.use(Migration())
        self.act(5)
        assert self.acts() == 1

    def test_a_run_of_a_migration_without_the_pack_is_no_match(self) -> None:
        self.use(Migration())
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=self.runs.append)
        migration.seam("s", legacy=lambda: self.work(), candidate=lambda: self.work())()
        assert not [run for run in self.runs if run.verdict == "match"]

    def _awaited(self) -> Callable[[], Awaitable[Any]]:
        async def path() -> Any:
            return await self.work_async()

        return path

    @staticmethod
    def _await(seam: Any) -> Any:
        return asyncio.run(seam())
