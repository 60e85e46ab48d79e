"""The types whose values cannot change and have no attributes: they are shared by every copy."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import ModuleType
from uuid import UUID
from zoneinfo import ZoneInfo

ATOMS: frozenset[type] = frozenset(
    {
        *(type(None), bool, int, float, complex, str, bytes, range, type(...), type(NotImplemented)),
        *(Decimal, datetime, date, time, timedelta, timezone, ZoneInfo, UUID),
        *(type, ModuleType),
    }
)
"""In values of these types nothing can change, and no attribute stands."""
