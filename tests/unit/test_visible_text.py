import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.visible_text import visible_text


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("IMG_2034.jpg", "Željka Novák", "山田太郎.heic", "شارع.png", "50 % — “x” 🙂"):
        assert visible_text(name) == name


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\ufeff", "\x00", "\x1b", "\x7f", "\u2066", "\ud800"])
def test_what_cannot_be_seen_is_spelled_out(hidden: str) -> None:
    assert visible_text(f"photo{hidden}gpj.exe") == f"photo⟨U+{ord(hidden):04X}⟩gpj.exe"


def test_lines_are_kept_only_where_asked_for() -> None:
    assert visible_text("a\nb") == "a⟨U+000A⟩b"
    assert visible_text("a\nb", keep_lines=True) == "a\nb"
    assert visible_text("a\r\nb", keep_lines=True) == "a⟨U+000D⟩\nb"


@given(st.text())
def test_the_result_holds_nothing_invisible(text: str) -> None:
    categories = {unicodedata.category(character) for character in visible_text(text)}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
