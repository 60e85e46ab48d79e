"""Which event ids were seen lately, in memory that does not grow."""

RECENT_IDS_MAX = 2048


class RecentIds:
    """Remembers at least the last `RECENT_IDS_MAX` ids and at most twice as many.

    Two generations instead of one ordered ring: forgetting is one swap in thousands of additions, and both
    sets are public because the bus asks them without the cost of a call.
    """

    __slots__ = ("old", "young")

    def __init__(self) -> None:
        self.young: set[str] = set()
        self.old: set[str] = set()

    def add(self, event_id: str) -> bool:
        """True where the id is new; it is then remembered."""
        if event_id in self.young or event_id in self.old:
            return False
        if len(self.young) >= RECENT_IDS_MAX:
            self.old, self.young = self.young, set()
        self.young.add(event_id)
        return True
