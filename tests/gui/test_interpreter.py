import gc
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtCore import QObject, Signal

from geolocdesk.gui.interpreter import share_interpreter, spare_loaded
from geolocdesk.gui.main_window import MainWindow


class Teller(QObject):
    map_made = Signal(object)
    opened = Signal(object)
    ready = Signal()


@pytest.fixture
def switch_interval() -> Iterator[float]:
    before = sys.getswitchinterval()
    yield before
    sys.setswitchinterval(before)


def test_other_threads_give_the_interpreter_back_soon(switch_interval: float) -> None:
    share_interpreter()
    assert sys.getswitchinterval() < switch_interval


def test_what_is_loaded_is_left_out_of_the_search_for_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[str] = []
    after = ["the window"]
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(after[-1]))
    teller = Teller()
    spare_loaded(cast("MainWindow", SimpleNamespace(map_made=teller.map_made, reference=teller)))
    teller.map_made.emit(teller)
    after.append("the map")
    teller.ready.emit()
    after.append("the pack")
    teller.opened.emit(object())
    assert frozen == ["the window", "the map", "the pack"]
