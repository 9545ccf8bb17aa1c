"""Keeps the interpreter's own doings from holding the window up."""

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geolocdesk.gui.main_window import MainWindow

_SWITCH_INTERVAL_S = 0.001
"""How long another thread may keep the interpreter from the window; Python's own 5 ms add up to a stutter."""


def share_interpreter() -> None:
    """Let the window's thread take the interpreter back soon after another thread took it."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)


def spare_loaded(window: "MainWindow") -> None:
    """Leave out of every search for garbage what is loaded with the window, its map and its reference pack.

    All that never becomes garbage, and going through it takes a tenth of a second in which no thread runs.
    """
    gc.freeze()
    window.map_made.connect(lambda view: view.ready.connect(gc.freeze))
    window.reference.opened.connect(lambda _pack: gc.freeze())
