"""What belongs to a country is data of its project: languages, projection, sentences."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cwi import DataError, folders, read_edition
from cwi.inputs.boundaries import boundaries_of, other_boundaries
from cwi.inputs.country import Country, read_country
from cwi.report.languages import LANGUAGES, Language
from cwi.report.pictures.maps import projection_of
from cwi.report.printer import language_of
from cwi.report.recomputation import recompute

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
SQUARE = '{"type":"Feature","properties":{"code":"%s"},"geometry":{"type":"Polygon","coordinates":[[[%d,10],[%d,10],[%d,11],[%d,11],[%d,10]]]}}'  # noqa: E501


def test_a_project_without_the_file_prints_the_general_words(project: "object") -> None:
    assert read_country() == Country()
    assert Language("en").text("trend.nation") == "The country"
    assert Language("en", Path(__file__).parents[2]).text("trend.nation") == "Kazakhstan"


@pytest.mark.slow
def test_an_edition_prints_the_words_of_its_own_project(project: object, tmp_path: Path) -> None:
    (tmp_path / "data" / "country.toml").write_text('languages = ["en"]\n[texts."trend.nation"]\nen = "Ruritania"\n')
    edition = read_edition(2022)
    assert language_of(edition, "en").text("trend.nation") == "Ruritania"
    assert language_of(edition, "ru").text("trend.nation") == "Страна"
    table = recompute(edition, draws=100, seed=1)  # in the languages of the project
    assert (table["text_en"] != "").all()
    assert (table["text_kk"] == "").all()


def test_kazakhstan_has_its_texts_in_every_language() -> None:
    texts = read_country().texts
    assert set(texts["kk"]) == set(texts["ru"]) == set(texts["en"])
    for code in LANGUAGES:
        general = Language(code, Path("/nowhere"))
        for key, text in texts[code].items():
            assert Language(code).template(key).replace("\N{NO-BREAK SPACE}", " ") == text
            assert general.template(key) != text or key == "measured.nation"


REFUSED = {
    "setting": ('tongues = ["en"]', "data/country.toml: no setting is called 'tongues' (did you mean 'languages'?); "
                "there are languages, projection, texts"),
    "language": ('languages = ["de"]', "data/country.toml: languages names 'de'; there are kk, ru, en"),
    "list": ('languages = "en"', "data/country.toml: languages is 'en'; it must be a list such as [\"en\", \"ru\"]"),
    "projection": ("projection = 3857", "data/country.toml: projection is 3857; it must be a text in quotes, as PROJ "
                   "writes it"),
    "texts": ('texts = "x"', "data/country.toml: texts is 'x'; it must be tables such as [texts.\"report.title\"]"),
    "text": ('[texts]\n"report.title" = "x"', "data/country.toml: the text of 'report.title' is 'x'; write "
             "[texts.\"report.title\"] and a line a language"),
    "missing": ('[texts."trend.nation"]\nen = "x"', "data/country.toml: the text of 'trend.nation' has no kk, ru; give "
                "it in every language"),
    "empty": ('[texts."trend.nation"]\nen = " "', "data/country.toml: the text of 'trend.nation' in 'en' is ' '; it "
              "must be a text in quotes"),
    "tongue": ('[texts."trend.nation"]\nde = "x"', "data/country.toml: the text of 'trend.nation' has the language "
               "'de'; there are kk, ru, en"),
    "place": ('languages = ["en"]\n[texts."report.title"]\nen = "{yaer}"', "data/country.toml: the text of "
              "'report.title' in 'en' has the place {yaer} (did you mean 'year'?); there are nation, year"),
    "brace": ('languages = ["en"]\n[texts."report.title"]\nen = "{year"', "data/country.toml: the text of "
              "'report.title' in 'en' has a brace too many or too few (expected '}' before end of string)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_refused(project: object, tmp_path: Path, says: Says, text: str, sentence: str) -> None:
    (tmp_path / "data" / "country.toml").write_text(text + "\n", encoding="utf-8")
    with says(DataError, sentence):
        Language("en")


def test_a_key_that_no_report_has(project: object, tmp_path: Path) -> None:
    (tmp_path / "data" / "country.toml").write_text('languages = ["en"]\n[texts."report.titel"]\nen = "x"\n')
    with pytest.raises(
        DataError, match=r"no message of the reports is called 'report\.titel' \(did you mean 'report\.title'\?\)"
    ):
        Language("en")


def test_borders_are_those_of_their_time(project: object, tmp_path: Path) -> None:
    assert boundaries_of(2022) == tmp_path / "data/boundaries/regions_2022.geojson"  # what would be its file
    assert other_boundaries(2022) is None
    place = tmp_path / "data" / "boundaries"
    place.mkdir()
    for year, codes in ((2010, ["A", "B"]), (2015, ["A", "B", "OLD"]), (2022, ["A"])):
        squares = ",".join(SQUARE % (c, 20 + i, 21 + i, 21 + i, 20 + i, 20 + i) for i, c in enumerate(codes))
        (place / f"regions_{year}.geojson").write_text(f'{{"type":"FeatureCollection","features":[{squares}]}}')
    assert [boundaries_of(year).stem[-4:] for year in (2009, 2010, 2014, 2021, 2030)] == [
        "2010", "2010", "2010", "2015", "2022",
    ]  # fmt: skip
    others = [other_boundaries(year) for year in (2009, 2014, 2016, 2025)]
    assert [(path.stem[-4:], later) for path, later in filter(None, others)] == [
        ("2015", True), ("2015", True), ("2022", True), ("2015", False),
    ]  # fmt: skip
    assert projection_of(boundaries_of(2015)) == "+proj=laea +lat_0=10.500 +lon_0=21.500 +datum=WGS84 +units=m"
    assert folders.data() == tmp_path / "data"
