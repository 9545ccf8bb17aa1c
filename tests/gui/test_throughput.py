import pytest

from geolocdesk.gui.throughput import NO_BREAK, Throughput, left_text, rate_text


def test_nothing_is_said_about_speed_before_it_is_known() -> None:
    throughput = Throughput(1000)
    assert throughput.text() == "0 of 1,000"
    throughput.note(0.0, 1)
    assert throughput.rate_per_s() is None


def test_the_rate_follows_the_last_seconds() -> None:
    throughput = Throughput(1000)
    for second in range(100):
        throughput.note(float(second), second)  # one a second
    for second in range(100, 130):
        throughput.note(float(second), 100 + (second - 100) * 10)  # then ten
    assert throughput.rate_per_s() == pytest.approx(10.0)
    assert throughput.text().startswith(f"390 of 1,000 · 10{NO_BREAK}photos a second · about a minute left")


@pytest.mark.parametrize(
    ("rate", "text"),
    [(34.2, "34 photos a second"), (3.44, "3.4 photos a second"), (0.2, "12 photos a minute")],
)
def test_rates_in_words(rate: float, text: str) -> None:
    assert rate_text(rate).replace(NO_BREAK, " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "a few seconds left"),
        (34, "about 30 seconds left"),
        (70, "about a minute left"),
        (290, "about 5 minutes left"),
        (3600, "about 1 hour left"),
        (5500, "about 1 h 30 min left"),
        (7300, "about 2 hours left"),
    ],
)
def test_remaining_times_in_words(seconds: float, text: str) -> None:
    assert left_text(seconds) == text
