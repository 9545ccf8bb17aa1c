"""Which jobs run now, and the one of them that the status line shows."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from geolocdesk.gui.soon import Soon
from geolocdesk.gui.status_line import StatusLine

_FIRST_SHOWN = ("build", "verify", "analyse", "add", "open", "recompute", "report")


_REDRAW_MS = 100
"""No eye follows a status line faster, and each drawing of it takes the window's time."""


@dataclass(frozen=True, slots=True)
class _Shown:
    text: str
    done: int
    total: int | None
    stop: Callable[[], object] | None


class JobBoard(QObject):
    """Takes reports from whoever runs jobs."""

    changed = Signal()

    def __init__(self, line: StatusLine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = line
        self._jobs: dict[str, _Shown] = {}
        self._idle = "Ready"
        self._redraw = Soon(_REDRAW_MS, self._draw, self)
        line.stop_requested.connect(self.stop)

    def show(
        self,
        name: str,
        text: str,
        done: int = 0,
        total: int | None = None,
        stop: Callable[[], object] | None = None,
    ) -> None:
        """Show how far a job is; ``stop`` ends it."""
        is_new = name not in self._jobs
        self._jobs[name] = _Shown(text, done, total, stop)
        if is_new:
            self._draw()
            self.changed.emit()
        else:
            self._redraw.ask()

    def end(self, name: str, text: str = "") -> None:
        """Take a job off; the text says how it ended."""
        if text:
            self._idle = text
        if self._jobs.pop(name, None) is not None:
            self.changed.emit()
        self._draw()

    def runs(self, *names: str) -> bool:
        """Return whether any of these jobs runs, or any at all."""
        return any(name in self._jobs for name in names) if names else bool(self._jobs)

    def stop(self) -> None:
        """End the job that is shown, where it can be."""
        current = self._current()
        if current is not None and current.stop is not None:
            current.stop()

    @property
    def can_stop(self) -> bool:
        """Return whether the job that is shown can be ended."""
        current = self._current()
        return current is not None and current.stop is not None

    def _current(self) -> _Shown | None:
        ordered = [*(name for name in _FIRST_SHOWN if name in self._jobs), *self._jobs]
        return self._jobs[ordered[0]] if ordered else None

    def _draw(self) -> None:
        self._redraw.cancel()
        current = self._current()
        if current is None:
            self._line.show_idle(self._idle)
        else:
            self._line.show_job(current.text, current.done, current.total, can_stop=current.stop is not None)
