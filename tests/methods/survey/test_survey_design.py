"""What a design refuses, and what becomes of a stratum with one unit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cwi.methods.survey import Calibrated, Design, Replicates, mean, nested, post_stratify

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

GOOD: dict[str, Any] = {"weights": [1.0, 2, 1, 2], "strata": [1, 1, 2, 2], "psu": [1, 2, 3, 4]}
EACH = "each respondent must represent somebody"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weights": [1, 0, 1, 0]}, f"weights are zero in 2 of 4 rows, first in row 1; {EACH}"),
        ({"weights": [1, 1, -1, 1]}, f"weights are below zero in 1 of 4 rows, first in row 2; {EACH}"),
        ({"weights": [1, np.nan, 1, 1]}, f"weights are missing in 1 of 4 rows, first in row 1; {EACH}"),
        ({"weights": [np.inf, 1, 1, 1]}, f"weights are infinite in 1 of 4 rows, first in row 0; {EACH}"),
        ({"weights": []}, "weights of the shape (0,); there must be one for each respondent"),
        ({"weights": [[1.0]]}, "weights of the shape (1, 1); there must be one for each respondent"),
        ({"strata": [1, 1, 2]}, "strata of the shape (3,) do not fit 4 respondents"),
        ({"psu": [1, 2, np.nan, 4]}, "the sampling unit of the respondent in row 2 is missing"),
        ({"strata": [1, 1.5, 2, 2]}, "the stratum of the respondent in row 1 is not a whole number"),
        (
            {"strata": ["a", "a", "b", "b"]},
            "strata are not whole numbers; give their places: np.unique(..., return_inverse=True)[1]",
        ),
        (
            {"psu": [1, 2, 2, 4]},
            "sampling unit 2 is in the strata 1 and 2; if numbers restart in each stratum, number the units "
            "through with nested(strata, psu)",
        ),
        (
            {"psu": [1, 1, 3, 4]},
            "stratum 1 has only one sampling unit, so its variance cannot be estimated; choose what is to be done with "
            "it: lonely = certainty, centre or collapse",
        ),
        (
            {"psu": [1, 1, 3, 3]},
            "strata 1 and 2 have only one sampling unit each, so their variance cannot be estimated; choose what is to "
            "be done with them: lonely = certainty, centre or collapse",
        ),
        (
            {"lonely": "center"},
            "there is no rule 'center' for a lonely unit (did you mean 'centre'?); there are error, certainty, "
            "centre, collapse",
        ),
        (
            {"strata": None, "psu": [1, 1, 1, 1], "lonely": "collapse"},
            "stratum 0 has only one sampling unit, and there is no other stratum to join",
        ),
        (
            {"psu": [1, 1, 3, 4], "lonely": "collapse", "fpc": [0.1, 0.1, 0.2, 0.2]},
            "strata 1 and 2 cannot be collapsed: they are sampled at different rates, 0.1 and 0.2",
        ),
        ({"fpc": [0.1, 0.1, 0.2]}, "fpc of the shape (3,) does not fit 4 respondents"),
        (
            {"fpc": [100, 100, 50, 50]},
            "fpc is 100 in row 0; it is the sampled share of the units of a stratum, from 0 to 1",
        ),
        ({"fpc": [0.1, 0.2, 0.3, 0.3]}, "fpc is 0.1 and 0.2 in stratum 1"),
        (
            {"replicates": Replicates(np.ones((3, 2)), 1.0)},
            "replicate weights of 3 respondents do not fit 4",
        ),
        (
            {"strata": None, "psu": None, "replicates": Replicates(np.ones((4, 2)), 1.0)},
            "replicate weights without strata and sampling units need their degrees of freedom: Replicates(df=...)",
        ),
        (
            {"calibration": post_stratify([1.0, 1, 1, 1], [0, 0, 1, 1], [2, 2])},
            "the design's weights are not those of its calibration",
        ),
    ],
)
def test_what_is_no_design_is_refused(says: Says, change: dict[str, Any], sentence: str) -> None:
    Design(**GOOD)
    with says(ValueError, sentence):
        Design(**(GOOD | change))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weights": [1.0, 2.0]}, "replicate weights of the shape (2,); there must be respondents by replicates"),
        (
            {"weights": [[1.0, 2.0], [1.0, np.nan]]},
            "replicate weight 1 of the respondent in row 1 is nan",
        ),
        ({"scale": 0}, "scale is 0; it must be above zero"),
        ({"rscales": [1.0]}, "rscales of the shape (1,) must be 2 numbers not below zero"),
        (
            {"around": "means"},
            "deviations from 'means' are not known (did you mean 'mean'?); there are estimate, mean",
        ),
    ],
)
def test_what_are_no_replicates_is_refused(says: Says, change: dict[str, Any], sentence: str) -> None:
    with says(ValueError, sentence):
        Replicates(**({"weights": np.ones((2, 2)), "scale": 1.0} | change))


def test_many_lonely_strata_are_counted(says: Says) -> None:
    with says(
        ValueError,
        "strata 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more have only one sampling unit each, so their "
        "variance cannot be estimated; choose what is to be done with them: lonely = certainty, centre or collapse",
    ):
        Design(np.ones(12), strata=np.arange(12))


def test_units_numbered_anew_in_each_stratum() -> None:
    strata, psu = ["b", "b", "a", "a"], [1, 2, 1, 2]
    assert nested(strata, psu).tolist() == [2, 3, 0, 1]
    assert Design(np.ones(4), strata=[2, 2, 1, 1], psu=nested(strata, psu)).df == 2


@pytest.mark.parametrize(
    ("strata", "joined"),
    [
        ([1, 1, 2, 3, 3], [[0, 1, 2], [3, 4]]),  # joins the one below
        ([1, 2, 2, 3, 3], [[0, 1, 2], [3, 4]]),  # the lowest joins the one above
        ([1, 2, 3, 3, 3], [[0, 1], [2, 3, 4]]),  # the two lowest join each other
        ([1, 1, 2, 3, 4], [[0, 1, 2, 3, 4]]),  # a chain
        ([1, 1, 3, 3, 9], [[0, 1], [2, 3, 4]]),
    ],
)
def test_collapsed_strata(strata: list[int], joined: list[list[int]]) -> None:
    y = np.array([3.0, 1, 4, 1, 5])
    same = np.empty(5, dtype=int)
    for number, rows in enumerate(joined):
        same[rows] = number
    one = Design(np.ones(5), strata=strata, lonely="collapse")
    other = Design(np.ones(5), strata=same)
    assert one.df == other.df == 5 - len(joined)
    assert mean(y, one).se.item() == pytest.approx(mean(y, other).se.item())


def test_rules_for_a_lonely_unit_are_in_the_order_of_caution() -> None:
    y, strata = np.array([3.0, 1, 4, 1, 9]), [1, 1, 2, 2, 3]
    certain, centred = (mean(y, Design(np.ones(5), strata=strata, lonely=rule)) for rule in ("certainty", "centre"))
    assert certain.estimate == centred.estimate == 3.6
    assert certain.se.item() == pytest.approx(np.sqrt(2 / 1 * (2 * 1**2 + 2 * 1.5**2)) / 5)
    assert centred.se.item() == pytest.approx(np.sqrt(2 / 1 * (2 * 1**2 + 2 * 1.5**2) + (9 - 3.6) ** 2) / 5)


def test_a_calibration_may_have_weights_of_another_file_in_the_last_digit() -> None:
    made = post_stratify([1.0, 1, 1, 1], [0, 0, 1, 1], [20, 30])
    assert isinstance(made, Calibrated)
    assert Design(made.weights * (1 + 1e-12), calibration=made).n == 4


def test_a_design_can_be_changed_in_one_thing() -> None:
    design = Design(**GOOD)
    assert replace(design, strata=None).df == 3
    assert design.df == 2
