"""The few questions the window asks before it does something that cannot be taken back."""

from enum import Enum

from PySide6.QtWidgets import QMessageBox, QWidget


class Unsaved(Enum):
    """What to do with a case that was never saved under a name."""

    SAVE = "save"
    KEEP = "keep"
    DISCARD = "discard"
    CANCEL = "cancel"


def ask_about_unsaved(parent: QWidget, photos: int) -> Unsaved:
    """Ask what becomes of an untitled case."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Save this case?")
    box.setText("This case was never saved under a name.")
    noun = "photo" if photos == 1 else "photos"
    box.setInformativeText(
        f"It holds {photos:,} {noun}. Kept for later, it opens again at the next start. Discarded, its answers, "
        "notes and audit trail are gone; the photos themselves are not touched."
    )
    save = box.addButton("Save as …", QMessageBox.ButtonRole.AcceptRole)
    keep = box.addButton("Keep for later", QMessageBox.ButtonRole.ApplyRole)
    discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(save)
    box.exec()
    answers = {save: Unsaved.SAVE, keep: Unsaved.KEEP, discard: Unsaved.DISCARD}
    clicked = box.clickedButton()
    return next((answer for button, answer in answers.items() if button is clicked), Unsaved.CANCEL)


def ask_to_stop(parent: QWidget, what: str) -> bool:
    """Ask whether to end while something runs; return whether to."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Stop and close?")
    box.setText(f"{what} is under way.")
    box.setInformativeText("What is finished is saved. The rest can be started again the next time.")
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton("Keep going", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is stop
