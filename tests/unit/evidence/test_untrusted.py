import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geolocdesk.evidence.untrusted import clean_text, shown_path


@pytest.mark.parametrize(
    ("untrusted", "clean"),
    [
        ("NIKON D70s", "NIKON D70s"),
        ("  two\n lines\t here ", "two lines here"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("gpj.\u202exe", "gpj.xe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("Łódź 東京 🏔", "Łódź 東京 🏔"),
        ("lone \udcff surrogate", "lone surrogate"),
        ("\x00" * 5000 + "after", ""),
    ],
)
def test_only_what_can_be_seen_remains(untrusted: str, clean: str) -> None:
    assert clean_text(untrusted, 100) == clean


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.integers(1, 50))
def test_any_text_becomes_one_short_visible_line(untrusted: str, limit: int) -> None:
    clean = clean_text(untrusted, limit)
    assert len(clean) <= limit
    assert clean.isprintable()
    assert not {unicodedata.category(character) for character in clean} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    clean.encode("utf-8")


def test_a_files_name_is_untrusted_too() -> None:
    assert shown_path(Path("a\nb\x1b]0;title\x07.jpg")) == "a b]0;title.jpg"
