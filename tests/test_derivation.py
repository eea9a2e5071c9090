"""What rules learn from the base years is decided once, and scores do not depend on where it was decided."""

import numpy as np
import pandas as pd
import pytest

from cwi import DataError, Scores, derivation, read_edition, score
from cwi.derivation import derive, fit
from cwi.index import FLAGS, has_flag
from cwi.indicator_scores import spread_between_ends
from cwi.methods import treatment


@pytest.fixture(scope="module")
def treated() -> Scores:
    """2023 with outliers treated and weights learnt at one level: everything that rules can learn."""
    edition = read_edition(2023)
    rules = edition.methodology.replace(treatment={"skew": 1.0, "kurt": 2.0}, component={"weighting": "critic"})
    return score(edition.observations, rules, years=[2023], base=edition.base)


def test_a_fit_gives_the_scores_of_its_base_years(treated: Scores) -> None:
    x, rules = treated.values(2023).to_numpy(float), treated.methodology
    at_once, in_steps = derive(x, rules, base=treated.base), derive(x, rules, fitted=fit(rules, treated.base))
    for here, there in zip(at_once.scores, in_steps.scores, strict=True):
        np.testing.assert_array_equal(here, there)
    plain = derive(x, rules.replace(treatment=None), base=treated.base)
    assert np.nanmax(np.abs(plain.index - at_once.index)) > 0.01  # the control: the treatment matters here


@pytest.mark.slow
def test_the_treatment_is_decided_once(monkeypatch: pytest.MonkeyPatch, treated: Scores) -> None:
    decided, learn_each = [], treatment.learn_each

    def counted(*args: object, **settings: object) -> treatment.Treatment:
        decided.append(args)
        return learn_each(*args, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(derivation.treatment, "learn_each", counted)
    edition = read_edition(2023)
    again = score(edition.observations, treated.methodology, years=[2023], base=edition.base)
    assert len(decided) == 1
    assert len(again.treated) == len(treated.treated) > 0


def test_every_flag_is_found_where_it_is_listed_and_nowhere_else(treated: Scores) -> None:
    listed = treated.nodes["flag"].str.split("; ")
    for flag in FLAGS:
        assert treated.flagged(flag).tolist() == [flag in flags for flags in listed]
    assert treated.flagged("treated").any()
    both = treated.flagged("treated", "carried")
    assert both.tolist() == (treated.flagged("treated") | treated.flagged("carried")).tolist()


def test_a_flag_is_a_whole_word() -> None:
    assert has_flag(pd.Series(["parent region; gaps", "gaps", "", None]), "parent region").tolist() == [True] + 3 * [
        False
    ]
    with pytest.raises(DataError, match=r"^no flag is called 'parent' \(did you mean 'parent region'\?\); there are "):
        has_flag(pd.Series([""]), "parent")


@pytest.mark.slow
def test_what_left_an_indicator_is_flagged_up_to_the_index(treated: Scores) -> None:
    """A node has a flag if and only if an indicator under it has it; gaps are its own."""
    tree, nodes = treated.methodology.tree, treated.nodes.set_index(["node", "region"])["flag"]
    for flag in set(FLAGS) - {"gaps"}:
        mark = has_flag(nodes, flag).unstack("region")
        for code in (*tree.at("component"), *tree.at("dimension"), tree.top):
            assert mark.loc[code].equals(mark.loc[list(tree.under(code))].any())


ENDS = np.array([[40.0, 1.0], [0.0, 100.0]])
LOG = np.array([False, True])


def test_an_indicator_without_base_years_is_read_between_its_ends() -> None:
    """What min_max then gives are the goalposts, exactly, on both scales; the other columns stay as they are."""
    from cwi.methods.normalisation import goalposts, min_max, percentile_rank, z_score

    x = np.array([[10.0, 10.0], [40.0, 1.0], [0.0, 100.0]])
    base = np.full((201, 2), np.nan)
    spread = spread_between_ends(base, x, ENDS, LOG)
    np.testing.assert_allclose(min_max(x, *ENDS, LOG, spread), goalposts(x, *ENDS, LOG), atol=1e-9)
    np.testing.assert_allclose(percentile_rank(x, *ENDS, LOG, spread), goalposts(x, *ENDS, LOG), atol=0.5)
    middle = z_score(np.array([[20.0, 10.0]]), *ENDS, LOG, spread)
    np.testing.assert_allclose(middle, 100.0)  # the middle of the ends, on each scale
    half = base.copy()
    half[:, 0] = np.arange(201.0)
    np.testing.assert_array_equal(spread_between_ends(half, x, ENDS, LOG)[:, 0], half[:, 0])


def test_an_indicator_that_nobody_measured_needs_no_base_years() -> None:
    base = np.full((4, 2), np.nan)
    assert spread_between_ends(base, np.array([[np.nan, np.nan]]), ENDS, LOG) is base
    assert spread_between_ends(base[:1], np.array([[1.0, 1.0]]), ENDS, LOG).shape == (1, 2)
