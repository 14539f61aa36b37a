"""A number and its limits: pass, marginal or fail; what is no number fails, what is no limit is a mistake of the test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from davy.bench.measuring import judge, marginal_band, worst
from davy.bench.openhtf import validator
from davy.bench.results import Outcome
from davy.bench.words import limits_text

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(-0.001, "fail"), (0, "marginal"), (99.9, "marginal"), (100, "pass"), (900, "pass"), (900.1, "marginal"), (1000, "marginal"), (1000.001, "fail")],
)  # fmt: skip
def test_both_limits_are_allowed_and_the_band_lies_around_their_middle(value: float, verdict: str) -> None:
    assert judge("valve_close_time", value, "ms", 0, 1000, 0.8).verdict == verdict


@pytest.mark.parametrize(
    ("low", "high", "marginal", "band"),
    [
        (None, 1000, 0.8, (None, 800)),
        (None, -5, 0.5, (None, -10)),
        (10, None, 0.8, (12.5, None)),
        (-10, None, 0.8, (-8, None)),
        (None, 0, 0.8, (None, 0)),
        (10, None, 0, (math.inf, None)),
        (5, 5, 0.8, (5, 5)),
        (0, 10, None, (None, None)),
    ],
)
def test_a_sole_limits_band_ends_on_its_inner_side(
    low: float | None, high: float | None, marginal: float | None, band: tuple[float | None, float | None]
) -> None:
    assert marginal_band(low, high, marginal) == band


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_a_reading_that_was_not_there_fails_and_is_kept_as_none(value: float | None) -> None:
    measured = judge("co_alarm_time", value, "min", low=-math.pi)
    assert (measured.verdict, measured.value) == ("fail", None)


@pytest.mark.parametrize("value", [True, "5", b"5", [5], np.bool_(True), 1j])
def test_what_is_no_number_is_a_mistake_of_the_test(value: object) -> None:
    with pytest.raises(ValueError, match=r"^siren_level: value .* is no number"):
        judge("siren_level", value, "dB", 70)  # type: ignore[arg-type]


def test_numbers_of_other_libraries_become_pythons_own() -> None:
    assert type(judge("n", np.int64(3), "1", 0).value) is int  # type: ignore[arg-type]
    assert type(judge("n", np.float32(3), "1", 0).value) is float


@pytest.mark.parametrize(
    ("unit", "low", "high", "marginal", "said"),
    [
        ("", 0, 1, None, "needs a unit"),
        (" ", 0, 1, None, "needs a unit"),
        ("V", None, None, None, "has no limit"),
        ("V", 2, 1, None, "low 2 is above high 1"),
        ("V", 0, math.inf, None, "high inf is not finite"),
        ("V", math.nan, 1, None, "low nan is not finite"),
        ("V", 0, True, None, "high True is no number"),
        ("V", 0, 1, 1.01, "is not within 0..1"),
        ("V", 0, 1, -0.1, "is not within 0..1"),
        ("V", 0, 1, math.nan, "marginal nan is not finite"),
    ],
)
def test_limits_that_are_none_are_refused_by_the_measurements_name(
    unit: str, low: float | None, high: float | None, marginal: float | None, said: str
) -> None:
    with pytest.raises(ValueError) as refused:
        judge("supply", 0.5, unit, low, high, marginal)
    assert str(refused.value).startswith("supply: ")
    assert said in str(refused.value)


def test_a_measurement_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a name"):
        judge("  ", 1, "V", 0)


@given(value=FINITE, one=FINITE, other=FINITE, marginal=st.floats(0, 1))
def test_a_band_never_makes_a_fail_of_a_pass_nor_a_pass_of_a_fail(
    value: float, one: float, other: float, marginal: float
) -> None:
    low, high = min(one, other), max(one, other)
    bare = judge("m", value, "V", low, high).verdict
    assert bare == ("pass" if low <= value <= high else "fail")
    banded = judge("m", value, "V", low, high, marginal).verdict
    assert (banded == "fail") == (bare == "fail")
    assert judge("m", value, "V", low, high, 1).verdict == bare


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ((), "skip"),
        (("skip", "pass"), "pass"),
        (("pass", "marginal"), "marginal"),
        (("fail", "marginal", "pass"), "fail"),
        (("fail", "error"), "error"),
    ],
)
def test_an_error_of_the_bench_outweighs_every_verdict_on_the_device(
    outcomes: tuple[Outcome, ...], result: Outcome
) -> None:
    assert worst(*outcomes) == result


@pytest.mark.parametrize(
    ("low", "high", "marginal", "text", "shown"),
    [
        (0, 1000, None, "0 <= x <= 1000", "0 .. 1000 ms"),
        (0, 1000, 0.8, "0 <= Marginal:100.0 <= x <= Marginal:900.0 <= 1000", "0 .. 1000 ms"),
        (None, 1000, None, "x <= 1000", "≤ 1000 ms"),
        (12.5, None, 0.5, "12.5 <= Marginal:25.0 <= x", "≥ 12.5 ms"),
        (1, 1, 0.8, "x == 1", "= 1 ms"),
    ],
)
def test_limits_are_written_as_openhtf_writes_them(
    low: float | None, high: float | None, marginal: float | None, text: str, shown: str
) -> None:
    measured = judge("m", 1, "ms", low, high, marginal)
    assert (validator(measured), limits_text(measured)) == (text, shown)
