"""Work that is asked for often and done seldom."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Soon(QObject):
    """Does one thing a while after it was asked for, once for everyone who asked meanwhile."""

    def __init__(self, delay_ms: int, do: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(do)

    def ask(self) -> None:
        """Have it done; the first of several calls decides when."""
        if not self._timer.isActive():
            self._timer.start()

    def cancel(self) -> None:
        """Have it done no more, until somebody asks again."""
        self._timer.stop()
