"""What a survey found, as tables and pictures of a notebook. In English: it is read by those who make the index.

Every function gives a section that a cell shows. Of a synthetic survey every section, caption and picture says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from cwi.analysis.survey import LEVEL, SurveyShare, likeness
from cwi.inputs.survey import CAUTION, UNRELIABLE, Estimates, Round, SurveyDefinitions
from cwi.report.blocks import Block, Bullets, Figure, Paragraph, Section, Table
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.panels import interval_panels
from cwi.report.pictures.style import FALL, RISE

__all__ = [
    "estimates",
    "flagged",
    "plan",
    "quality",
    "ranks",
    "response",
    "scales",
    "sources",
    "variance",
    "widths",
]

MARK = "SYNTHETIC"
WARNING = "SYNTHETIC: these answers were drawn by a computer. Nothing here says anything of children in Kazakhstan."
FEW = 4  # panels of one picture, at most
RESPONDENTS = {"child": "children", "parent": "parents"}

Format = Callable[[float], str]
Names = Mapping[str, str]


def response(found: Estimates, names: Names, round_: Round) -> Section:
    """How many were asked and how many answered, by region and respondent; what the files were flagged for."""
    whole = found.response[found.response["area"] == ""]
    parts = [
        rows.set_index("region")[["invited", "answered", "rate"]].add_prefix(f"{RESPONDENTS[str(word)]} ")
        for word, rows in whole.groupby("respondent")
    ]
    data = pd.concat(parts, axis=1)
    some = len(data) - 1 if "partial" in set(found.observations["status"]) else 0
    called = {**names, found.nation: "all surveyed regions"} if some else names
    data = _named(data.loc[_order(data.index, names)].rename_axis("region").reset_index(), called)
    formats: dict[str, Format] = dict.fromkeys(data.columns[1:], _whole)
    formats |= {column: _one for column in formats if column.endswith("rate")}
    note = (
        "Parents of a child who took part, and of households with younger children only. Rates in per cent, not "
        "weighted."
    )
    blocks: list[Block] = [_table(found, "survey-response", f"Sample and response, {found.year}", data, formats, note)]
    if some:
        blocks.append(Paragraph(f"The survey was held in {some} regions; of the country it says nothing.", "note"))
    if round_.flags:
        blocks.append(Bullets([str(flag) for flag in round_.flags]))
    if not found.weighting.empty:
        formats = dict.fromkeys(("n", "before", "after"), _whole)
        formats |= dict.fromkeys(("least", "largest", "effect_before", "effect_after"), _two)
        blocks.append(_table(found, "survey-weighting", "What was done to the weights", found.weighting, formats))
    return _section(found, *blocks)


def estimates(found: Estimates, names: Names, definitions: SurveyDefinitions, *codes: str) -> Section:
    """A few indicators by region with their intervals; behind the picture the table of all indicators.

    Parameters
    ----------
    names
        What each region is called.
    codes
        Of up to four indicators; the regions stand in the order of the first.
    """
    key = ["region", "indicator"]
    totals = found.observations[(found.observations["area"] == "") & (found.observations["sex"] == "")]
    limits = found.quality[(found.quality["area"] == "") & (found.quality["sex"] == "")]
    rows = totals.merge(limits[[*key, "low", "high", "flag"]], on=key)
    by = {code: own.set_index("region") for code, own in rows.groupby("indicator")}
    first = by[codes[0]].drop(found.nation)
    surveyed = [
        r for r in first.sort_values("value", ascending=False).index if by[codes[0]].at[r, "status"] != "missing"
    ]
    panels = {_words(code): _panel(by[code], surveyed, found.nation) for code in codes[:FEW]}
    best, last = (names.get(region, region) for region in (surveyed[0], surveyed[-1]))
    alt = (
        f"{_words(codes[0])} by region, with {found.level:.0%} intervals: from {first['value'].max():.1f} % "
        f"({best}) to {first['value'].min():.1f} % ({last}), {len(codes)} indicators in all."
    )
    of_some = "partial" in set(by[codes[0]]["status"])
    drawn = partial(
        interval_panels,
        [names.get(region, region) for region in surveyed],
        panels,
        axis_label="per cent of those who answered",
        point="estimate",
        interval=f"{found.level:.0%} interval",
        reference="all surveyed regions" if of_some else "the country",
        title=MARK if found.synthetic else "",
    )
    order = pd.Categorical(rows["indicator"], list(definitions.indicators), ordered=True)
    shown = _named(rows.assign(order=order).sort_values(["order", "region"]), names)
    formats = {"value": _one, "se": _two, "low": _one, "high": _one, "n": _whole}
    behind = _table(
        found,
        "survey-estimates",
        "All indicators by region, per cent",
        shown[["indicator", "region", "value", "se", "low", "high", "n", "status", "flag"]],
        formats,
    )
    caption = _said(found, f"What children and parents say, by region, {found.year}")
    return _section(
        found,
        Figure("survey-estimates", caption, _alt(found, alt), drawn, "en", behind, "The table of all indicators"),
    )


def quality(found: Estimates, definitions: SurveyDefinitions) -> Section:
    """How good the regional estimates of each indicator are: the median over regions, and the worst."""
    rows = found.quality[(found.quality["area"] == "") & (found.quality["sex"] == "")]
    nation = rows[rows["region"] == found.nation].set_index("indicator")
    own = rows[(rows["region"] != found.nation) & rows["cv"].notna()]
    of = own.groupby("indicator")
    half = ((own["high"] - own["low"]) / 2).groupby(own["indicator"])
    table = pd.DataFrame(
        {
            "respondent": {code: share.respondent for code, share in definitions.indicators.items()},
            "n": of["n"].median(),
            "least n": of["n"].min(),
            "clusters": of["psus"].median(),
            "deff": of["deff"].median(),
            "of weights": of["kish"].median(),
            "icc": likeness(found.quality),
            "se": of["se"].median(),
            "margin": half.median(),
            "widest": half.max(),
            "CV": of["cv"].median(),
            "worst CV": of["cv"].max(),
            "CV, all": nation["cv"],
            "flagged": own["flag"].ne("").groupby(own["indicator"]).sum(),
        }
    ).reindex(list(definitions.indicators))
    data = table.rename_axis("indicator").reset_index()
    data["indicator"] = data["indicator"].map(_words)
    formats: dict[str, Format] = dict.fromkeys(["n", "least n", "clusters", "flagged"], _whole)
    formats |= dict.fromkeys(["deff", "of weights", "se"], _two) | {"icc": "{:.3f}".format}
    formats |= dict.fromkeys(["margin", "widest", "CV", "worst CV", "CV, all"], _one)
    note = (
        "Medians over the regions. deff: variance against a simple random sample of n, of which unequal weights alone "
        "make the next column; icc: how alike answers of a cluster are, from what is left. Errors, and margins (half "
        "the interval), in percentage points; coefficients of variation in per cent. All: the surveyed regions "
        "together."
    )
    return _section(found, _table(found, "survey-quality", f"Quality by indicator, {found.year}", data, formats, note))


def flagged(found: Estimates, names: Names) -> Section:
    """The regional estimates that a reader must be warned of, and how many parts of regions carry a flag."""
    marked = found.quality[found.quality["flag"] != ""]
    part = marked["area"].ne("") | marked["sex"].ne("")
    lines = [
        f"{what}: {', '.join(f'{flag} {count}' for flag, count in rows['flag'].value_counts().items())}"
        for what, rows in (("whole regions", marked[~part]), ("parts of regions, by area and sex", marked[part]))
        if not rows.empty
    ]
    rule = (
        f"caution: a coefficient of variation above {CAUTION} %; unreliable: above {UNRELIABLE} %; few answers: fewer "
        "than 50; no error: all answer alike, or one cluster a stratum. The index takes them with their errors."
    )
    blocks: list[Block] = [
        Bullets(lines) if lines else Paragraph("No estimate carries a flag."),
        Paragraph(rule, "note"),
    ]
    whole = marked[(marked["area"] == "") & (marked["sex"] == "") & (marked["flag"] != "missing")]
    if not whole.empty:
        data = _named(whole, names)[["indicator", "region", "n", "deff", "cv", "low", "high", "flag"]]
        formats = {"n": _whole, "deff": _two, "cv": _one, "low": _one, "high": _one}
        blocks.append(_table(found, "survey-flagged", "Estimates of whole regions with a flag", data, formats))
    return _section(found, *blocks)


def scales(found: Estimates, definitions: SurveyDefinitions) -> Section:
    """Do the items of a scale measure one thing? Cronbach's alpha with its interval under the design."""
    if found.reliability.empty:
        return _section(found, Paragraph("No scale has answers enough."))
    table = found.reliability
    drawn = table.assign(group="scales", name=[definitions.scales[code].titles["en"] for code in table["scale"]])
    low = min(_records(table), key=lambda row: row["alpha"])
    alt = (
        f"Cronbach's alpha of {len(table)} scales. The lowest is {low['alpha']:.2f} "
        f"({definitions.scales[low['scale']].titles['en']})."
    )
    drawing = partial(
        grouped_dots,
        drawn,
        [Dot("alpha", "alpha", "o", 5.5, RISE)],
        axis_label="Cronbach's alpha",
        interval=f"{found.level:.0%} interval",
        limits=(min(0.5, float(table["low"].min()) - 0.02), 1.0),
        title=MARK if found.synthetic else "",
    )
    data = table.assign(scale=drawn["name"], indicator=table["indicator"].map(_words), item=table["item"].map(_words))
    data = data.rename(columns={"complete": "answered all, %", "item": "weakest item", "item_rest": "item-rest"})
    formats: dict[str, Format] = {"items": _whole, "n": _whole, "answered all, %": _one}
    formats |= dict.fromkeys(["alpha", "low", "high", "item-rest"], _two)
    behind = _table(found, "survey-scales", f"Reliability of scales, {found.year}", data, formats)
    caption = _said(found, f"Reliability of scales, {found.year}")
    return _section(
        found,
        Figure("survey-scales", caption, _alt(found, alt), drawing, "en", behind, "The table"),
        behind,
    )


