"""What the page is made of, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from changeover.views.html.caveats import unshown
from changeover.views.html.data import ReportData, counts_of, word_of
from changeover.views.html.headline import headline, worst_cluster


def report_json(data: ReportData) -> dict[str, Any]:
    """Everything that the page says, and the sums it shows."""
    top = headline(data)
    worst = worst_cluster(data)
    seams = data.corpus.seams
    content: dict[str, Any] = plain_data(data)
    return {
        "headline": {"word": top.word, "count": top.count, "sentence": top.sentence, "detail": top.detail},
        "title": top.title,
        "worst_cluster": None if worst is None else worst.digest,
        "counts": {name: plain_data(counts_of([seam])) for name, seam in seams.items()},
        "total": plain_data(counts_of(list(seams.values()))),
        "not_shown": unshown(data),
        **content,
        "others": [{"number": one.number, "source": one.source, "word": word_of(one)} for one in data.others],
    }


def plain_data(value: Any) -> Any:
    """Values of the toolkit as JSON knows them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain_data(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return value
