from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QDoubleSpinBox, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from geolocdesk.estimation.location import EstimationParameters
from geolocdesk.estimation.usual import usual_choices, usual_parameters
from geolocdesk.gui.parameter_panel import ParameterPanel
from geolocdesk.gui.parameter_row import logarithmic_scale
from tests.gui.accessible import assert_accessible


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[ParameterPanel]:
    made = ParameterPanel()
    qtbot.addWidget(made)
    made.resize(400, 500)
    made.show()
    yield made
    made.close()


def slider(panel: ParameterPanel, name: str) -> QSlider:
    return next(found for found in panel.findChildren(QSlider) if found.accessibleName() == name)


def spin(panel: ParameterPanel, name: str) -> QDoubleSpinBox:
    wanted = f"{name}, exact value"
    return next(found for found in panel.findChildren(QDoubleSpinBox) if found.accessibleName() == wanted)


def reset(panel: ParameterPanel) -> QPushButton:
    return panel.findChildren(QPushButton)[0]


def announced(spy: QSignalSpy) -> list[EstimationParameters]:
    return [spy.at(place)[0] for place in range(spy.count())]


def test_it_begins_with_the_defaults(panel: ParameterPanel) -> None:
    assert panel.parameters == EstimationParameters()
    assert not reset(panel).isEnabled()


def test_every_step_of_a_slider_is_announced(panel: ParameterPanel) -> None:
    spy = QSignalSpy(panel.parameters_changed)
    exponent = slider(panel, "Exponent (m)")
    QTest.keyClick(exponent, Qt.Key.Key_Right)
    QTest.keyClick(exponent, Qt.Key.Key_Right)
    assert [parameters.exponent for parameters in announced(spy)] == [10.5, 11.0]
    assert announced(spy)[-1] == panel.parameters


def test_an_exact_number_can_be_typed(panel: ParameterPanel) -> None:
    spy = QSignalSpy(panel.parameters_changed)
    box = spin(panel, "Neighbours (k)")
    box.selectAll()
    QTest.keyClicks(box, "37")
    assert spy.count() == 0, "half a number is no wish"
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert [parameters.neighbours for parameters in announced(spy)] == [37]


@pytest.mark.parametrize(
    "parameters",
    [
        EstimationParameters(),
        EstimationParameters("nearest", 1, 0.0, 0.1),
        EstimationParameters("vo2017", 1000, 30.0, 30.0),
        EstimationParameters("sphere", 37, 12.5, 1.3),
    ],
)
def test_what_is_shown_is_what_was_given(panel: ParameterPanel, parameters: EstimationParameters) -> None:
    panel.set_estimators(("sphere", "nearest", "vo2017"))
    spy = QSignalSpy(panel.parameters_changed)
    panel.show_parameters(parameters)
    assert panel.parameters == parameters
    assert spy.count() == 0


