"""Which comparison a page is about: what was asked for, else what says the worst about today's code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.store.records import KeptCorpus
from changeover.views.html.data import DIVERGED, UNSAFE, word_of, worst_first


class NothingToReport(ChangeoverError):
    """There is no comparison that a page could be about."""


def chosen(corpora: Sequence[KeptCorpus], wanted: Sequence[str], code: str | None, rules: str) -> KeptCorpus:
    """`corpora` are the latest first; `wanted` are numbers or sources, of several the worst is taken.

    Raises NothingToReport where nothing was compared, ConfigurationError where it was not what is wanted.
    """
    if not corpora:
        raise NothingToReport("nothing was compared yet: changeover compare --source NAME")
    if wanted:
        return worst_first([_named(corpora, name) for name in wanted])[0]
    today = [one for one in corpora if (one.code, one.rules) == (code, rules) and says_something(one)]
    if today:
        return worst_first(latest_of_each(today))[0]
    return next((one for one in corpora if not one.partial), corpora[0])


def begun_since(corpora: Sequence[KeptCorpus], moment: datetime) -> tuple[KeptCorpus, ...]:
    """Those that began then or later; raises NothingToReport where none of them was kept."""
    found = tuple(one for one in corpora if one.at >= moment.replace(microsecond=0))
    if not found:
        raise NothingToReport("the store did not keep what was compared")
    return found


def beside(corpora: Sequence[KeptCorpus], shown: KeptCorpus) -> tuple[KeptCorpus, ...]:
    """The latest comparisons of other sources than the one that is shown."""
    return tuple(
        one for one in latest_of_each(list(filter(says_something, corpora))) if one.source != shown.source
    )


def says_something(corpus: KeptCorpus) -> bool:
    """Whether it speaks about its source: one that stopped early does where something differs."""
    return not corpus.partial and (corpus.whole or word_of(corpus) in (UNSAFE, DIVERGED))


def latest_of_each(corpora: Sequence[KeptCorpus]) -> list[KeptCorpus]:
    """Of each source the first that is met."""
    found: dict[str, KeptCorpus] = {}
    for corpus in corpora:
        found.setdefault(corpus.source, corpus)
    return list(found.values())


def _named(corpora: Sequence[KeptCorpus], name: str) -> KeptCorpus:
    for corpus in corpora:
        if name in (str(corpus.number), corpus.source):
            return corpus
    known = ", ".join(dict.fromkeys(one.source for one in corpora))
    numbers = ", ".join(str(one.number) for one in corpora[:10])
    raise ConfigurationError("--corpus", f"was {name!r}, allowed: {known}; or by number: {numbers}")