def ranks(found: SurveyShare, names: Names) -> Section:
    """Where each region stands in the index without the survey, and with it."""
    table = found.ranks.sort_values("rank_with", kind="stable")
    moved = table["moved"].abs()
    far = str(moved.idxmax())
    alt = (
        f"Ranks of {len(table)} regions without and with the survey. {int((moved > 0).sum())} move; most of all "
        f"{names.get(far, far)}, from {table.at[far, 'rank_without']:.0f} to {table.at[far, 'rank_with']:.0f}."
    )
    drawing = partial(
        grouped_dots,
        table.assign(group="regions", name=[names.get(code, code) for code in table.index]),
        [
            Dot("rank_without", "rank without the survey", "o", 7.0, "white"),
            Dot("rank_with", "with it", "o", 5.5, RISE),
        ],
        axis_label="rank",
        limits=(0.0, len(table) + 1.0),
        ticks=[1, *range(5, len(table) + 1, 5)],
        title=MARK if found.synthetic else "",
    )
    data = _named(table.rename_axis("region").reset_index(), names)
    formats = {"without": _one, "with": _one, "rank_without": _whole, "rank_with": _whole, "moved": _signed}
    behind = _table(found, "survey-ranks", "The index without and with the survey", data, formats)
    caption = _said(found, f"Ranks in the index without and with the survey, {found.year}")
    said = (
        f"Without the survey {found.measured[0]:.0%} of the weight is measured, with it {found.measured[1]:.0%}. "
        "Scores are not compared: what is measured differs."
    )
    return _section(
        found,
        Figure("survey-ranks", caption, _alt(found, alt), drawing, "en", behind, "The table"),
        Paragraph(said, "note"),
    )


