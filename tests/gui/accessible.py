"""What every widget owes to somebody who does not see it or has no mouse."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QTabBar, QWidget


def assert_accessible(root: QWidget) -> None:
    """Fail where something that takes the keyboard has no name, or a button no way to be reached."""
    for widget in (root, *root.findChildren(QWidget)):
        if not _is_used(widget, root):
            continue
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(widget, QTabBar):
            assert _spoken_name(widget), f"{widget!r} has no accessible name"
        if isinstance(widget, QAbstractButton):
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, (
                f"{widget!r} is out of the keyboard's reach"
            )


def _is_used(widget: QWidget, root: QWidget) -> bool:
    if isinstance(widget.parentWidget(), QLineEdit | QAbstractSpinBox | QTabBar | QComboBox):
        return False  # Qt's own parts of a control, reached and named through it
    return widget is root or widget.isVisibleTo(root)


def _spoken_name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return str(interface.text(QAccessible.Text.Name))
