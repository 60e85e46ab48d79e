"""Runs fit to be written and shown: a copy without the secrets that a plan, types and the environment name.

Everything that leaves a process goes through one `Redactor`: rows of the store, scenarios, examples on
screens, what a test is told, alerts, lines of the log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import is_
from pathlib import Path
from typing import Any, TypeVar

from changeover.compare.clusters import change_of
from changeover.compare.comparison import Comparison
from changeover.compare.effects import intent_key
from changeover.compare.paths import PathError
from changeover.errors import ConfigurationError
from changeover.record.live_answers import ANSWERS, is_of_call
from changeover.record.port import CallClass
from changeover.record.port_object import PortObject
from changeover.record.replay_problems import ReplayProblem
from changeover.record.run import Run
from changeover.record.scripts import Scripts
from changeover.record.tape import Entry, Tape
from changeover.redaction.environment import is_secret_name, secrets_of_environment
from changeover.redaction.key import KEY_NAME, RedactionKey
from changeover.redaction.masking import NOWHERE, Redacting
from changeover.redaction.redact_paths import RedactPaths, Stand
from changeover.redaction.redacted_runs import Given, RedactedEntry, RedactedTape
from changeover.redaction.secrets import as_secrets, masked, remember, remembered
from changeover.settings import STATE_FOLDER
from changeover.values.content_key import same_content
from changeover.values.divergence import ABSENT, Divergence
from changeover.values.event import EventStep
from changeover.values.log_line import LogLine
from changeover.values.observation import Observation, Outcome, PortCall, Raised, Returned
from changeover.values.pins import Pins

R = TypeVar("R", Run, Observation, LogLine, PortCall, Divergence, ReplayProblem)
_ROOT_OF = {CallClass.EFFECT: "effects"}
WITHHELD = "what its paths sent to the database would hold what is redacted"


def key_path(root: Path) -> Path:
    """Where a project keeps the key of its redaction."""
    return root / STATE_FOLDER / KEY_NAME


class Redactor:
    """Takes secrets out of runs, texts and plain data; what held none comes back as the same object."""

    def __init__(self, paths: RedactPaths, named: frozenset[str], key: RedactionKey) -> None:
        self._paths = paths
        self._named = named
        self._key = key

    @classmethod
    def of(cls, redact: Iterable[str], environment: Mapping[str, str], key_path: Path | None) -> Redactor:
        """For the `redact` paths of a plan and the secrets of an environment; raises ConfigurationError.

        Without a file for its key, equal secrets get equal tokens within this object only.
        """
        try:
            paths = RedactPaths(redact)
        except PathError as error:
            raise ConfigurationError("phases.toml: migration.redact", str(error)) from None
        return cls(paths, secrets_of_environment(environment), RedactionKey(key_path))

    @classmethod
    def for_project(
        cls, redact: Iterable[str], root: Path, environment: Mapping[str, str] | None = None
    ) -> Redactor:
        """The one of a project, with its key beside its evidence."""
        return cls.of(redact, os.environ if environment is None else environment, key_path(root))

    def handed_over(self) -> dict[str, Any]:
        """What another process needs to redact alike, as JSON: the key and secrets, for it alone."""
        return {"key": self._key.key.hex(), "named": sorted(self._named), "found": sorted(remembered())}

    @classmethod
    def like(cls, redact: Iterable[str], handed_over: Mapping[str, Any]) -> Redactor:
        """The one of another process, for the same `redact` paths of a plan."""
        remember(handed_over["found"])
        key = RedactionKey.of(bytes.fromhex(handed_over["key"]))
        return cls(RedactPaths(redact), frozenset(handed_over["named"]), key)

    def prepare(self) -> None:
        """Settle the key, so that a secret has the same token in processes forked from this one."""
        self._key.prepare()

    def run(self, run: Run) -> Run:
        """A copy of the run without secrets, with the same world."""
        first = Redacting(self._paths, self._named, self._key.token)
        done = _Copy(first, run).made()
        if not first.found:
            return done
        remember(first.found)
        # What was found late in the run may stand in a text of its beginning.
        again = Redacting(self._paths, self._named | as_secrets(first.found), self._key.token)
        return _Copy(again, run).made()

    def text(self, text: str, *more: str) -> str:
        """A text without the secrets of the environment, those found lately in runs, and these."""
        known = self._named | remembered() | as_secrets(more)
        return masked(text, known, lambda secret: self._key.token(secret.encode("utf-8", "surrogatepass")))

    def body(self, data: Any) -> Any:
        """JSON-like data without them, names included."""
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, Mapping):
            return {self.body(name): self.body(part) for name, part in data.items()}
        if isinstance(data, list | tuple):
            return [self.body(part) for part in data]
        return data


class _Copy:
    """One run, taken apart by the roots of the paths and put together again."""

    def __init__(self, redacting: Redacting, run: Run) -> None:
        self._redacting = redacting
        self._paths = redacting.paths
        self._has_paths = bool(redacting.paths.start)
        self._run = run

    def made(self) -> Run:
        """The run itself where no secret is in it."""
        run, text = self._run, self._redacting.text
        arguments = self._redacting.value(run.arguments, self._at("arguments"))
        changed: dict[str, Any] = {
            "arguments": arguments,
            "tags": _each(run.tags, text),
            "legacy": self._observation(run.legacy),
            "candidate": self._observation(run.candidate),
            "divergences": _each(run.divergences, self._divergence),
            "notes": _each(run.notes, self._note),
            "reason": None if run.reason is None else text(run.reason),
            "pins": self._pins(run.pins),
        }
        tape = self._tape(run, has_other_arguments=arguments is not run.arguments)
        if tape is not None:
            changed["tape"] = tape
        if changed["divergences"] is not run.divergences:
            # Nothing is kept of a judge that is not ours.
            ours = run.judgement if isinstance(run.judgement, Comparison) else None
            changed["judgement"] = ours and replace(ours, divergences=changed["divergences"])
        return _replaced(run, changed)

    def _tape(self, run: Run, *, has_other_arguments: bool) -> RedactedTape | None:
        """The tape without its secrets; None where it has none, and the run's arguments have none."""
        tape, names = run.tape, self._names
        entries = [self._entry(entry) for entry in tape.entries]
        unfinished, handed_over = names(tape.unfinished), names(tape.handed_over)
        is_clean = all(map(is_, entries, tape.entries)) and self._redacting.retyped is None
        names_are_clean = (unfinished, handed_over) == (tape.unfinished, tape.handed_over)
        scripts = self._scripts(tape)
        if is_clean and not has_other_arguments and names_are_clean and scripts is tape.scripts:
            return None
        made = RedactedTape(tape, run.arguments, entries)
        made.unfinished, made.handed_over = unfinished, handed_over
        made.scripts = scripts
        made.problem = made.problem if made.problem is not None else self._redacting.retyped
        return made

    def _scripts(self, tape: Tape) -> Scripts | None:
        """What packs keep for replays elsewhere: all of it or nothing, as nobody can replay a part of it.

        It holds values that are compared nowhere, so that no path leads to them: what a path hides may stand
        there under the same name.
        """
        scripts = tape.scripts
        if scripts is None:
            return None
        data = scripts.by_side()
        hides = self._redacting.value(data) is not data or bool(self._redacting.found)
        if hides or (self._has_paths and self._paths.may_name(scripts.names())):
            return scripts.withheld(WITHHELD)
        return scripts

    def _names(self, texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self._redacting.text, texts))

    def _at(self, *segments: Any) -> Stand:
        return self._paths.step(self._paths.start, *segments) if self._has_paths else NOWHERE

    def _observation(self, observation: Observation | None) -> Observation | None:
        if observation is None:
            return None
        changed = {
            "outcome": self._outcome(observation.outcome, self._at("result"), self._at("error")),
            "effects": _each(observation.effects, lambda call: self._call("effects", call)),
            "reads": _each(observation.reads, lambda call: self._call("reads", call)),
            "changed": observation.changed and self._changed(observation.changed),
            "logged": _each(observation.logged, self._line),
            "events": _each(observation.events, self._step),
        }
        return _replaced(observation, changed)

    def _step(self, step: EventStep) -> EventStep:
        text = self._redacting.text
        content = step.content
        if content is not None:
            content = self._redacting.value(content, self._at("events", step.bus, step.type))
        names = ("event_id", "type", "correlation_id", "causation_id", "handler")
        known = {name: getattr(step, name) for name in names if getattr(step, name) is not None}
        clean: dict[str, Any] = {name: text(value) for name, value in known.items()}
        return step if content is step.content and clean == known else step._replace(content=content, **clean)

    def _changed(self, changed: Mapping[str, Any]) -> Mapping[str, Any]:
        clean = {
            root: self._answers(value) if root == ANSWERS else self._redacting.value(value, self._at(root))
            for root, value in changed.items()
        }
        return changed if all(clean[root] is value for root, value in changed.items()) else clean

    def _answers(self, answers: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answers that a path changed: the paths of the calls that gave them lead to them as well."""
        clean: dict[str, Any] = {}
        for port, methods in answers.items():
            for method, given in methods.items():
                inside = clean.setdefault(port, {}).setdefault(method, {})
                for name, value in given.items():
                    stand = self._answer((port, method, name))
                    hidden = bool(stand) and self._paths.matches(stand)
                    inside[self._redacting.text(name)] = (
                        self._redacting.secret(value, self._paths.matched(stand))
                        if hidden
                        else self._redacting.value(value, stand)
                    )
        return answers if same_content(clean, answers) else clean

    def _answer(self, place: tuple[str, ...]) -> Stand:
        """Where the paths stand at an answer, by the names of its port, method and key."""
        port, method, name = place
        stand: Stand = frozenset()
        for entry in self._run.tape.entries if self._has_paths else ():
            found = entry.method
            if (found.port, found.name) != (port, method) or not is_of_call(entry, name):
                continue
            call = self._at(_ROOT_OF.get(found.call_class, "reads"), port, method, intent_key(entry.key))
            stand |= call if self._paths.matches(call) else self._paths.step(call, "answer")
        return stand

    def _line(self, line: LogLine) -> LogLine:
        return _replaced(line, {"text": str(self._redacting.value(line.text))})

    def _outcome(self, outcome: Outcome, returned: Stand, raised: Stand) -> Outcome:
        if isinstance(outcome, Raised):
            error = self._redacting.error(outcome.error, raised)
            return outcome if error is outcome.error else Raised(error)
        value = self._redacting.value(outcome.value, returned)
        return outcome if value is outcome.value else Returned(value)

    def _call(self, root: str, call: PortCall) -> PortCall:
        stand = self._at(root, call.port, call.method, intent_key(call.key)) if self._has_paths else NOWHERE
        changed = {
            "key": self._redacting.value(call.key),
            "arguments": self._redacting.value(call.arguments, stand),
            "outcome": self._ended(call.outcome, stand),
        }
        if not isinstance(changed["arguments"], dict):  # a path that names the call itself
            changed["arguments"] = dict.fromkeys(call.arguments, changed["arguments"])
        return _replaced(call, changed)

    def _ended(self, outcome: Outcome, stand: Stand) -> Outcome:
        if not stand:
            return self._outcome(outcome, NOWHERE, NOWHERE)
        return self._outcome(outcome, self._paths.step(stand, "answer"), self._paths.step(stand, "error"))

    def _entry(self, entry: Entry) -> Entry:
        method = entry.method
        root = _ROOT_OF.get(method.call_class, "reads")
        try:
            names, key = entry.arguments, entry.key
        except Exception:  # noqa: BLE001  a key function of the program
            names, key = {}, None
        stand = self._at(root, method.port, method.name, intent_key(key)) if self._has_paths else NOWHERE
        given = self._given((entry.args, entry.kwargs), _positional(names, entry), stand)
        left = None if entry.left is None else self._given(entry.left, _positional(names, entry), stand)
        outcome = None if entry.outcome is None else self._ended(entry.outcome, stand)
        clean, owner = self._redacting.value(key), self._object(entry.owner)
        same = (
            owner is entry.owner
            and _is_given(given, (entry.args, entry.kwargs))
            and (left is None or entry.left is None or _is_given(left, entry.left))
        )
        if same and clean is key and outcome is entry.outcome:
            return entry
        return RedactedEntry(entry, given, outcome, clean, left, owner)

    def _object(self, called: PortObject | None) -> PortObject | None:
        """What tells an object apart, without secrets: a text in place of one would tell it apart wrongly."""
        if called is None:
            return None
        texts = {
            name: text
            for name, text in called.texts.items()
            if not is_secret_name(name) and self._redacting.text(text) == text
        }
        return called if len(texts) == len(called.texts) else called._replace(texts=texts)

    def _given(self, given: Given, names: Sequence[str], stand: Stand) -> Given:
        args, kwargs = given
        return (
            tuple(self._argument(name, value, stand) for name, value in zip(names, args, strict=False)),
            {name: self._argument(name, value, stand) for name, value in kwargs.items()},
        )

    def _argument(self, name: str, value: Any, stand: Stand) -> Any:
        if stand and self._paths.matches(stand):
            return self._redacting.secret(value, self._paths.matched(stand))
        return self._redacting.value(value, self._paths.step(stand, name) if stand else stand)

    def _divergence(self, found: Divergence) -> Divergence:
        stand = self._paths.at(found.place, self._answer) if self._has_paths else NOWHERE
        text, value = self._redacting.text, self._redacting.value
        # `_secret_value` is the field that a secret type hides it in.
        whole = stand is None or found.place.endswith("._secret_value")
        legacy, candidate = (
            side
            if side is ABSENT
            else self._redacting.secret(side, found.place)
            if whole
            else value(side, stand or NOWHERE)
            for side in (found.legacy, found.candidate)
        )
        changed = {
            "place": text(found.place),
            "legacy": legacy,
            "candidate": candidate,
            "consequence_of": None if found.consequence_of is None else text(found.consequence_of),
            "normal_place": None if found.normal_place is None else text(found.normal_place),
        }
        done = _replaced(found, changed)
        return done if done is found else replace(done, pattern=found.pattern or str(change_of(found)))

    def _note(self, note: ReplayProblem) -> ReplayProblem:
        text = self._redacting.text
        call = None if note.call is None else self._call("reads", note.call)
        changed = {"place": text(note.place), "detail": text(note.detail), "call": call}
        return _replaced(note, changed)

    def _pins(self, pins: Pins) -> Pins:
        key = pins.key
        if key is not None:
            hidden = self._has_paths and self._paths.matches(self._at("key"))
            key = self._redacting.secret(key, "key") if hidden else self._redacting.text(key)
        correlation_id = self._redacting.text(pins.correlation_id)
        if key is pins.key and correlation_id is pins.correlation_id:
            return pins
        return Pins(pins.settings, key, correlation_id)


def _replaced(record: R, changed: Mapping[str, Any]) -> R:
    """The record itself where every part of it is still the old one."""
    if all(part is getattr(record, name) for name, part in changed.items()):
        return record
    made: R = replace(record, **changed)
    return made


def _each(items: tuple[Any, ...], done: Callable[[Any], Any]) -> tuple[Any, ...]:
    """What is done to each of them; the old items where all of them are still there."""
    new = tuple(map(done, items))
    return items if all(map(is_, items, new)) else new


def _is_given(given: Given, before: Given) -> bool:
    """Whether nothing in it was replaced."""
    return all(map(is_, given[0], before[0])) and all(map(is_, given[1].values(), before[1].values()))


def _positional(names: Mapping[str, Any], entry: Entry) -> list[str]:
    """A name for each positional argument; those of `*args` share theirs."""
    known = list(names)[: len(entry.args)]
    return known + [known[-1] if known else ""] * (len(entry.args) - len(known))
