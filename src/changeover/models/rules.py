"""`rules.toml`, `waivers.toml` and `blindspots.toml`: how places are compared, and what is accepted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from changeover.models.base import UNSET, EachOnce, FileTable, Like, Text, refuse
from changeover.values.scalars import Types

PATH_TEXT_MAX = 1_000
_NAME = r'(?:[^.\[\]{}"*,\\ \t\n\r]+|"(?:\\[\s\S]|[^"\\])*")'
_KEY = rf"(?:\*|{_NAME})"
_ITEM = rf"\[{_KEY}(?:,{_KEY})*\]"
_SEGMENT = rf"(?:\*\*|\*|\{{{_NAME}(?:,{_NAME})*\}}|{_NAME}|{_ITEM})"
_REST = rf"(?:{_ITEM}|\.{_SEGMENT})*"
_HOW = "dotted names, * for one, ** for any number, [*] for an item"


def _path(roots: tuple[str, ...], *, wildcards: bool) -> Like:
    root = "|".join(part for name in roots for part in (name, f'"{name}"'))
    first = rf"{root}|\{{(?:{root})(?:,(?:{root}))*\}}" + (r"|\*\*|\*" if wildcards else "")
    begins = ", ".join((*roots, "*, **") if wildcards else roots)
    return Like(rf"(?:{first}){_REST}", f"a place ({_HOW}) that begins with {begins}", PATH_TEXT_MAX)


RulePath = Annotated[
    str, _path(("result", "error", "effects", "events", "arguments", "self", "answers"), wildcards=True)
]
RedactPath = Annotated[
    str, _path(("arguments", "self", "result", "error", "effects", "reads", "events", "key"), wildcards=True)
]
PlaceOfResult = Annotated[str, _path(("result", "error", "arguments", "self", "answers"), wildcards=False)]
SeamPattern = Annotated[str, Like(r"[\w.*:/-]{1,200}", "a seam's name, * for any part of it")]


RULES_MAX = 500
_Exact = Annotated[
    str, Like(r"[0-9]{1,100}(\.[0-9]{1,100})?([eE][+-]?[0-9]{1,3})?", 'an exact decimal as text ("0.01")')
]
_Name = Annotated[str, Like(r"[\s\S]+", "a name")]
MustBe = Literal[
    "bool",
    "bytes",
    "date",
    "datetime",
    "aware-datetime",
    "decimal",
    "float",
    "int",
    "list",
    "mapping",
    "number",
    "path",
    "set",
    "str",
    "time",
    "timedelta",
    "uuid",
]
_TYPES = "strict: 1 is not 1.0; numeric: numbers of all types compare; loose: texts of numbers and dates too"
_LISTS = ("match_by", "order", "same_as")


class Defaults(FileTable):
    """What holds where no rule says otherwise."""

    types: Types = Field("strict", description=f"{_TYPES}.")


class Rule(FileTable):
    """How one place, or all places that a pattern matches, are compared."""

    path: RulePath = Field(
        description="The place, such as result.items[*].price or effects.broker.submit[*].at."
    )
    reason: Text = Field(description="Why this may differ; screens and gates show it.")
    seam: SeamPattern = Field(UNSET, description="Only in this seam; * stands for any part of its name.")
    until: date = Field(UNSET, description="The last day it holds; after it, the rule is an error.")
    abs: _Exact = Field(UNSET, description="Numbers may differ by so much.")
    rel: _Exact = Field(UNSET, description="Numbers may differ by such a share of the larger one.")
    types: Types = Field(UNSET, description=f"{_TYPES}; here and below.")
    zones: Literal["any"] = Field(
        UNSET, description="One moment may have any offset from UTC; here and below."
    )
    match_by: Annotated[list[_Name], EachOnce(), Field(min_length=1, max_length=20)] = Field(
        UNSET, description="Rows of this list are joined by these fields."
    )
    order: Literal["any"] = Field(UNSET, description="The order of this list does not count.")
    same_as: Literal["bijection"] = Field(
        UNSET, description="Names that each path gives itself: the same one on both sides, one to one."
    )
    ignore: bool = Field(UNSET, description="Whether the value is not compared, here and below.")
    must_be: MustBe = Field(UNSET, description="The type that an ignored value must still have.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Rule:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        given = self.model_fields_set - {"path", "reason", "seam", "until"}
        if not given:
            settings = list(type(self).model_fields)[4:]
            yield (), f"says nothing, allowed: {', '.join(settings)}"
        if self.ignore:
            for key in sorted(given - {"ignore", "must_be"}):
                yield (key,), f"ignores the place and gives {key}; allowed: one of them"
        elif "must_be" in given:
            yield ("must_be",), "goes with ignore = true"
        lists = [key for key in _LISTS if key in given]
        if len(lists) > 1:
            yield (lists[1],), f"gives {' and '.join(lists)}; allowed: one of them"
        if "same_as" in given and given & {"abs", "rel"}:
            yield ("same_as",), "gives a tolerance and same_as; allowed: one of them"


class RulesFile(FileTable):
    """Where the comparison is not strict, and why."""

    defaults: Defaults = Field(UNSET, description="What holds where no rule says otherwise.")
    rule: Annotated[list[Rule], Field(max_length=RULES_MAX)] = Field(
        [], description="The rules; the more specific path wins."
    )


_Digits = Annotated[
    str, Like("[0-9a-f]{6,64}", "6 to 64 digits of 0-9 and a-f, as changeover explain shows them")
]


class Waiver(FileTable):
    """One cluster of differences that counts as waived until a day. An effect cannot be waived."""

    cluster: _Digits = Field(description="The beginning of the cluster's identifier.")
    owner: Text = Field(description="Who answers for it.")
    reason: Text = Field(description="Why it may be, for now.")
    until: date = Field(description="The last day it holds, at most a year ahead; then its gate fails.")


class WaiversFile(FileTable):
    """Differences that somebody accepted for now: `changeover waive` writes them."""

    waiver: list[Waiver] = Field([], description="The waivers; each cluster once.")

    @model_validator(mode="after")
    def _each_cluster_once(self) -> WaiversFile:
        refuse(
            (("waiver", at, "cluster"), f"{one.cluster!r} is waived already, by {other.owner}")
            for at, one in enumerate(self.waiver)
            for other in self.waiver[:at]
            if one.cluster.startswith(other.cluster) or other.cluster.startswith(one.cluster)
        )
        return self


ACCEPTED_MAX = 500


class BlindSpot(FileTable):
    """One place of a result or an error whose change the comparison may miss. Never a place of an effect."""

    seam: SeamPattern = Field(description="The seam; * stands for any part of its name.")
    place: PlaceOfResult = Field(description="The place, written as in rules: result.plan_id.")
    reason: Text = Field(description="Why a change there does no harm.")


class BlindSpotsFile(FileTable):
    """What the comparison does not notice and somebody accepts: `changeover rules blindspots` finds them."""

    blindspot: Annotated[list[BlindSpot], Field(max_length=ACCEPTED_MAX)] = Field(
        [], description="The accepted ones; each place of a seam once."
    )

    @model_validator(mode="after")
    def _each_place_once(self) -> BlindSpotsFile:
        seen = [(one.seam, one.place) for one in self.blindspot]
        refuse(
            (("blindspot", at, "place"), f"{place!r} of {seam!r} is accepted already")
            for at, (seam, place) in enumerate(seen)
            if (seam, place) in seen[:at]
        )
        return self
