"""How fast a batch goes and how long it will still take, in words."""

from collections import deque
from dataclasses import dataclass, field

_WINDOW_S = 20.0
_LEAST_ITEMS = 2
NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(slots=True)
class Throughput:
    """Watches a counter; the rate is that of the last seconds, since a batch does not go evenly."""

    total: int
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, now_s: float, done: int) -> None:
        """Take in that ``done`` items are finished at a time on any steady clock."""
        self._seen.append((now_s, done))
        while len(self._seen) > _LEAST_ITEMS and now_s - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()

    @property
    def done(self) -> int:
        """Return how many items are finished."""
        return self._seen[-1][1] if self._seen else 0

    def rate_per_s(self) -> float | None:
        """Return items a second, or None while too little is known."""
        if len(self._seen) < _LEAST_ITEMS:
            return None
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        if last - first < 1 or last_s <= first_s:
            return None
        return (last - first) / (last_s - first_s)

    def text(self) -> str:
        """Return for example ``12 of 1,000 · 3.4 photos a second · about 5 minutes left``."""
        parts = [f"{self.done:,} of {self.total:,}"]
        rate = self.rate_per_s()
        if rate is not None:
            parts.append(rate_text(rate))
            if self.done < self.total:
                parts.append(left_text((self.total - self.done) / rate))
        return " · ".join(parts)


def rate_text(rate_per_s: float) -> str:
    """Return a rate with as many digits as it is worth: ``34 photos a second``, ``12 photos a minute``."""
    if rate_per_s >= 9.95:
        return f"{rate_per_s:.0f}{NO_BREAK}photos a second"
    if rate_per_s >= 0.95:
        return f"{rate_per_s:.1f}{NO_BREAK}photos a second"
    return f"{max(rate_per_s * 60, 1):.0f}{NO_BREAK}photos a minute"


def left_text(seconds: float) -> str:
    """Return a remaining time, rounded to what one can trust: ``about 5 minutes left``."""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds / 10) * 10} seconds left"
    minutes = round(seconds / 60)
    if minutes <= 1:
        return "about a minute left"
    if minutes < 60:
        return f"about {minutes} minutes left"
    hours, rest = divmod(round(minutes / 15) * 15, 60)
    if rest == 0:
        return f"about {hours} {'hour' if hours == 1 else 'hours'} left"
    return f"about {hours} h {rest} min left"
