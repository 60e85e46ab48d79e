"""Ports for the libraries that programs use: each pack is one line, `migration.use(NAME)`.

What stands here is all that a pack of somebody else needs; it is offered as an entry point of the group
`changeover.packs`.
"""

from changeover.packs.host import Host, Pack, cannot_be_followed, is_replayed, made_for_path, serving
from changeover.packs.patches import replace
from changeover.record.channel import Channel, Operation
from changeover.record.port import CallClass

__all__ = [
    "CallClass",
    "Channel",
    "Host",
    "Operation",
    "Pack",
    "cannot_be_followed",
    "is_replayed",
    "made_for_path",
    "replace",
    "serving",
]
