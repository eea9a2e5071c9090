"""What a consultation does to the index: the ends of λ, official weights, seeds, what is masked, what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis.consultation import Consulted, collected, consult, lambdas_of
from cwi.derivation import derive
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.consultation import Consultation, hand_in, synthesize_consultation, write_consultation
from cwi.report.notebooks.consultation import ConsultationReport

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], Any]


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


@pytest.fixture(scope="module")
def consultation(edition: Edition) -> Consultation:
    made = synthesize_consultation(
        edition.methodology,
        edition.territory,
        population=edition.population,
        rng=np.random.default_rng(5),
        votes=3000,
        experts=60,
    )
    return hand_in(made, edition.methodology, edition.territory)


@pytest.fixture(scope="module")
def found(consultation: Consultation, edition: Edition) -> Consulted:
    return consult(edition, consultation, rng=np.random.default_rng(6), draws=40, lambdas=(0, 0.25, 1))


def test_weights_and_implied_weights_sum_to_one(found: Consulted) -> None:
    weights = found.weights[["official", "votes", "experts"]]
    assert weights.groupby(found.weights["parent"]).sum().to_numpy() == pytest.approx(1)
    assert found.implied[["official", "votes", "experts"]].sum().to_list() == pytest.approx([1, 1, 1])
    assert (found.weights["low"] <= found.weights["high"]).all()


def test_implied_official_weights_are_those_of_the_scores(found: Consulted, edition: Edition) -> None:
    assert found.implied["official"].to_dict() == pytest.approx(edition.scores.implied_weights().to_dict())


def test_official_ranks_are_those_of_the_edition(found: Consulted, edition: Edition) -> None:
    own = found.ranks[found.ranks["lam"].isna()].set_index("region")
    nodes = edition.scores.nodes
    printed = nodes[(nodes["node"] == "index") & (nodes["region"] != "KZ")].set_index("region")
    assert own["score"].to_dict() == pytest.approx(printed["score"].to_dict())
    assert own["rank"].to_dict() == printed["rank"].to_dict()


@pytest.mark.parametrize(("lam", "column"), [(0.0, "experts"), (1.0, "votes")])
def test_the_ends_of_lambda_are_experts_and_votes(lam: float, column: str, found: Consulted, edition: Edition) -> None:
    """By another way: the index as a weighted mean by hand, from the scores of the indicators."""
    own = found.ranks[found.ranks["lam"] == lam].set_index("region")["score"]
    scores = edition.scores
    codes = list(edition.methodology.indicators["code"])
    components = [node.code for node in edition.methodology.nodes[0]]
    dimensions = [node.code for node in edition.methodology.nodes[1]]
    weights = [found.weights.loc[level, column].to_numpy() for level in (codes, components, dimensions)]
    values = scores.values(2023).drop("KZ")
    by_hand = derive(values.to_numpy(float), edition.methodology, base=scores.base, weights=weights).index
    assert own.to_dict() == pytest.approx(dict(zip(values.index, by_hand, strict=True)))


def test_ranks_lie_in_the_hull_of_what_was_drawn(found: Consulted) -> None:
    drawn = found.ranks.dropna(subset="lam")
    assert (drawn["low"] <= drawn["high"]).all()
    assert drawn["unscored"].between(0, 0.2).all()
    experts, votes = (drawn[drawn["lam"] == lam] for lam in (0, 1))
    assert (experts["high"] - experts["low"]).mean() > (votes["high"] - votes["low"]).mean()  # 60 opinions, 3,000 votes


def test_the_attack_is_seen_with_and_without(found: Consulted) -> None:
    flags = found.flags.set_index("flag")
    assert flags.loc["series", "ballots"] == 100
    assert flags.loc["series", "change"] > 0.005
    assert flags.loc["region", "ballots"] == 0
    assert np.isnan(flags.loc["region", "change"])


def test_few_flagged_ballots_are_not_told(consultation: Consultation, edition: Edition) -> None:
    ballots = consultation.ballots
    calm = ballots.select((ballots.frame["seconds"] >= 60).to_numpy())
    seconds = calm.frame["seconds"].where(calm.frame.index >= 4, 5.0)
    few = replace(consultation, ballots=replace(calm, frame=calm.frame.assign(seconds=seconds)))
    found = consult(edition, few, rng=np.random.default_rng(6), draws=1, lambdas=(1,))
    flags = found.flags.set_index("flag")
    assert np.isnan(flags.loc["fast", ["ballots", "counted", "share", "change"]].to_numpy(float)).all()
    assert (
        "fewer than 10"
        in ConsultationReport(edition, found, language="en", seed=1).flags()._repr_mimebundle_()["text/html"]
    )


def test_children_are_shown_apart_or_not_at_all(found: Consulted, consultation: Consultation, edition: Edition) -> None:
    assert found.children[["children", "adults"]].groupby(found.children["parent"]).sum().to_numpy() == pytest.approx(1)
    young = np.flatnonzero(consultation.ballots.frame["group"] == "child")
    kept = np.ones(len(consultation.ballots), dtype=bool)
    kept[young[9:]] = False
    ballots = consultation.ballots.select(kept)
    groups = ballots.frame["group"].value_counts(normalize=True)
    few = replace(consultation, ballots=ballots, margins={**consultation.margins, "group": groups})
    result = consult(edition, few, rng=np.random.default_rng(6), draws=1, lambdas=(1,))
    assert result.children.empty
    section = ConsultationReport(edition, result, language="en", seed=1).children("index")
    assert "fewer than 10 ballots of children" in section._repr_mimebundle_()["text/plain"]
    voters = result.voters[result.voters["variable"] == "group"].set_index("category")["ballots"]
    assert "child" not in voters.index
    assert voters.min() >= 10


def test_a_region_without_ballots_leaves_the_margins_when_its_flag_is_looked_at(
    consultation: Consultation, edition: Edition
) -> None:
    """Without the region that is flagged nobody of it is left: weights are then those of the others."""
    frame = consultation.ballots.frame.assign(
        region=np.where(np.arange(len(consultation.ballots)) % 4, consultation.ballots.frame["region"], "KZ-62")
    )
    moved = replace(consultation, ballots=replace(consultation.ballots, frame=frame))
    flags = consult(edition, moved, rng=np.random.default_rng(6), draws=1, lambdas=(1,)).flags.set_index("flag")
    assert flags.loc["region", "counted"] > 600
    assert flags.loc["region", "change"] > 0


def test_one_seed_gives_one_result_and_another_another(consultation: Consultation, edition: Edition) -> None:
    one, same, other = (
        consult(edition, consultation, rng=np.random.default_rng(seed), draws=20, lambdas=(1,)) for seed in (1, 1, 2)
    )
    assert one.weights.equals(same.weights)
    assert one.ranks.equals(same.ranks)
    assert not one.weights["low"].equals(other.weights["low"])
    assert one.weights["votes"].equals(other.weights["votes"])


def test_the_order_of_ballots_and_experts_does_not_matter(consultation: Consultation, edition: Edition) -> None:
    turned = replace(
        consultation,
        ballots=replace(
            consultation.ballots,
            frame=consultation.ballots.frame[::-1].reset_index(drop=True),
            ticks=consultation.ballots.ticks[::-1],
        ),
        panel=replace(consultation.panel, weights=consultation.panel.weights[::-1]),
    )
    one, other = (
        consult(edition, said, rng=np.random.default_rng(1), draws=1, lambdas=(1,)).weights[["experts", "experts_high"]]
        for said in (consultation, turned)
    )
    pd.testing.assert_frame_equal(one, other)


def test_a_folder_is_read_and_none_is_drawn(edition: Edition, tmp_path: Path) -> None:
    made = synthesize_consultation(
        edition.methodology,
        edition.territory,
        population=edition.population,
        rng=np.random.default_rng(5),
        votes=900,
        experts=20,
    )
    write_consultation(tmp_path, made)
    assert len(collected(edition, str(tmp_path), rng=np.random.default_rng(1)).ballots) == 900
    assert len(collected(edition, "", rng=np.random.default_rng(1)).ballots) == 18_000


def test_a_real_consultation_is_not_called_synthetic(consultation: Consultation, edition: Edition) -> None:
    """The control of the marks: they come from the rows, not from the pictures."""
    real = consult(edition, replace(consultation, synthetic=False), rng=np.random.default_rng(1), draws=5, lambdas=(1,))
    section = ConsultationReport(edition, real, language="en", seed=1).weights("index")
    page = section._repr_mimebundle_()["text/plain"]
    assert "ynthetic" not in page
    assert "SYNTHETIC" not in page
    assert "mark" not in section.tables()[0].data


def test_margins_that_some_draw_cannot_meet(consultation: Consultation, edition: Edition, says: Says) -> None:
    """Nine children are to speak for nearly all; in some draw a region's only voters are not children."""
    young = np.flatnonzero(consultation.ballots.frame["group"] == "child")
    kept = np.ones(len(consultation.ballots), dtype=bool)
    kept[young[9:]] = False
    few = replace(consultation, ballots=consultation.ballots.select(kept))
    with pytest.raises(DataError, match=r"\Athe margins of region, group cannot be met together: after 1000 rounds .*"):
        consult(edition, few, rng=np.random.default_rng(6), draws=20, lambdas=(1,))


@pytest.mark.parametrize("said", ["", "0, x", "0; 1", "2", [-0.1], []])
def test_lambdas_that_are_none(said: Any, says: Says) -> None:
    with says(
        DataError,
        f"λ is {said!r}; it must be numbers from 0 (experts only) to 1 (votes only), such as '0, 0.5, 1'",
    ):
        lambdas_of(said)


def test_no_draws(consultation: Consultation, edition: Edition, says: Says) -> None:
    with says(DataError, "draws is 0; it must be at least 1"):
        consult(edition, consultation, rng=np.random.default_rng(1), draws=0)
