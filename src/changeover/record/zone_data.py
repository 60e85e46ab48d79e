"""Time zones of other libraries as tagged JSON: by the names under which the library itself knows them."""

from __future__ import annotations

import sys
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from changeover.record.class_lookup import full_name, imported_class
from changeover.record.scalar_data import named_zone
from changeover.values.own_state import module_of, mro, own_state

_FOLDER = "zoneinfo/"


def zone_data(zone: tzinfo) -> dict[str, Any] | None:
    """Tagged by the library; None for a zone that is read as an object."""
    cls = type(zone)
    if ZoneInfo in mro(cls):
        return {"library": "zoneinfo", "t": full_name(cls), "v": ZoneInfo.__dict__["key"].__get__(zone)}
    state = own_state(zone)
    library = module_of(cls).partition(".")[0]
    if library == "pytz":
        name = getattr(zone, "zone", None)
        if type(name) is str:
            kept = [state.get("_utcoffset"), state.get("_dst"), state.get("_tzname")]
            seconds = [None if one is None else one.total_seconds() for one in kept[:2]]
            return {"library": "pytz", "v": name, "at": [*seconds, kept[2]]}
        return {"library": "pytz", "v": None, "minutes": state.get("_minutes")}
    if library == "dateutil":
        if cls.__name__ == "tzutc":
            return {"library": "dateutil", "v": "UTC"}
        if cls.__name__ == "tzoffset":
            return {
                "library": "dateutil",
                "v": None,
                "name": state.get("_name"),
                "seconds": state["_offset"].total_seconds(),
            }
        if cls.__name__ == "tzfile" and type(state.get("_filename")) is str:
            return {"library": "dateutil", "v": state["_filename"].rpartition(_FOLDER)[2]}
    return None


def zone_of(data: dict[str, Any]) -> tzinfo:
    """The zone; raises ValueError, KeyError or TypeError where there is none like it."""
    library = data["library"]
    if library == "zoneinfo":
        cls: Any = imported_class(data["t"])
        if cls is None or ZoneInfo not in mro(cls):
            raise ValueError(f"{data['t']} is no class of zones that is imported")
        named_zone(data["v"])
        made: tzinfo = ZoneInfo.__new__(cls, data["v"])
        return made
    module: Any = sys.modules.get("pytz" if library == "pytz" else "dateutil.tz")
    if module is None or library not in ("pytz", "dateutil"):
        raise ValueError(f"a time zone of {library}, which is not imported")
    if data["v"] is not None:
        named_zone(data["v"])
    zone: tzinfo = (_of_pytz if library == "pytz" else _of_dateutil)(module, data)
    return zone


def _of_pytz(pytz: Any, data: dict[str, Any]) -> Any:
    if data["v"] is None:
        return pytz.FixedOffset(data["minutes"])
    zone = pytz.timezone(data["v"])
    for at, one in (getattr(zone, "_tzinfos", None) or {}).items():
        if [at[0].total_seconds(), at[1].total_seconds(), at[2]] == data["at"]:
            return one
    return zone


def _of_dateutil(tz: Any, data: dict[str, Any]) -> Any:
    if data["v"] is None:
        return tz.tzoffset(data["name"], data["seconds"])
    zone = tz.tzutc() if data["v"] == "UTC" else tz.gettz(data["v"])
    if zone is None:
        raise ValueError(f"dateutil knows no time zone {data['v']}")
    return zone
