"""Text from files and packs, made safe to look at: nothing in it can hide, reorder or format what is read."""

import unicodedata

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, bidirectional overrides, zero-width marks, lone surrogates, unassigned, line and paragraph ends."""


def visible_text(untrusted_text: str, *, keep_lines: bool = False) -> str:
    """Return the text with every invisible character spelled out, as in ``photo⟨U+202E⟩gpj.exe``.

    A right-to-left override turns ``photo`` + U+202E + ``gpj.exe`` into something that looks like a photo; an examiner
    must see what is really there.
    """
    return "".join(
        character if _is_shown(character, keep_lines) else f"⟨U+{ord(character):04X}⟩"
        for character in untrusted_text
    )


def _is_shown(character: str, keep_lines: bool) -> bool:
    if keep_lines and character == "\n":
        return True
    return unicodedata.category(character) not in _INVISIBLE_CATEGORIES
