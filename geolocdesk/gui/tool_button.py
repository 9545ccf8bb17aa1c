"""Small icon buttons that name their shortcut."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QToolButton

from geolocdesk.gui.icons import icon
from geolocdesk.gui.theme import set_role

_ICON_PX = 16


def tool_button(icon_name: str, name: str, keys: str, triggered: Callable[[], object]) -> QToolButton:
    """Return an icon button; ``keys`` is only named in its tooltip, the widget it stands on handles it."""
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(_ICON_PX, _ICON_PX))
    button.setAccessibleName(name)
    button.setToolTip(f"{name} ({native_keys(keys)})" if keys else name)
    set_role(button, "icon")
    button.clicked.connect(lambda _checked: triggered())
    return button


def native_keys(keys: str) -> str:
    """Return a shortcut as this platform writes it; single characters as they are."""
    return keys if len(keys) == 1 else QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
