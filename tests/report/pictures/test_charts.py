"""The pictures: every word is there, gaps are hatched, the same bytes twice, and odd tables do no harm."""

import io
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cwi import folders
from cwi.errors import DataError
from cwi.report.pictures import maps
from cwi.report.pictures.comparison import sure_leads
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.dumbbells import dumbbells as draw_dumbbells
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.measured import measured as draw_measured
from cwi.report.pictures.money import against, squares, years
from cwi.report.pictures.panels import interval_panels
from cwi.report.pictures.ranking import dot_plot
from cwi.report.pictures.style import DIVERGING, PHONE, SEQUENTIAL, STYLE, WIDTH, narrow, on, width_of, wrap

LONG = "Солтүстік Қазақстан облысы"
KAZAKH = "Үй шаруашылығының ресурстары: әғқңөұүһі"
COUNTED = {"own": "Есепті жылы өлшенген", "carried": "Бұрынғы жылдың мәні", "missing": "Өлшенбеген"}
DOTS = {"cwi": "Индекс благополучия детей", "child": "Бала", "family": "Отбасы және қоғам", "nation": "Қазақстан"}
DOTS |= {"interval": "95 % белгісіздік аралығы"}
LEADS = {"sure": "алда, салмақтар қандай болса да", "open": "салмақтарға байланысты"}
YEARS = {"earlier": "2021 год", "later": "2022 год", "change": "Изменение, баллы"}
AXIS = "0-ден (ең нашар) 100-ге (ең жақсы) дейінгі балл"
GAP = "Нет измеренного значения"


def number(value):
    return f"{value:.1f}".replace(".", ",").replace("-", "\N{MINUS SIGN}")


def svg(figure, **style):
    buffer = io.BytesIO()
    with rc_context(STYLE | style):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def words(figure):
    """Every word that stands in the picture."""
    text = svg(figure, **{"svg.fonttype": "none"}).decode()
    found = " ".join(re.findall(r"<text[^>]*>(.*?)</text>", text, re.DOTALL))
    return set(unescape(re.sub(r"<[^>]+>", " ", found)).split())


def hatched(figure):
    return svg(figure).count(b"url(#h")


def unsaid(figure, *texts):
    """The words of the texts that do not stand in the picture."""
    there = words(figure)
    return [word for text in texts for word in re.sub(r"([^ -]{5,}-)", r"\1 ", text).split() if word not in there]


def regions(n):
    return [f"{LONG} {i}" if i % 3 == 0 else f"Облысы{i}" for i in range(n)]


def random(n, columns):
    rng = np.random.default_rng(7)
    return pd.DataFrame(rng.uniform(5, 95, (n, len(columns))), regions(n), columns)


def counts():
    return pd.DataFrame(
        {"group": ["Бала", "Бала", "Отбасы"], "own": [2, 0, 1], "carried": [1, 0, 3], "missing": [0, 5, 1]},
        index=[KAZAKH, "Дағдылар", "Жұмыспен қамтылу"],
    )


def measured(table=None):
    return draw_measured(counts() if table is None else table, COUNTED, "Көрсеткіштер саны", lambda v: f"{v:.0f}")


def dots(n=5, *, nation=True, intervals=True, table=None):
    table = random(n, ["cwi", "child", "family"]) if table is None else table
    return dot_plot(
        table,
        index="cwi",
        parts=["child", "family"],
        nation=pd.Series({"cwi": 51.26, "child": 3.0}) if nation else None,
        intervals=pd.DataFrame({"low": table["cwi"] - 3, "high": table["cwi"] + 4}) if intervals else None,
        labels=DOTS,
        axis_label=AXIS,
        number=number,
    )


def heat(table, **options):
    return heat_map(table, number=number, axis_label=AXIS, missing_label=GAP, **options)


def dumbbells(earlier, later):
    return draw_dumbbells(earlier, later, labels=YEARS, axis_label=AXIS, number=number)


def codes(year):
    return list(
        maps._ground(maps.boundaries_of(year), None, maps.projection_of(maps.boundaries_of(year))).shapes["code"]
    )


def chart(year=2022, other=None, *, label="", name="A", **values):
    known = codes(year)
    names = {code: f"{name} {i}" for i, code in enumerate(known)}
    found = pd.Series(np.linspace(35, 75, len(known)), known)
    for code, value in values.items():
        found[code.replace("_", "-")] = value
    return maps.choropleth(
        found,
        maps.boundaries_of(year),
        names=names,
        number=number,
        axis_label=AXIS,
        missing_label=GAP,
        other_boundaries=maps.boundaries_of(other) if other else None,
        other_label=label,
        limits=(30, 80),
    )


