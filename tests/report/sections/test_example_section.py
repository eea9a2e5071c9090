"""The worked example: its arithmetic adds up, and it is refused for another edition's ranking."""

import pytest

from cwi import Edition, ParameterError, read_edition
from cwi.report import OfficialReport

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2019)


def report(edition: Edition, language: str = "en") -> OfficialReport:
    return OfficialReport(edition, language=language, draws=100, seed=1)


def test_contributions_add_up_to_the_score_above(edition: Edition) -> None:
    section = report(edition).example(edition.scores.explain("KZ-75", 2019))
    (table,) = section.tables()
    data = table.data.set_index("node")
    dimensions = data[data["level"] == "dimension"]
    assert dimensions["contribution"].sum() == pytest.approx(data.at["index", "score"])
    assert (dimensions["share"] * dimensions["score"]).tolist() == pytest.approx(dimensions["contribution"].tolist())
    assert table.rows[0][0] == "Child Well-Being Index"
    assert table.rows[0][3] == f"{edition.scores.at('KZ-75'):.1f}"
    assert len(table.rows) + int(table.note.split()[-1].rstrip(".")) == len(edition.scores.explain("KZ-75", 2019))


def test_the_first_region_is_the_example_by_default(edition: Edition) -> None:
    (table,) = report(edition, "ru").example().tables()
    assert table.caption == "Индекс: г. Астана, от значений к баллам, 2019 год"
    assert set(table.data["region"]) == {"KZ-71"}


def test_contributions_are_not_said_to_add_up_where_they_do_not(edition: Edition) -> None:
    geometric = edition.under(index={"aggregation": "geometric"})
    text = report(geometric).example().blocks[1].plain()
    assert "add up to the score of the node above only under an arithmetic mean" in text
    assert "only" not in report(edition).example().blocks[1].plain()


def test_the_ranking_of_another_edition_is_refused(edition: Edition) -> None:
    other = edition.under(index={"aggregation": "geometric"}).scores.ranked(2019)
    with pytest.raises(ParameterError, match=r"^the ranking is not that of the edition of 2019$"):
        report(edition).ranking(other)
    assert report(edition).ranking(edition.scores.ranked(2019)).tables()
