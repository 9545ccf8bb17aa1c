"""Long work of the window itself, a step at a time."""

from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer


class Turns(QObject):
    """Does one step in each turn of the event loop, so that the window answers between two of them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._do_next)

    @property
    def is_busy(self) -> bool:
        """Return whether steps are left to do."""
        return bool(self._steps)

    def begin(self, steps: Iterable[Callable[[], object]]) -> None:
        """Do the first of these steps at once and the others after it, in place of what was left of the last ones."""
        self._steps = deque(steps)
        self._do_next()

    def cancel(self) -> None:
        """Drop what is left to do."""
        self._steps.clear()
        self._timer.stop()

    def _do_next(self) -> None:
        if self._steps:
            self._steps.popleft()()
        if self._steps:
            self._timer.start()
        else:
            self._timer.stop()