def sources(found: SurveyShare) -> Section:
    """How wide intervals of score and rank are when only sampling error, only weights, or both vary."""
    data = found.sources.reset_index().rename(columns=WIDTHS)
    note = (
        f"Widths of {LEVEL:.0%} intervals over the regions, in points and places. Told apart: share of the pairs of "
        "neighbours of which one stands above the other in 95 % of the draws."
    )
    return _section(
        found, _table(found, "survey-sources", "Where the uncertainty of the index comes from", data, FORMATS, note)
    )


def variance(found: SurveyShare, names: Names) -> Section:
    """The share of the variance of each region's score and rank that sampling error makes alone."""
    rows = found.variance[found.variance["factor"] == "sampling"]
    order = {region: i for i, region in enumerate(found.ranks["rank_with"].sort_values(kind="stable").index)}
    rows = rows.assign(place=rows["region"].map(order)).sort_values(["output", "place"], ascending=[False, True])
    percent = {name: 100 * rows[name].clip(0, 1) for name in ("first", "first_low", "first_high", "total")}
    drawn = rows.assign(
        **percent,
        group=rows["output"].map({"score": "of the score", "rank": "of the rank"}),
        name=rows["region"].map(lambda code: names.get(code, code)),
        low=percent["first_low"],
        high=percent["first_high"],
    )
    alt = (
        f"Share of variance from sampling error: at the median region {found.share('score'):.0%} of the score's and "
        f"{found.share('rank'):.0%} of the rank's; the rest is the weights, alone or together with it."
    )
    drawing = partial(
        grouped_dots,
        drawn,
        [
            Dot("total", "with what it does together with weights", "D", 4.5, FALL),
            Dot("first", "sampling error alone", "o", 5.5, RISE),
        ],
        axis_label="share of the variance, per cent",
        interval="90 % interval (alone)",
        limits=(0.0, 100.0),
        title=MARK if found.synthetic else "",
    )
    data = drawn[["output", "name", "first", "low", "high", "total"]].rename(columns={"name": "region"})
    formats = dict.fromkeys(["first", "low", "high", "total"], _one)
    behind = _table(found, "survey-variance", "Share of variance from sampling error, per cent", data, formats)
    caption = _said(found, f"How much of the uncertainty of score and rank is sampling error, {found.year}")
    return _section(found, Figure("survey-variance", caption, _alt(found, alt), drawing, "en", behind, "The table"))


