"""Sessions of the price history with something unusual about each: the tags that ordinary days lack."""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from changeover.evidence.sources import Case, SourceOptions
from changeover.migration import Migration
from trading.broker.book import Opening
from trading.broker.faults import Faults, OrdersOf
from trading.clock import SimulatedClock
from trading.compat.history_source import FIRST, LAST, run_of
from trading.compat.odd_strategies import failing, overweight, silent
from trading.compat.openings import balanced, cash_only, in_debt, outside_target
from trading.compat.parts import Parts
from trading.desk import Special
from trading.display import NoDisplay, Screen
from trading.domain.portfolio import consolidate
from trading.market.calendar import session_time
from trading.market.history import HistoricalMarketData, PriceHistory, load_bundled
from trading.settings import Settings
from trading.strategies.strategy import evaluate_strategies

CASES = 2000
AFTER_THE_CLOSE = time(17, 0)
HOURS_IGNORED = 0.5  # the share of cases that ask for it
NOTICEABLE = Decimal("0.02")  # a target weight of this much is traded on an account of the usual size


_NAME = re.compile(r"(-?\d+)-(\d{5,})-[a-z-]+-\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Day:
    """A session and what the strategies want to hold on it."""

    prices: PriceHistory
    settings: Settings
    session: date
    targets: Mapping[str, Decimal]

    def choose_traded_symbol(self, chance: random.Random) -> str:
        """A symbol that an account without positions buys on this day."""
        return chance.choice([symbol for symbol, weight in self.targets.items() if weight >= NOTICEABLE])


@dataclass(frozen=True, slots=True)
class StressCase:
    """One case as seed and number decide it."""

    name: str
    tag: str
    day: Day
    special: Special
    ignores_market_hours: bool = False

    @property
    def now(self) -> datetime:
        """When it begins."""
        if self.tag == "market-closed":
            return session_time(self.day.session, AFTER_THE_CLOSE)
        return session_time(self.day.session)


def add_stress_source(migration: Migration, parts: Parts) -> None:
    """`compare --source stress`."""
    migration.source("stress", population="generated", count=lambda options: options.limit or CASES)(
        lambda options: stress_cases(options, parts)
    )


def stress_cases(options: SourceOptions, parts: Parts) -> Iterable[Case]:
    """Cases that share nothing, each on an account of its own; the seed decides about everything."""
    for number in range(options.limit or CASES):
        case = _draw_case(options.seed, number)
        if options.only in (None, case.name):
            yield from _case(case, parts)


def named_stress_case(name: str) -> StressCase:
    """The case again that had this name; raises ValueError where today's sources draw another one."""
    found = _NAME.fullmatch(name)
    case = None if found is None else _draw_case(int(found[1]), int(found[2]))
    if case is None or case.name != name:
        drawn = "is no name of a stress case" if case is None else f"is drawn as {case.name} now"
        raise ValueError(f"{name} {drawn}")
    return case


def _draw_case(seed: int, number: int) -> StressCase:
    prices, settings = load_bundled(), Settings()
    sessions = [day for day in prices.sessions if FIRST <= day <= LAST]
    chance = random.Random(f"{seed}/{number}")  # noqa: S311  scenarios are no secrets
    tag = list(STRESSES)[number % len(STRESSES)]
    day = _day(prices, settings, chance.choice(sessions))
    special = STRESSES[tag](day, chance)  # what else is drawn is drawn after it: a name stays the same case
    ignores = chance.random() < HOURS_IGNORED
    return StressCase(f"{seed}-{number:05}-{tag}-{day.session}", tag, day, special, ignores)


def _day(prices: PriceHistory, settings: Settings, session: date) -> Day:
    market = HistoricalMarketData(prices, SimulatedClock(session_time(session)))
    signals = evaluate_strategies(settings.weighted_strategies(), market, session)
    return Day(prices, settings, session, consolidate(signals).target_allocations)


def _case(case: StressCase, parts: Parts) -> Iterable[Case]:
    with parts.open_desk(case.now, case.special) as desk:
        system = parts.trading_system(desk, Screen(NoDisplay()))
        run = run_of(desk, system, ignore_market_hours=case.ignores_market_hours)
        yield Case(case.name, run, tags=(case.tag,), key=case.name)


def _faulty(make: Callable[[OrdersOf, random.Random], Faults]) -> Callable[[Day, random.Random], Special]:
    def special(day: Day, chance: random.Random) -> Special:
        return Special(faults=make(OrdersOf(day.choose_traded_symbol(chance)), chance))

    return special


def _missing_quote(day: Day, chance: random.Random) -> Special:
    return Special(faults=Faults(no_quote=frozenset({day.choose_traded_symbol(chance)})))


def _outage(day: Day, chance: random.Random) -> Special:
    method = chance.choice(["account", "positions", "open_orders", "is_market_open", "submit_order", "quote"])
    calls = chance.choice([1, 2, None]) if method == "submit_order" else None
    return Special(faults=Faults(outage_methods=frozenset({method}), outage_calls=calls))


def _opened(make: Callable[[Day, random.Random], Opening]) -> Callable[[Day, random.Random], Special]:
    return lambda day, chance: Special(opening=make(day, chance))


STRESSES: Mapping[str, Callable[[Day, random.Random], Special]] = {
    "dust": _opened(lambda day, chance: cash_only(chance, "1", "99")),
    "millions": _opened(lambda day, chance: cash_only(chance, "1000000", "90000000")),
    "no-positions": _opened(lambda day, chance: cash_only(chance, "5000", "400000")),
    "positions-outside-target": _opened(
        lambda day, chance: outside_target(day.prices, day.session, set(day.targets), chance)
    ),
    "balanced": _opened(
        lambda day, chance: balanced(day.prices, day.session, day.targets, day.settings.cash_reserve, chance)
    ),
    "market-closed": lambda day, chance: Special(),
    "rejected-order": _faulty(lambda orders, chance: Faults(reject=frozenset({orders}))),
    "partial-fill": _faulty(
        lambda orders, chance: Faults(partial={orders: Decimal(chance.choice(["0", "0.25", "0.9"]))})
    ),
    "delayed-fill": _faulty(
        lambda orders, chance: Faults(delay_s={orders: chance.choice([5.0, 45.0, 900.0])})
    ),
    "lost-reply": _faulty(lambda orders, chance: Faults(lose_reply={orders: 1})),
    "missing-quote": _missing_quote,
    "outage": _outage,
    "negative-cash": _opened(lambda day, chance: in_debt(day.prices, day.session, chance)),
    "failing-strategy": lambda day, chance: Special(strategies=failing(day.settings, chance)),
    "no-signals": lambda day, chance: Special(strategies=silent()),
    "weights-off": lambda day, chance: Special(strategies=overweight(chance)),
}