# ---------------------------------------------------------------- every word is there


def test_measured_says_everything():
    assert not unsaid(measured(), *counts().index, "Бала", "Отбасы", *COUNTED.values(), "Көрсеткіштер саны", "5")


def test_dot_plot_says_everything():
    table = random(5, ["cwi", "child", "family"])
    texts = [*table.index, *DOTS.values(), AXIS, "51,3", *map(number, table["cwi"])]
    assert not unsaid(dots(), *texts)


def test_heat_map_says_everything():
    table = random(4, ["Денсаулық сақтау", KAZAKH, "Благосостояние страны"])
    table.iloc[1, 2] = np.nan
    marks = table > 50
    figure = heat(table, marks=marks, mark_label="көшірілген мәндерге сүйенеді", emphasised=KAZAKH)
    printed = [number(v) for v in table.to_numpy().ravel() if np.isfinite(v)]
    assert not unsaid(figure, *table.index, *table.columns, *printed, AXIS, GAP, "көшірілген мәндерге сүйенеді")


def test_dumbbells_say_everything():
    earlier = pd.Series({"Абай": 50.0, LONG: 40.0, "Алматы": 60.0})
    later = pd.Series({"Абай": 52.5, LONG: 36.4, "Алматы": 60.0})
    assert not unsaid(dumbbells(earlier, later), *earlier.index, *YEARS.values(), AXIS, "+2,5", "−3,6", "0,0")


@pytest.mark.slow
@pytest.mark.parametrize(("year", "other"), [(2022, 2019), (2019, 2022)])
def test_map_says_everything(year, other):
    label = "Границы с июня 2022 года"
    known = codes(year)
    figure = chart(year, other, label=label, name="Алматы", KZ_75=np.nan)
    names = [f"Алматы {i}" for i in range(len(known))]
    assert not unsaid(figure, *names, "35,0", "75,0", AXIS, GAP, label)


def test_a_dollar_is_a_letter():
    assert "$x^2$" in words(heat(pd.DataFrame({"$x^2$": [1.0]}, ["$a$"])))


# ---------------------------------------------------------------- gaps are seen


@pytest.mark.slow
def test_missing_cells_are_hatched_and_explained():
    table = random(3, ["a", "b"])
    assert not hatched(heat(table))
    table.iloc[0, 0] = table.iloc[2, 1] = np.nan
    assert hatched(heat(table)) == 3  # two cells and the key


@pytest.mark.slow
def test_missing_regions_are_hatched():
    assert not hatched(chart())
    assert hatched(chart(KZ_39=np.nan)) >= 2


@pytest.mark.slow
def test_regions_in_doubt_keep_their_colour_and_are_hatched_those_without_a_figure_are_blank():
    known = codes(2022)
    values = pd.Series(np.linspace(35, 75, len(known)), known)
    values["KZ-39"] = np.nan
    asked = {"names": {code: f"A {code}" for code in known}, "number": number, "axis_label": AXIS, "missing_label": GAP}

    def drawn(doubtful):
        return maps.choropleth(
            values, maps.boundaries_of(2022), **asked, unreliable=doubtful, unreliable_label="in doubt"
        )

    def words(figure):
        return {text.get_text() for axes in figure.axes for text in axes.texts}

    assert not hatched(drawn([]))
    assert GAP in words(drawn([]))
    assert "in doubt" not in words(drawn([]))
    figure = drawn(["KZ-11", "KZ-39"])  # the second has no figure to doubt
    assert hatched(figure) == hatched(drawn(["KZ-11"])) >= 2
    assert {GAP, "in doubt", f"({number(float(values['KZ-11']))})"} <= words(figure)


@pytest.mark.parametrize("group", ["short", "a name of a group of rows that is longer than all names of its rows"])
def test_the_name_of_a_group_is_not_covered_by_the_axes(group):
    table = pd.DataFrame({"group": group, "name": ["one", "two"], "value": [1.0, 2.0]})
    figure = grouped_dots(table, [Dot("value", "v", "o", 6.0, "white")], axis_label=AXIS)
    place = next((axes, text) for axes in figure.axes for text in axes.texts if text.get_text() == group)
    main = next(axes for axes in figure.axes if axes.get_xlabel() == AXIS)
    box, beside = place[1].get_window_extent(), main.get_window_extent()
    assert box.x1 <= beside.x0 or figure.axes.index(place[0]) > figure.axes.index(main)


