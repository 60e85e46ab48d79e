"""A Dask cluster that replays runs: the one file that imports `distributed`.

Submitting, gathering, and trying again what a lost worker had, are Dask's. What is sent are bytes for one
function of a module (`cluster_task.replays`), and what comes back are bytes.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from changeover.errors import ConfigurationError, MissingPackageError, describe_os_error
from changeover.evidence.sent_runs import Given
from changeover.evidence.spool_place import VARIABLES, handed_over
from changeover.operate.cluster_task import END, replays
from changeover.operate.cluster_terms import HASH_SEED, terms
from changeover.operate.messages import packed
from changeover.project import Project
from changeover.values.error_text import class_and_message, message_of

EXTRA = "dask"
OPTION = "--on"
CONNECT_S = 10.0
START_S = 120.0
"""So long a worker may take to import the program."""
NO_WORKERS_S = 60.0
"""So long a cluster may have no workers before its replays are made here."""
_LOOK_S = 0.2
_ASKED_EVERY_S = 2.0
_END_S = 10.0
_AHEAD = 2
_ADDRESS = re.compile(r"dask://([^\s/:@?#]+|\[[0-9a-fA-F:]+\]):([0-9]{1,5})")
_PORT_MAX = 65_535
_GONE = "the cluster does not answer any more"
_EMPTY = f"the cluster has had no worker for {NO_WORKERS_S:g} s"


class _Share:
    """A share of the replays that somebody on the cluster does; see `Given`."""

    def __init__(self, future: Any) -> None:
        self.future = future
        self.parts: list[Any] = []
        self.ended: str | None = None
        self.nobody: str | None = None

    def take(self) -> None:
        """What came of it; raises nothing."""
        try:
            answer = json.loads(self.future.result())
        except Exception as error:  # noqa: BLE001  whatever Dask says of a task that it could not do
            killed = type(error).__name__ == "KilledWorker"
            self.nobody = None if killed else f"{_GONE}: {class_and_message(error)}"
            self.ended = "each worker of the cluster that had it was killed"
            return
        if "refused" in answer:
            self.nobody = "a worker of the cluster is another one now: " + ": ".join(answer["refused"])
        self.parts, self.ended = answer.get("parts", []), answer.get("ended", "it is over")

    def leave(self, why: str) -> None:
        """Nobody waits for it any more."""
        self.nobody = self.ended = why


class DaskCluster:
    """The workers of a scheduler, through a client of Dask; `wanted` is what has to be the same there."""

    def __init__(self, client: Any, wanted: Mapping[str, Any]) -> None:
        self._client = client
        self._id = uuid4().hex
        self._terms = wanted
        self._comparison: dict[str, Any] = {}
        self._at_work: list[_Share] = []
        self._woken = threading.Event()
        self._gone: str | None = None
        self._asked_at = self._had_workers_at = monotonic()
        self._most = 1

    @property
    def most(self) -> int:
        """One replay a thread of a worker."""
        return self._most

    def why_not(self) -> str | None:
        """Why nothing is sent there any more."""
        return self._gone

    def begin(self, comparison: Mapping[str, Any]) -> None:
        """Let each worker import the program; raises ConfigurationError where one of them has another one."""
        variables = {name: value for name, value in _variables().items() if name != HASH_SEED}
        told = {
            **comparison,
            "client": self._id,
            "id": uuid4().hex,
            "terms": self._terms,
            "variables": variables,
        }
        self._comparison = told
        workers = self._client.nthreads()
        if not workers:
            where = self._where
            raise ConfigurationError(OPTION, f"{where} has no workers; start some: dask worker {where}")
        nothing = packed({"comparison": told, "share": {"runs": []}})
        answers = self._answers_of_all(
            {one: self._client.submit(replays, nothing, workers=[one], pure=False) for one in workers}
        )
        for worker, (where, problem) in answers.items():
            if problem is not None:
                raise ConfigurationError(f"{where}, on the worker {worker}", problem)
        self._most, self._gone = sum(workers[one] for one in answers), None
        self._had_workers_at = monotonic()

    def _answers_of_all(self, asked: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
        """What is wrong with each worker, None where nothing is; one that has gone meanwhile is left out."""
        answers: dict[str, tuple[str, str | None]] = {}
        until = monotonic() + START_S
        while asked:
            there = self._client.nthreads()
            for worker, future in [*asked.items()]:
                if future.done():
                    answers[worker] = _problem(future)
                elif worker in there and monotonic() < until:
                    continue
                elif worker in there:
                    answers[worker] = "the program", f"was not imported within {START_S:g} s"
                del asked[worker]
            sleep(_LOOK_S / 2)
        if not answers:
            raise ConfigurationError(OPTION, f"all workers of {self._where} went away")
        return answers

    @property
    def _where(self) -> str:
        return str(self._client.scheduler.address)

    def start(self, share: Mapping[str, Any], body: bytes) -> Given | None:
        """Let a worker do it as soon as one may begin; None where the cluster has gone."""
        while len(self._at_work) >= _AHEAD * self._most:
            self._wait()
        if self._gone is not None:
            return None
        try:
            request = packed({"comparison": self._comparison, "share": dict(share)}, body)
            future = self._client.submit(replays, request, pure=False)
            future.add_done_callback(lambda _: self._woken.set())
        except Exception as error:  # noqa: BLE001  a scheduler that has gone
            self._leave(f"{_GONE}: {type(error).__name__}")
            return None
        given = _Share(future)
        self._at_work.append(given)
        return given

    def finish(self, given: Given) -> None:
        """Wait until it is over."""
        while given.ended is None:
            self._wait()

    def poll(self) -> None:
        """Take what has come."""
        for one in self._at_work:
            if one.future.done():
                one.take()
        self._at_work = [one for one in self._at_work if one.ended is None]

    def _wait(self) -> None:
        self._woken.wait(_LOOK_S)
        self._woken.clear()
        self.poll()
        if self._at_work and monotonic() - self._asked_at > _ASKED_EVERY_S:
            self._ask()

    def _ask(self) -> None:
        """Whether there is anybody: Dask itself waits for ever for a worker that may come."""
        try:
            if self._client.nthreads():
                self._had_workers_at = monotonic()
        except Exception as error:  # noqa: BLE001  a scheduler that has gone
            self._leave(f"{_GONE}: {type(error).__name__}")
            return
        self._asked_at = monotonic()
        if self._asked_at - self._had_workers_at > NO_WORKERS_S:
            self._leave(_EMPTY)

    def _leave(self, why: str) -> None:
        self._gone = why
        for one in self._at_work:
            one.leave(why)
        self._at_work.clear()

    def end(self) -> None:
        """Take back what nobody has begun, and end what somebody is at."""
        left, self._at_work = self._at_work, []
        if left:
            with suppress(Exception):  # it is over in any case
                self._client.cancel([one.future for one in left], force=True)
            self.close()

    def close(self) -> None:
        """End all processes of this client beside the workers."""
        with suppress(Exception):  # those that do not hear of it end by themselves
            self._client.run(replays, packed({END: self._id}), on_error="ignore")


def _problem(future: Any) -> tuple[str, str | None]:
    """What is wrong with a worker that was asked to import the program; None where nothing is."""
    try:
        answer = json.loads(future.result())
    except Exception as error:  # noqa: BLE001  whatever Dask says of a task that it could not do
        said = class_and_message(error)
        return "changeover", f"cannot be used there: {said}; install the same version where the worker runs"
    where, problem = answer.get("refused", ("the program", answer.get("ended")))
    return where, problem


def _variables() -> dict[str, str | None]:
    return handed_over(os.environ)[VARIABLES]


@contextmanager
def dask_cluster(address: str, project: Project) -> Iterator[DaskCluster]:
    """The cluster of an address such as `dask://10.0.0.4:8786`; raises ConfigurationError."""
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[2]) <= _PORT_MAX:
        raise ConfigurationError(
            OPTION, f"was {address!r}, allowed: dask://HOST:PORT, where a Dask scheduler listens"
        )
    wanted = terms(project)
    if find_spec("distributed") is None:
        raise MissingPackageError("distributed", EXTRA)
    try:
        # Dask goes on trying for as long as it may; where nothing listens that is known at once.
        socket.create_connection((found[1].strip("[]"), int(found[2])), CONNECT_S).close()
    except OSError as error:
        said = describe_os_error(error)
        raise ConfigurationError(OPTION, f"{address}: nothing listens there: {said}") from error
    from distributed import Client

    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said in our own words
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # other versions of packages on a worker: `begin` says what counts
            client = Client(f"{found[1]}:{found[2]}", timeout=CONNECT_S, set_as_default=False)
    except Exception as error:
        said = message_of(error) or type(error).__name__
        raise ConfigurationError(OPTION, f"{address}: no Dask scheduler answers there: {said}") from error
    cluster = DaskCluster(client, wanted)
    try:
        yield cluster
    finally:
        cluster.close()
        with suppress(Exception):
            client.close(timeout=_END_S)
