"""Whether events that were written under a baseline can still be read, and by whom.

Every change of a shape asks for a higher `schema_version`, also one that today's program would read in both
forms: an older program refuses the new form, and should be told "newer version" rather than "unknown
field". So does a change of what is refused beside the shape: a bound, a validator, a name in JSON. With the
version raised, what makes a change compatible is the upcaster from each earlier version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One incompatibility: the event, the place in it, the rule it breaks, and what to do."""

    event: str
    field: str
    rule: str
    advice: str

    def __str__(self) -> str:
        where = f"{self.event}.{self.field}" if self.field else self.event
        return f"{where}: {self.rule}; {self.advice}"


RAISE = "raise schema_version and add an upcaster from the earlier version"


def check_compatibility(baseline: Mapping[str, Shape], current: Mapping[str, Shape]) -> list[Problem]:
    """What in `current` breaks a promise that `baseline` made, by event and field; empty is compatible."""
    problems: list[Problem] = []
    for event, before in baseline.items():
        now = current.get(event)
        if now is None:
            advice = "keep the class for as long as journals may hold it"
            problems.append(Problem(event, "", "event type was removed", advice))
        elif now["version"] < before["version"]:
            rule = f"schema_version went back from {before['version']} to {now['version']}"
            problems.append(Problem(event, "schema_version", rule, f"use {before['version'] + 1} or more"))
        else:
            problems.extend(_unread_versions(event, before, now))
            if now["version"] == before["version"]:
                problems.extend(_same_version(event, before["shape"], now["shape"]))
    return problems


def _unread_versions(event: str, before: Shape, now: Shape) -> Iterator[Problem]:
    for version in before["reads"]:
        if version not in now["reads"]:
            rule = f"version {version} cannot be read any more"
            yield Problem(event, "schema_version", rule, f"add an upcaster from version {version}")


def _same_version(event: str, before: Shape, now: Shape) -> Iterator[Problem]:
    found = list(_changes(event, "", before, now))
    yield from found
    if not found and before != now:
        yield Problem(event, "", "shape changed, but the version was not raised", RAISE)


def _changes(event: str, path: str, before: Shape, now: Shape) -> Iterator[Problem]:
    if before["kind"] != now["kind"]:
        yield Problem(event, path, f"type changed from {before['kind']} to {now['kind']}", RAISE)
        return
    if before.get("nullable") and not now.get("nullable"):
        yield Problem(event, path, "type was narrowed: null is refused", RAISE)
    if before.get("rules", []) != now.get("rules", []):
        rule = f"what is refused changed from {_listed(before)} to {_listed(now)}"
        yield Problem(event, path, rule, RAISE)
    if before["kind"] == "enum":
        kept = [(type(value), value) for value in now["values"]]
        for value in before["values"]:
            if (type(value), value) not in kept:  # 1, True and "1" are three values
                yield Problem(event, path, f"enum value {value!r} was removed", RAISE)
    elif before["kind"] == "array":
        yield from _changes(event, f"{path}[]", before["items"], now["items"])
    elif before["kind"] == "map":
        yield from _changes(event, f"{path}[]", before["values"], now["values"])
    elif before["kind"] == "object":
        yield from _field_changes(event, path, before["fields"], now["fields"])


def _field_changes(event: str, path: str, before: Shape, now: Shape) -> Iterator[Problem]:
    for name in before:
        inner = f"{path}.{name}" if path else name
        if name not in now:
            yield Problem(event, inner, "field was removed", RAISE)
            continue
        if now[name]["required"] and not before[name]["required"]:
            yield Problem(event, inner, "field became required", RAISE)
        names = [shape[name].get("json_names", [name]) for shape in (before, now)]
        if names[0] != names[1]:
            rule = f"name in JSON changed from {', '.join(names[0])} to {', '.join(names[1])}"
            yield Problem(event, inner, rule, RAISE)
        yield from _changes(event, inner, before[name], now[name])
    for name in now:
        if name not in before and now[name]["required"]:
            inner = f"{path}.{name}" if path else name
            yield Problem(event, inner, "new field is required and has no default", RAISE)


def _listed(shape: Shape) -> str:
    return ", ".join(shape.get("rules", ())) or "nothing"