def plan(found: Estimates, table: pd.DataFrame, names: Names) -> Section:
    """How many children and clusters each region needs for the wanted margin, of :func:`sample_plan`."""
    whole = table.sum().to_frame().T.assign(deff=float("nan"), margin=float("nan"))
    data = pd.concat([table, whole.set_axis(["all"])]).rename_axis("region").reset_index()
    data = _named(data, names)
    formats: dict[str, Format] = dict.fromkeys(["children", "asked", "answers", "clusters", "cost"], _whole)
    formats |= {"deff": _two, "margin": _two}
    note = "Clusters are whole; the margin that they give is in percentage points."
    return _section(found, _table(found, "survey-plan", "The next sample for the wanted margin", data, formats, note))


def widths(found: Estimates, table: pd.DataFrame) -> Section:
    """How wide the index's intervals become with other samples, of :func:`cwi.analysis.survey.sample_size.widths`."""
    rows = [
        {
            "group": group,
            "name": f"{row['sample']:,.0f} children{', as now' if abs(row['factor'] - 1) < 0.01 else ''}",
            "median": row[f"{kind}_median"],
            "most": row[f"{kind}_most"],
        }
        for kind, group in (("rank", "rank, places"), ("score", "score, points"))
        for row in _records(table.reset_index())
    ]
    drawn = pd.DataFrame(rows)
    small, large = table.iloc[0], table.iloc[-1]
    alt = (
        f"Widths of {LEVEL:.0%} intervals from sampling error alone: the median rank interval spans "
        f"{small['rank_median']:.1f} places with {int(table.index[0]):,} children and {large['rank_median']:.1f} with "
        f"{int(table.index[-1]):,}."
    )
    drawing = partial(
        grouped_dots,
        drawn,
        [Dot("most", "widest region", "o", 7.0, "white"), Dot("median", "median region", "o", 5.5, RISE)],
        axis_label=f"width of the {LEVEL:.0%} interval",
        limits=(0.0, 1.05 * float(drawn["most"].max())),
        title=MARK if found.synthetic else "",
    )
    data = table.reset_index().rename(columns=WIDTHS)
    behind = _table(found, "survey-widths", "The index with other samples", data, FORMATS)
    caption = _said(found, f"How sure the index is with other samples, {found.year}")
    return _section(
        found, Figure("survey-widths", caption, _alt(found, alt), drawing, "en", behind, "The table"), behind
    )


