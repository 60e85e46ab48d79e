"""`migration.use("files")`: what a path leaves in folders that are declared is compared, and written once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

from changeover.packs.files.answering_path import AnsweringPath
from changeover.packs.files.before_path import Answers, BeforePath, SeenPlaces
from changeover.packs.files.covered_folders import CoveredFolders, Declared
from changeover.packs.files.file_effect import FileChange, file_effects
from changeover.packs.files.held_functions import held_functions
from changeover.packs.files.path_within import PathWithin
from changeover.packs.files.replayed_path import ReplayedPath
from changeover.packs.host import Host, Operation, is_replayed, recorded_answers
from changeover.record.context import current_session
from changeover.record.port import CallClass
from changeover.record.work_branch import current_branch

BYTES_MAX = 8_000_000
TOTAL_OF = 8
"""So many files of that size may be read, replaced and removed by one path."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
_LETTERS_IN_NAME = 8


class FilesPack:
    """The port `files`: what Python code reads and leaves below some folders.

    Args:
        folders: paths, or functions that give one when a path begins; relative ones stand in the working
            folder of that moment.
        as_json: names of files that are compared by the fields of their JSON, whatever the layout: `*.json`.
        bytes_max: of a larger file only the digest is kept: it can be replaced, and not read or extended.
    """

    name = "files"

    def __init__(
        self,
        *,
        folders: Sequence[Declared] = (".",),
        as_json: Sequence[str] = (),
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self._folders = folders
        self._as_json = as_json
        self.place: str | None = None
        self.file_bytes: int | None = None
        self.bytes_max = bytes_max

    def install(self, host: Host) -> None:
        """Open the channel; functions are left alone until something is compared, but for those that stay."""
        found = self._folders
        is_list = isinstance(found, list | tuple) and found
        if not is_list or not all(callable(one) or isinstance(one, str | os.PathLike) for one in found):
            host.wrong("folders", found, "a list of paths, or of functions that give one")
        names = self._as_json
        if isinstance(names, str) or not all(isinstance(one, str) and one for one in names):
            host.wrong("as_json", names, "a list of names, with * for any characters")
        if type(self.bytes_max) is not int or self.bytes_max < 1:
            host.wrong("bytes_max", self.bytes_max, "a whole number of 1 or more")
        self.total_max = self.bytes_max * TOTAL_OF
        self.channel = host.channel(self.name, _OPERATIONS)
        held_functions.put_what_stays()

    def follow(self, session: Any, *, waits: bool, stays: bool) -> Any:
        """As packs do around a path (`record.followed_path`)."""
        if session.replaying:
            seen = session.left_by(self.name)
            kept = seen if isinstance(seen, SeenPlaces) else None
            tape = _answers(session)
            before = BeforePath(kept, tape, self.bytes_max, lambda why: session.guessed(self.name, why))
            return ReplayedPath(self, session, before, is_shared=bool(tape["shared"]))
        around = session.follower_around(self.name)
        if isinstance(around, AnsweringPath | PathWithin):
            return PathWithin(self.name, session, around)
        return AnsweringPath(self, session, alone=waits, keeps=stays)

    def replay_in(self, folder: str, file_bytes: int) -> None:
        """Replays of this process have their files there, as large as that: a worker allows no others."""
        self.place, self.file_bytes = folder, file_bytes

    def folders(self) -> CoveredFolders:
        """Those of a path that begins now."""
        return CoveredFolders(self._folders)

    def tell(self, changes: Iterable[FileChange]) -> None:
        """Put what a path left on its tape."""
        for effect in file_effects(changes, self._as_json):
            self.channel.tell(effect.operation, effect.arguments)

    def tell_reads(self, looked_at: Iterable[tuple[str, str]]) -> None:
        """Put on the tape of a replay what it looked at in its own files, and the other path on the disk."""
        for operation, name in looked_at:
            self.channel.ask(operation, (name,), _of_the_tape)

    def name_for(self, real: Callable[[], str]) -> str:
        """A name for `tempfile`: in a replay the n-th one of this piece of work is that of the other path."""
        branch = current_branch()
        work = "" if branch is None or branch.parent is None else str(branch)
        if is_replayed():
            session: Any = current_session()
            given = session.followers[self.name].names_given
            recorded = [answer for (of, *_), answer in recorded_answers(self.name, "name") if of == work]
            number = given[work] = given.get(work, 0) + 1
            if number <= len(recorded):
                return str(recorded[number - 1])
        return str(self.channel.ask("name", (work,), real))


def _of_the_tape() -> None:
    raise AssertionError("a replay is answered from its tape")


def _answers(session: Any) -> Answers:
    """What stands on the tape of a replay, the first answer of each place."""
    found: Answers = {name: {} for name in ("look", "read", "list", "shared")}
    for operation, answers in found.items():
        for (place, *_), answer in session.recorded_answers(FilesPack.name, operation):
            answers.setdefault(place, answer)
    return found


def _name(random: Random, _: str) -> str:
    return "".join(random.choices(_LETTERS, k=_LETTERS_IN_NAME))


def _key(path: str, *_: Any) -> str:
    return path


_OPERATIONS = (
    Operation("look", CallClass.READ, ("path",), unaffected=True),
    Operation("read", CallClass.READ, ("path",), unaffected=True),
    Operation("list", CallClass.READ, ("path",), unaffected=True),
    Operation("shared", CallClass.READ, ("path",), unaffected=True, is_mark=True),
    Operation("name", CallClass.LOCAL, ("work",), make=_name),
    Operation("write", CallClass.EFFECT, ("path", "content", "permissions"), key=_key),
    Operation("mkdir", CallClass.EFFECT, ("path", "permissions"), key=_key),
    Operation("remove", CallClass.EFFECT, ("path",), key=_key),
    Operation("rmdir", CallClass.EFFECT, ("path",), key=_key),
)
