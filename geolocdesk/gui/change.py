"""What can be undone: a pair of steps that each say whether they reached the disk."""

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand


class Change(QUndoCommand):
    """Does a step when it is pushed or redone, and its opposite when undone; forgotten where it fails."""

    def __init__(self, text: str, do: Callable[[], bool], undo: Callable[[], bool]) -> None:
        super().__init__(text)
        self._do = do
        self._undo = undo

    def redo(self) -> None:
        """Do the step."""
        self.setObsolete(not self._do())

    def undo(self) -> None:
        """Do its opposite."""
        self.setObsolete(not self._undo())