def test_bandwidths_are_spread_by_their_logarithm(panel: ParameterPanel) -> None:
    bandwidth = slider(panel, "Bandwidth (σ)")
    bandwidth.setValue(bandwidth.maximum() // 2)
    assert panel.parameters.bandwidth_deg == pytest.approx((0.1 * 30) ** 0.5, abs=0.05)
    bandwidth.setValue(0)
    assert panel.parameters.bandwidth_deg == 0.1
    bandwidth.setValue(bandwidth.maximum())
    assert panel.parameters.bandwidth_deg == 30.0


def test_every_step_of_a_logarithmic_scale_leads_back_to_itself() -> None:
    scale = logarithmic_scale(0.1, 30.0, 6)
    assert [scale.step_of(scale.value_of(step)) for step in range(scale.steps + 1)] == list(range(301))


def test_reset_goes_back_once(panel: ParameterPanel) -> None:
    panel.show_parameters(EstimationParameters("nearest", 5, 3.0, 1.0))
    spy = QSignalSpy(panel.parameters_changed)
    reset(panel).click()
    assert announced(spy) == [EstimationParameters()]
    assert not reset(panel).isEnabled()
    panel.reset()
    assert spy.count() == 1


def test_one_parameter_can_go_back_alone(panel: ParameterPanel) -> None:
    panel.show_parameters(EstimationParameters(neighbours=5, bandwidth_deg=1.0))
    back = panel.back_button("bandwidth_deg")
    assert back.isVisible()
    assert back.toolTip() == "Back to 4.0°"
    back.click()
    assert panel.parameters == EstimationParameters(neighbours=5)
    assert not back.isVisible()


def test_other_defaults_can_be_set(panel: ParameterPanel) -> None:
    panel.set_defaults(EstimationParameters(neighbours=50))
    assert reset(panel).isEnabled()
    panel.reset()
    assert panel.parameters.neighbours == 50
    assert not reset(panel).isEnabled()


def test_an_estimator_shows_what_it_does_not_use(panel: ParameterPanel) -> None:
    box = panel.findChildren(QComboBox)[0]
    box.setCurrentIndex(box.findData("nearest"))
    assert panel.parameters.estimator == "nearest"
    assert not slider(panel, "Bandwidth (σ)").isEnabled()
    assert slider(panel, "Neighbours (k)").isEnabled()
    box.setCurrentIndex(box.findData("sphere"))
    assert slider(panel, "Bandwidth (σ)").isEnabled()


def test_estimators_that_are_not_there_are_not_offered(panel: ParameterPanel) -> None:
    panel.show_parameters(EstimationParameters("nearest"))
    panel.set_estimators(("sphere", "nearest", "classes"))
    box = panel.findChildren(QComboBox)[0]
    assert [box.itemData(place) for place in range(box.count())] == ["sphere", "nearest", "classes"]
    assert panel.parameters.estimator == "nearest"


def choose(panel: ParameterPanel, estimator: str) -> None:
    box = panel.findChildren(QComboBox)[0]
    box.setCurrentIndex(box.findData(estimator))


def test_another_estimator_brings_its_usual_numbers_and_leaves_chosen_ones(panel: ParameterPanel) -> None:
    panel.set_choices(usual_choices(None, has_classes=True))
    panel.show_parameters(usual_parameters("fused", None))
    assert not reset(panel).isEnabled(), "the model's own estimator is the default"
    panel.show_parameters(replace(panel.parameters, neighbours=37))
    spy = QSignalSpy(panel.parameters_changed)
    choose(panel, "sphere")
    assert announced(spy) == [EstimationParameters("sphere", neighbours=37)]
    choose(panel, "fused")
    assert panel.parameters == replace(usual_parameters("fused", None), neighbours=37)
    panel.reset()
    assert panel.parameters == usual_parameters("fused", None)


def test_the_scale_of_a_softmax_stays_the_models_own(panel: ParameterPanel) -> None:
    usual = usual_parameters(None, 100.123)
    panel.set_choices(usual_choices(100.123))
    panel.show_parameters(usual)
    assert panel.parameters == usual
    assert not slider(panel, "Exponent (m)").isVisible()
    choose(panel, "sphere")
    assert panel.parameters == EstimationParameters()
    assert slider(panel, "Exponent (m)").isVisible()
    choose(panel, "geoclip")
    assert panel.parameters == usual


def test_a_small_pack_offers_no_more_than_it_has(panel: ParameterPanel) -> None:
    panel.show_parameters(EstimationParameters(neighbours=20))
    panel.set_reference_count(40)
    bar = slider(panel, "Neighbours (k)")
    bar.setValue(bar.maximum())
    assert panel.parameters.neighbours == 40


def test_scrolling_the_page_changes_no_result(panel: ParameterPanel) -> None:
    for control in [
        *panel.findChildren(QSlider),
        *panel.findChildren(QAbstractSpinBox),
        panel.findChildren(QComboBox)[0],
    ]:
        control.clearFocus()
        at = QPointF(control.rect().center())
        event = QWheelEvent(
            at, control.mapToGlobal(at), QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(control, event)
    assert panel.parameters == EstimationParameters()


def test_each_control_is_named_and_explained(panel: ParameterPanel) -> None:
    assert_accessible(panel)
    for control in panel.findChildren(QSlider):
        assert len(control.accessibleDescription()) > 40
    assert "445\N{NO-BREAK SPACE}km" in slider(panel, "Bandwidth (σ)").accessibleDescription()