@pytest.mark.slow
def test_a_region_that_is_not_handed_in_is_missing():
    known = codes(2022)
    figure = maps.choropleth(
        pd.Series({known[0]: 50.0}),
        maps.boundaries_of(2022),
        names=dict.fromkeys(known, "A"),
        number=number,
        axis_label=AXIS,
        missing_label=GAP,
    )
    assert hatched(figure) >= len(known) - 1


def test_carried_and_missing_differ_beside_their_colour():
    text = svg(measured())
    assert b"url(#h" in text
    assert b"stroke-dasharray" in text


def test_a_part_without_a_score_is_absent():
    table = random(3, ["cwi", "child", "family"])
    table.iloc[0, 1] = np.nan

    def drawn(figure):
        return sum(np.isfinite(line.get_xdata()).sum() for axes in figure.axes[2:] for line in axes.lines)

    assert drawn(dots(table=table, nation=False)) == 8


# ---------------------------------------------------------------- edges


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 51])
def test_any_number_of_regions(n):
    for figure in (dots(n), heat(random(n, ["a"])), dumbbells(random(n, ["a"])["a"], random(n, ["a"])["a"] + 1)):
        assert isinstance(figure, Figure)
        assert svg(figure)


@pytest.mark.slow
def test_nothing_measured():
    table = random(3, ["cwi", "child", "family"]) * np.nan
    none = counts().assign(own=0, carried=0, missing=0)
    blank = {code.replace("-", "_"): np.nan for code in codes(2019)}
    drawn = [dots(table=table, nation=False), heat(table, emphasised="cwi"), dumbbells(table["cwi"], table["cwi"])]
    for figure in [*drawn, measured(none), chart(2019, **blank)]:
        assert svg(figure)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "columns"), [(20, 14), (21, 5), (1, 1)])
def test_heat_map_fits_its_page(rows, columns):
    figure = heat(random(rows, [f"{KAZAKH} {j}" for j in range(columns)]), emphasised=f"{KAZAKH} 0")
    assert inside(figure)


@pytest.mark.slow
def test_pictures_fit_their_page():
    table = random(20, ["cwi", "child", "family"])
    bare = dots(20, nation=False, intervals=False)
    for figure in (measured(), dots(20), bare, dumbbells(table["cwi"], table["child"])):
        assert figure.get_size_inches()[0] == WIDTH
        assert inside(figure)


@pytest.mark.slow
@pytest.mark.parametrize("year", [2019, 2022])
def test_labels_of_a_map_fit_and_do_not_touch(year):
    figure = chart(year, 2019 if year == 2022 else 2022, label="a", name="Қостанай облысы")
    assert inside(figure)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer).padded(-1.5) for text in figure.axes[0].texts if text.get_text()]
    touching = [(i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes) if i < j and a.overlaps(b)]
    assert not touching


def panels(n, *, title=""):
    at = np.arange(n, dtype=float)
    values = pd.DataFrame({"value": at, "low": at - 1, "high": at + 2, "reference": 4.0})
    words = {"axis_label": AXIS, "point": LONG, "interval": COUNTED["own"], "reference": "Қазақстан", "title": title}
    return interval_panels(regions(n), {"Ел бойынша айырма": values}, **words)


def lines_over_years():
    series = {LONG: pd.Series({2018: 38.0, 2020: 41.0, 2022: 44.0}), "Қазақстан": pd.Series({2018: 39.0, 2022: 44.5})}
    return years(series, axis_label=AXIS, number=number)


def money():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"x": rng.uniform(20, 40, 20), "y": rng.uniform(30, 60, 20)}, regions(20))
    table["predicted"] = 20 + table["x"]
    return against(table, x_label=AXIS, y_label=GAP, line=KAZAKH, point=LONG, number=number)


def leads():
    n = 20
    names = [f"{LONG} (2022 жылғы маусымға дейін)", *regions(n - 1)]
    return sure_leads(pd.DataFrame(np.triu(np.ones((n, n), dtype=bool), 2), names, names), LEADS)


FOR_A_PHONE = {
    "leads": leads,
    "measured": measured,
    "dots": lambda: dots(20),
    "heat": lambda: heat(random(6, [f"{KAZAKH} {j}" for j in range(15)]), emphasised=f"{KAZAKH} 0"),
    "dumbbells": lambda: dumbbells(random(8, ["a"])["a"], random(8, ["a"])["a"] + 3),
    "panels": lambda: panels(15, title="Репетиция: синтетические данные, ни одно число не настоящее"),
    "years": lines_over_years,
    "squares": lambda: squares(pd.Series({KAZAKH: 60, LONG: 40}), [0, 4]),
    "money": money,
    "map": chart,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FOR_A_PHONE)
