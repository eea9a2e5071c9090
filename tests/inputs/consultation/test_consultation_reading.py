"""A whole consultation: drawn, written, read back as it was, and marked synthetic throughout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.consultation import (
    Synthetic,
    hand_in,
    read_consultation,
    synthesize_consultation,
    write_consultation,
)

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], Any]


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


def drawn(edition: Edition, seed: int, **sizes: int) -> Synthetic:
    return synthesize_consultation(
        edition.methodology,
        edition.territory,
        population=edition.population,
        rng=np.random.default_rng(seed),
        **sizes,
    )


def test_its_size_and_its_marks(edition: Edition) -> None:
    made = drawn(edition, 1)
    assert (len(made.votes), len(made.proposals)) == (18_000, 120)
    assert made.budget["expert"].nunique() + made.ahp["expert"].nunique() == 1_000
    assert all((table["origin"] == "synthetic").all() for table in made.tables().values())
    assert all(name.startswith("synthetic_") for name in made.tables())
    assert made.proposals["proposed"].str.startswith("(synthetic)").all()


def test_it_is_like_a_real_one(edition: Edition) -> None:
    """Regions vote about as they are peopled, some people vote twice, some devices are shared, some experts contradict
    themselves; none of it by chance alone."""
    made = drawn(edition, 1)
    people = edition.population.reindex(edition.regions)
    shares = made.votes["region"][made.votes["region"] != ""].value_counts(normalize=True).reindex(people.index)
    assert np.corrcoef(shares, people)[0, 1] > 0.5
    assert made.votes["voter"].duplicated().sum() == 420
    assert made.votes.duplicated(["device", "choices"]).sum() > 80
    panel = hand_in(made, edition.methodology, edition.territory).panel
    assert 20 < len(panel.set_aside) < 60
    assert len(panel) + len(panel.set_aside) == 1_000


def test_one_seed_gives_one_consultation_and_another_another(edition: Edition) -> None:
    one, same, other = (drawn(edition, seed, votes=300, experts=10).tables() for seed in (1, 1, 2))
    for name in one:
        assert one[name].equals(same[name])
        assert name == "synthetic_margins" or not one[name].equals(other[name])


def test_written_and_read_it_is_the_same(edition: Edition, tmp_path: Path, says: Says) -> None:
    made = drawn(edition, 3, votes=900, experts=20)
    paths = write_consultation(tmp_path, made)
    assert [path.name for path in paths] == [
        f"synthetic_{name}.csv" for name in ("votes", "budget", "ahp", "proposals", "margins")
    ]
    one = read_consultation(tmp_path, edition.methodology, edition.territory)
    other = hand_in(made, edition.methodology, edition.territory)
    assert one.synthetic
    assert other.synthetic
    assert one.ballots.frame.equals(other.ballots.frame)
    pd.testing.assert_frame_equal(one.panel.weights, other.panel.weights)
    assert one.register.table.equals(other.register.table)
    assert one.margins["region"].to_list() == pytest.approx(other.margins["region"].to_list())
    with says(
        DataError, f"{tmp_path.as_posix()}/synthetic_votes.csv: there is such a file already; name another folder"
    ):
        write_consultation(tmp_path, made)


def test_what_is_missing_or_mixed_is_refused(edition: Edition, tmp_path: Path, says: Says) -> None:
    write_consultation(tmp_path, drawn(edition, 3, votes=300, experts=20))
    here = tmp_path.as_posix()

    def read() -> None:
        read_consultation(tmp_path, edition.methodology, edition.territory)

    (tmp_path / "votes.csv").write_text(
        (tmp_path / "synthetic_votes.csv").read_text(encoding="utf-8"), encoding="utf-8"
    )
    with says(DataError, f"{here}/votes.csv and {here}/synthetic_votes.csv are both there; leave one of them"):
        read()
    (tmp_path / "synthetic_votes.csv").unlink()
    text = (tmp_path / "votes.csv").read_text(encoding="utf-8")
    (tmp_path / "votes.csv").write_text(text.replace(",synthetic\n", ",\n"), encoding="utf-8")
    with says(DataError, f"{here}: some tables are marked synthetic and some are not; they are never read together"):
        read()
    (tmp_path / "votes.csv").unlink()
    with says(DataError, f"{here}: there is no votes.csv or votes.xlsx in this folder"):
        read()
    (tmp_path / "votes.csv").write_text(text, encoding="utf-8")
    (tmp_path / "synthetic_ahp.csv").unlink()
    (tmp_path / "synthetic_budget.csv").unlink()
    with says(DataError, f"{here}: there are no sheets of experts; name them budget or ahp"):
        read()