def _section(found: Estimates | SurveyShare, *blocks: Block) -> Section:
    return Section([*([Paragraph(WARNING, "warning")] if found.synthetic else []), *blocks])


def _said(found: Estimates | SurveyShare, caption: str) -> str:
    return f"Synthetic: {caption[0].lower()}{caption[1:]}" if found.synthetic else caption


def _alt(found: Estimates | SurveyShare, alt: str) -> str:
    return f"Synthetic. {alt}" if found.synthetic else alt


def _marked(found: Estimates | SurveyShare, data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(origin="synthetic") if found.synthetic else data


def _table(
    found: Estimates | SurveyShare,
    name: str,
    caption: str,
    data: pd.DataFrame,
    formats: Mapping[str, Format],
    note: str = "",
) -> Table:
    shown = [
        [
            "–" if pd.isna(value) else formats[column](value) if column in formats else str(value)
            for column, value in row
        ]
        for row in ([*record.items()] for record in _records(data))
    ]
    columns = [str(column) for column in data.columns]
    numeric = next((i for i, column in enumerate(columns) if column in formats), len(columns))
    return Table(name, _said(found, caption), columns, shown, _marked(found, data), note, numeric=numeric)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(column): value for column, value in record.items()} for record in table.to_dict("records")]


def _named(data: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Regions and indicators by their names."""
    called = data.assign(region=[names.get(str(code), str(code)) for code in data["region"]])
    return called.assign(indicator=called["indicator"].map(_words)) if "indicator" in called else called


def _panel(rows: pd.DataFrame, regions: list[str], nation: str) -> pd.DataFrame:
    """Regions in a given order, and the country beside each."""
    return rows.reindex(regions).assign(reference=rows["value"].reindex([nation]).repeat(len(regions)).to_numpy())


def _order(regions: pd.Index, names: Names) -> list[str]:
    """The country first, then regions by name."""
    return sorted(map(str, regions), key=lambda code: ("-" in code, names.get(code, code)))


def _words(code: str) -> str:
    return code.replace("_", " ")


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _signed(value: float) -> str:
    return f"{value:+.0f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _one(value: float) -> str:
    return f"{value:.1f}"


def _two(value: float) -> str:
    return f"{value:.2f}"


WIDTHS = {
    "score_median": "score, median", "score_most": "score, widest", "rank_median": "rank, median",
    "rank_most": "rank, widest", "told_apart": "neighbours told apart", "factor": "errors times",
}  # fmt: skip
FORMATS: Mapping[str, Format] = {
    "sample": _whole, "score, median": _two, "score, widest": _two, "rank, median": _one, "rank, widest": _one,
    "neighbours told apart": "{:.0%}".format, "errors times": _two,
}  # fmt: skip