def test_every_picture_is_drawn_for_a_phone_too(kind):
    """As wide as the text of a page of 360 px, with letters of the same size, and nothing beyond its edges."""
    with narrow():
        figure = FOR_A_PHONE[kind]()
        assert figure.get_size_inches()[0] == PHONE
        assert inside(figure)
    sizes = [text.get_size() for axes in figure.axes for text in axes.texts if text.get_text()]
    assert min(sizes) >= 6.5


def test_a_heat_map_for_a_phone_has_all_columns_in_parts_each_with_all_names():
    table = random(4, [f"column {j}" for j in range(12)])
    with narrow():
        figure = heat(table)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    times = texts.count("Облысы1")
    assert times > 1
    assert {number(v) for v in table.to_numpy().ravel()} <= set(texts)
    assert [text.get_text() for axes in heat(table).axes for text in axes.texts].count("Облысы1") == 1


def test_lines_have_their_names_at_their_ends_and_no_key():
    for figure, names in ((lines_over_years(), ["Қазақстан"]), (panels(4), ["Қазақстан"])):
        axes = next(each for each in figure.axes if any(text.get_text() in names for text in each.texts))
        assert axes.axison  # beside the line itself, not in the key


def test_the_style_rests_on_seaborns_theme():
    theme = {**sns.axes_style("ticks"), **sns.plotting_context("paper")}
    same = [key for key, value in theme.items() if STYLE.get(key) == value]
    assert {"lines.solid_capstyle", "image.cmap", "legend.fontsize", "xtick.minor.size", "font.sans-serif"} <= set(same)


def inside(figure):
    """Whether every text lies on the page."""
    canvas = FigureCanvasAgg(figure)
    with rc_context(STYLE):
        canvas.draw()
    page = figure.bbox
    for axes in figure.axes:
        low, high = sorted(axes.get_xlim())
        seen = [each for at, each in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True) if low <= at <= high]
        labels = [*axes.texts, *([axes.xaxis.label, *seen] if axes.axison else [])]
        for text in labels:
            if text.get_text() and text.get_visible():
                box = text.get_window_extent(canvas.get_renderer())
                assert box.x0 >= page.x0 - 1, text.get_text()
                assert box.y0 >= page.y0 - 1, text.get_text()
                assert box.x1 <= page.x1 + 1, text.get_text()
                assert box.y1 <= page.y1 + 1, text.get_text()
    return True


def test_ties_keep_their_order():
    table = pd.DataFrame({"cwi": [50.0, 60.0, 50.0], "child": 1.0, "family": 2.0}, ["Б", "А", "В"])
    texts = [text.get_text() for axes in dots(table=table).axes for text in axes.texts]
    assert [t for t in texts if t in "АБВ"] == ["А", "Б", "В"]


def test_regions_without_an_index_stand_last():
    table = pd.DataFrame({"cwi": [np.nan, 60.0], "child": 1.0, "family": 2.0}, ["Б", "А"])
    texts = [text.get_text() for axes in dots(table=table).axes for text in axes.texts]
    assert [t for t in texts if t in "АБ"] == ["А", "Б"]


def test_changes_are_sorted_and_signed_once():
    names = ["down", "same", "up", "new"]
    earlier = pd.Series([50.0, 50.0, 50.0], names[:3])
    later = pd.Series([49.0, 50.001, 53.0, 70.0], names)
    figure = draw_dumbbells(earlier, later, labels=YEARS, axis_label="", number=lambda v: f"{v:+.1f}")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert [t for t in texts if t in names] == ["up", "same", "down", "new"]
    assert [t for t in texts if t[-2:] in (".0", "–")] == ["+3.0", "0.0", "\N{MINUS SIGN}1.0", "–"]


@pytest.mark.slow
def test_marks_follow_their_cells_not_their_order():
    table = random(3, ["a", "b"])
    marks = pd.DataFrame(False, table.index[::-1], ["b", "a"])
    marks.loc[table.index[0], "b"] = True
    axes = heat(table, marks=marks, mark_label="m").axes
    dots_at = [tuple(map(float, (*line.get_xdata(), *line.get_ydata()))) for a in axes for line in a.lines]
    assert (2.0, 0.0) in dots_at


# ---------------------------------------------------------------- the same bytes


@pytest.mark.slow
@pytest.mark.parametrize(
    "draw",
    [
        measured,
        dots,
        lambda: heat(random(3, ["a", "b"]).where(lambda t: t > 30), emphasised="b"),
        lambda: dumbbells(random(4, ["a"])["a"], random(4, ["b"])["b"][::-1] + 3),
        lambda: chart(2019, KZ_71=np.nan),
    ],
)
def test_same_bytes_twice(draw):
    first = svg(draw())
    maps._ground_of.cache_clear()
    assert svg(draw()) == first
    assert b"<dc:date>" not in first


