"""What of the time of a path is none of its own: the world's, and what recording takes.

Calls of a path overlap (`gather`, threads). A moment in which three of them are under way is one moment:

    call 1   |--------|            0 to 9
    call 2      |--------|         3 to 12
    apart    |-----------|         12, not 18
"""

from __future__ import annotations


class WithTimeApart:
    """A session of a path: `port_s` are the seconds so far that are none of its own."""

    port_s = 0.0
    _stretches: list[tuple[float, float]] | None = None

    def spend(self, began: float, ended: float) -> None:
        """Count this stretch, but for what of it is counted already."""
        stretches = self._stretches
        if stretches is None:
            stretches = self._stretches = []
        seconds, first, last = ended - began, began, ended
        later = []
        try:
            while stretches and stretches[-1][1] > began:
                other = other_began, other_ended = stretches.pop()
                if other_began >= ended:  # of a thread that told of it before
                    later.append(other)
                    continue
                seconds -= min(ended, other_ended) - max(began, other_began)
                first, last = min(first, other_began), max(last, other_ended)
        except IndexError:  # another thread was quicker
            pass
        stretches.append((first, last))
        if later:
            stretches.extend(reversed(later))
        self.port_s += seconds
