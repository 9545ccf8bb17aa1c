"""Which of the window's actions can be taken now."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is to act on."""

    has_case: bool
    can_change: bool
    """A case is open that can be written."""
    photos: int
    """In the case."""
    listed: int
    """Of those, in the list as it is filtered now."""
    has_selection: bool
    has_answer: bool
    has_pack: bool
    has_map: bool
    can_stop: bool
    can_undo: bool
    can_redo: bool


def possible_actions(now: Situation) -> dict[str, bool]:
    """Return for each action that is not always possible whether it is."""
    can_add = now.can_change or not now.has_case
    changes_selected = now.can_change and now.has_selection
    return {
        "save_as": now.has_case,
        "close_case": now.has_case,
        "details": now.can_change,
        "undo": now.can_undo,
        "redo": now.can_redo,
        "paste": can_add,
        "add_photos": can_add,
        "add_folder": can_add,
        "next": now.listed > 0,
        "previous": now.listed > 0,
        "select_all": now.listed > 0,
        "tags": changes_selected,
        "note": changes_selected,
        "remove": changes_selected,
        "copy_hash": now.has_selection,
        "show_file": now.has_selection,
        "analyse": now.can_change and now.photos > 0,
        "analyse_again": changes_selected,
        "conditions": changes_selected,
        "stop": now.can_stop,
        "compare": now.has_answer,
        "restore_all": now.can_change and now.has_answer,
        "fit_answer": now.has_answer,
        "fit_everything": now.has_answer,
        "fit_world": now.has_map,
        "measure": now.has_map,
        "add_base_map": now.has_map,
        "append_pack": now.has_pack,
        "verify_pack": now.has_pack,
        "pack_info": now.has_pack,
        "report": now.has_case,
    }
