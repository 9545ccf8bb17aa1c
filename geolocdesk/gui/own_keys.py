"""Keys that mean something of their own in one panel, whatever they mean in the rest of the window."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget


class OwnKeys(QObject):
    """Answers keys pressed in a widget, or in what it holds, before the window's shortcuts are asked.

    Qt would find a shortcut of the panel and one of the window for the same key ambiguous and take neither.
    """

    def __init__(self, widget: QWidget, *before: QWidget) -> None:
        """Listen in ``widget``, and in those ``before`` it that would take some of the keys for themselves."""
        super().__init__(widget)
        self._acts: dict[str, Callable[[], object]] = {}
        for listened in (widget, *before):
            listened.installEventFilter(self)

    def add(self, keys: str, act: Callable[[], object]) -> None:
        """Do this on that key."""
        self._acts[QKeySequence(keys).toString()] = act

    def add_action(self, action: QAction) -> None:
        """Trigger an action on any of its shortcuts; where it is disabled nothing happens, not even elsewhere."""
        for keys in action.shortcuts():
            self.add(keys.toString(), action.trigger)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim our keys when Qt asks whose they are, and act when they come."""
        if isinstance(event, QKeyEvent):
            act = self._acts.get(QKeySequence(event.keyCombination()).toString())
            if act is not None and event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if act is not None and event.type() == QEvent.Type.KeyPress:
                act()
                return True
        return super().eventFilter(watched, event)
