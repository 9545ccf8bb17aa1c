"""The way of the Tab key: as things stand one below the other, whenever they were made."""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QWidget


def follow_layout(layout: QLayout) -> None:
    """Let Tab go through what lies in a layout in its order, from where its first widget stands in the chain."""
    reached = [widget for widget in _widgets_in(layout) if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    for before, after in pairwise(reached):
        QWidget.setTabOrder(before, after)


def _widgets_in(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        inner = None if item is None else item.layout()
        widget = None if item is None else item.widget()
        if inner is not None:
            yield from _widgets_in(inner)
        elif widget is not None:
            yield widget
            held = widget.layout()
            if held is not None:
                yield from _widgets_in(held)
