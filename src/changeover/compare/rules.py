"""All rules of a migration."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from hashlib import sha256

from changeover.compare.path_states import PathStates, opened, stepped
from changeover.compare.paths import ItemIs, NameIs
from changeover.compare.rule import AT_THE_PLACE, INHERITED, Rule
from changeover.quick_dataclass import dataclass
from changeover.values.place import Key, RowKey, Segment, TypedKey
from changeover.values.scalars import Types

_Inherited = tuple[tuple[str, int], ...]

IDENTITY_LEVELS = 4
"""`effects`, port, method and intent key: what an effect is, as opposed to its arguments."""


class Node:
    """One place as the rules see it: the settings there, and the way on to the places below."""

    __slots__ = (
        *("absolute", "absolute_rule", "any_order", "any_order_rule", "bijection", "bijection_rule"),
        *("ignore", "ignore_rule", "match_by", "match_by_rule", "may_pair", "must_be"),
        *("any_zone", "relative", "relative_rule", "types", "types_rule", "zones_rule"),
        *("_any_item", "_any_name", "_effect_level", "_inherited", "_matcher", "_next", "_states"),
    )

    def __init__(
        self, matcher: Matcher, states: PathStates, inherited: _Inherited, effect_level: int
    ) -> None:
        self._matcher = matcher
        self._states = states
        self._inherited = inherited
        self._effect_level = effect_level
        self._next: dict[str, Node] = {}
        self._any_name: Node | None = None
        self._any_item: Node | None = None
        rules = matcher.rules
        nearest = {setting: rules[index] for setting, index in inherited}
        self.types_rule = nearest.get("types")
        self.types: Types = (self.types_rule and self.types_rule.types) or matcher.types
        self.absolute_rule = nearest.get("absolute")
        self.absolute = self.absolute_rule.absolute if self.absolute_rule else None
        self.relative_rule = nearest.get("relative")
        self.relative = self.relative_rule.relative if self.relative_rule else None
        self.ignore_rule = nearest.get("ignore")
        self.ignore = bool(self.ignore_rule and self.ignore_rule.ignore)
        self.zones_rule = nearest.get("zones")
        self.any_zone = self.zones_rule is not None
        self.must_be = self.ignore_rule.must_be if self.ignore_rule else None
        here = matcher.winners(matcher.accepted(states), AT_THE_PLACE)
        self.match_by_rule = here.get("match_by")
        self.match_by = self.match_by_rule.match_by if self.match_by_rule else None
        self.any_order_rule = here.get("any_order")
        self.any_order = self.any_order_rule is not None
        self.bijection_rule = here.get("bijection")
        self.bijection = self.bijection_rule is not None
        self.may_pair = any(rules[index].bijection for index, _ in states)

    @property
    def tolerates(self) -> bool:
        """True where some difference between two numbers may be accepted."""
        return self.absolute is not None or self.relative is not None

    def at(self, segment: Segment) -> Node:
        """The place one segment below."""
        if isinstance(segment, (int, RowKey)):
            return self.item(segment)
        return self.name(segment)

    def name(self, name: str | Key | TypedKey) -> Node:
        """The place below that has this name."""
        text = str(name)
        if text in self._matcher.names:
            found = self._next.get(text)
            if found is None:
                found = self._next[text] = self._step(text)
            return found
        if self._any_name is None:
            self._any_name = self._step(text)
        return self._any_name

    def item(self, item: int | RowKey) -> Node:
        """The place of this item below."""
        if self._matcher.names_items:
            return self._step(item)
        if self._any_item is None:
            self._any_item = self._step(item)
        return self._any_item

    def _step(self, segment: Segment) -> Node:
        level = self._effect_level
        if level:
            level = min(level + 1, IDENTITY_LEVELS + 1)
        elif segment == "effects" and self is self._matcher.root:
            level = 1
        return self._matcher.step(self._states, self._inherited, segment, level)


class Matcher:
    """The rules of one seam. `root` is the place above `result`, `error` and `effects`."""

    def __init__(self, rules: tuple[Rule, ...], types: Types) -> None:
        self.rules = rules
        self.types: Types = types
        self._paths = tuple(rule.path.parts for rule in rules)
        parts = [part for path in self._paths for part in path]
        named = [part.names for part in parts if isinstance(part, NameIs) and part.names]
        self.names = frozenset({"effects"}).union(*named)
        self.names_items = any(isinstance(part, ItemIs) and part.parts is not None for part in parts)
        self._nodes: dict[tuple[PathStates, _Inherited, int], Node] = {}
        states = opened(self._paths, {(index, 0) for index in range(len(rules))})
        everywhere = [index for index, at in states if self._is_end(index, at)]
        self.root = self._node(states, self._inheriting((), everywhere), 0)

    @property
    def pairs(self) -> bool:
        """True where identifiers are matched by a bijection anywhere."""
        return self.root.may_pair

    def step(self, states: PathStates, inherited: _Inherited, segment: Segment, effect_level: int) -> Node:
        """The place reached by one segment."""
        stayed, arrived = stepped(self._paths, states, segment)
        arrivals = opened(self._paths, arrived)
        # A rule that ends in `**` went on matching, it did not match anew: here it is an ancestor's.
        after = arrivals | opened(self._paths, stayed)
        anew = {index for index, at in arrivals if self._is_end(index, at)}
        nearest = self._inheriting(inherited, sorted(anew))
        if 0 < effect_level <= IDENTITY_LEVELS:
            nearest = tuple((setting, index) for setting, index in nearest if setting != "ignore")
        return self._node(after, nearest, effect_level)

    def accepted(self, states: PathStates) -> list[int]:
        """The rules whose whole path matches here."""
        return sorted(index for index, at in states if self._is_end(index, at))

    def winners(self, indexes: list[int], settings: tuple[str, ...]) -> dict[str, Rule]:
        """The most specific rule for each setting, of those that say something about it."""
        found: dict[str, Rule] = {}
        for rule in (self.rules[index] for index in indexes):
            for setting in settings:
                if rule.says(setting) is not None and (
                    setting not in found or rule.rank > found[setting].rank
                ):
                    found[setting] = rule
        return found

    def _inheriting(self, inherited: _Inherited, anew: list[int]) -> _Inherited:
        if not anew:
            return inherited
        nearest = dict(inherited)
        for setting, rule in self.winners(anew, INHERITED).items():
            nearest[setting] = self.rules.index(rule)
        return tuple(sorted(nearest.items()))

    def _node(self, states: PathStates, inherited: _Inherited, effect_level: int) -> Node:
        key = (states, inherited, effect_level)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = Node(self, states, inherited, effect_level)
        return found

    def _is_end(self, index: int, at: int) -> bool:
        return at == len(self._paths[index])


MATCHERS_KEPT_MAX = 1_000


@dataclass(frozen=True)
class Rules:
    """All rules of a migration. `types` is what holds where no rule says otherwise."""

    rules: tuple[Rule, ...] = ()
    types: Types = "strict"
    _matchers: dict[str, Matcher] = field(default_factory=dict, init=False, repr=False, compare=False)

    def for_seam(self, seam: str) -> Matcher:
        """The rules that hold in a seam, ready to be walked with; made once per seam."""
        found = self._matchers.get(seam)
        if found is None:
            if len(self._matchers) >= MATCHERS_KEPT_MAX:
                self._matchers.clear()
            found = Matcher(tuple(rule for rule in self.rules if rule.covers(seam)), self.types)
            self._matchers[seam] = found
        return found

    @cached_property
    def digest(self) -> str:
        """Of what the rules say, whatever the layout of their file: evidence is about one digest."""
        said = [self.types, *(repr((rule.path.text, rule.seam, _said(rule))) for rule in self.rules)]
        return sha256("\n".join(said).encode()).hexdigest()


STRICT = Rules()
"""No rule: everything is compared strictly."""


def _said(rule: Rule) -> list[tuple[str, str]]:
    return [
        (setting, str(rule.says(setting)))
        for setting in (*INHERITED, *AT_THE_PLACE)
        if rule.says(setting) is not None
    ]