@pytest.mark.slow
def test_the_callers_settings_do_not_matter():
    first = svg(dots())
    with rc_context({"font.size": 30, "axes.grid": True, "lines.linewidth": 9}):
        second = dots()
    assert svg(second) == first


# ---------------------------------------------------------------- wrong input


def test_an_unknown_region_is_named():
    former = pd.Series({"KZ-VOS": 50.0})
    with pytest.raises(DataError, match=r"regions_2022\.geojson has no region 'KZ-VOS'.*there are KZ-"):
        maps.choropleth(former, maps.boundaries_of(2022), names={}, number=number, axis_label="", missing_label="")


def test_a_region_without_a_name_is_named():
    with pytest.raises(DataError, match=r"'KZ-10' of .* has no name"):
        maps.choropleth(
            pd.Series(dtype=float), maps.boundaries_of(2022), names={}, number=number, axis_label="", missing_label=""
        )


def test_a_boundary_file_without_codes_is_refused(tmp_path):
    path = tmp_path / "x.geojson"
    path.write_text(maps.boundaries_of(2022).read_text(encoding="utf-8").replace('"code"', '"kod"'), encoding="utf-8")
    with pytest.raises(DataError, match=r"x\.geojson: the regions have no property 'code'"):
        maps.choropleth(pd.Series(dtype=float), path, names={}, number=number, axis_label="", missing_label="")


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: measured(counts().drop(columns="own")), "no column 'own'; it has group, carried, missing"),
        (lambda: measured(counts().iloc[:0]), "nothing to draw"),
        (lambda: dots(table=random(2, ["cwi", "child"])), "no column 'family'"),
        (lambda: dots(table=random(1, ["cwi", "child", "family"]).iloc[[0, 0]]), "is listed twice"),
        (lambda: heat(random(2, ["a", "a"])), "'a' is listed twice"),
        (lambda: heat(random(2, ["a"]), emphasised="b"), "no column 'b'"),
        (lambda: heat(random(2, [])), "nothing to draw"),
        (lambda: heat(random(2, ["a"]), limits=(5, 5)), "from 5 to 5"),
        (lambda: dumbbells(pd.Series(dtype=float), pd.Series(dtype=float)), "no regions"),
    ],
)
def test_wrong_tables_are_refused(draw, said):
    with pytest.raises(DataError, match=said):
        draw()


# ---------------------------------------------------------------- colours, wrapping, files


def grey(colours):
    rgb = np.array([colours(x)[:3] for x in np.linspace(0, 1, 101)])
    return rgb @ [0.299, 0.587, 0.114]


def test_colours_survive_grey_print():
    assert (np.diff(grey(SEQUENTIAL)) < 0).all()
    assert (np.diff(grey(DIVERGING)[:51]) > 0).all()
    assert (np.diff(grey(DIVERGING)[50:]) < 0).all()


@pytest.mark.parametrize("colours", [SEQUENTIAL, DIVERGING])
def test_numbers_can_be_read_on_every_colour(colours):
    def luminance(rgb):
        c = np.asarray(rgb)
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    for x in np.linspace(0, 1, 101):
        back = luminance(colours(x)[:3])
        ink = luminance([1, 1, 1] if on(colours(x)) == "white" else [0x1A / 255] * 3)
        assert (max(back, ink) + 0.05) / (min(back, ink) + 0.05) >= 4.0


def test_wrapping():
    assert wrap("Абай", 0.01, 9) == "Абай"
    assert wrap("", 1, 9) == ""
    assert wrap("Северо-Казахстанская область", 1.6, 9) == "Северо-Казахстанская\nобласть"
    assert wrap("Западно-Казахстанская", 1.2, 9) == "Западно-\nКазахстанская"
    assert wrap("әл-ауқаты", 0.2, 9) == "әл-ауқаты"
    for text in (KAZAKH, LONG, AXIS):
        for width in (0.9, 1.4, 2.5):
            wrapped = wrap(text, width, 9)
            assert wrapped.replace("\n", " ") == text
            assert width_of(wrapped, 9) <= max(width, width_of(text.replace(" ", "\n"), 9))


@pytest.mark.parametrize(("year", "n"), [(2010, 17), (2021, 17), (2022, 20), (2030, 20)])
def test_boundaries_of_a_year(year, n):
    path = maps.boundaries_of(year)
    assert path.is_relative_to(folders.data())
    assert len(codes(year)) == n
