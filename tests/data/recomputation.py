"""Every number that a report of 2023 or 2024 prints and that is no draw, from the files of data/ with pandas alone.

Nothing of cwi is imported. Names are those of the ledger; :func:`numbers` gives them with their values.
"""

import itertools
import math
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[2] / "data"
FIRST = 2018  # of the base years, from which trends are drawn
PARTS = {  # territories that were divided, by the year from which the parts are there
    "KZ-YUZ": (2018, ("KZ-61", "KZ-79")),
    "KZ-VOS": (2022, ("KZ-63", "KZ-10")),
    "KZ-ALM": (2022, ("KZ-19", "KZ-33")),
    "KZ-KAR": (2022, ("KZ-35", "KZ-62")),
}
FORMER = {part: whole for whole, (_, parts) in PARTS.items() for part in parts}
GROUPS = {"sex": ("F", "M"), "area": ("U", "R")}
FUNCTIONS = ["04", "05", "06", "08"]
LARGEST_SHARE = 12.0  # the bar of the issue: no indicator above 12 % of the variance
STRICTER = (0.25, 1 / 3, 0.5)
FEWEST = 3  # indicators of a trend


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@cache
def every_row():
    """The files of observations as text, rows without a figure too."""
    return pd.concat([read(path) for path in sorted((DATA / "observations").glob("*.csv"))]).fillna("")


@cache
def observations():
    """Every row with a figure: whether it may be scored, year and value as numbers."""
    scored = read(DATA / "statuses.csv").set_index("status")["scored"]
    table = every_row()
    table = table[table["value"] != ""]
    return table.assign(
        value=table["value"].astype(float), year=table["year"].astype(int), scored=table["status"].map(scored) == "yes"
    ).reset_index(drop=True)


def regions_of(year):
    """The regions at the end of a year."""
    table = read(DATA / "regions.csv")
    table = table[table["kind"] != "nation"]
    day = f"{year}-12-31"
    there = ((table["valid_from"] == "") | (table["valid_from"] <= day)) & (
        (table["valid_to"] == "") | (table["valid_to"] >= day)
    )
    return list(table.loc[there, "code"])


def figure(indicator):
    """Totals of a series by region and year."""
    rows = observations()
    rows = rows[(rows["indicator"] == indicator) & (rows["sex"] == "") & (rows["area"] == "") & rows["scored"]]
    return rows.set_index(["region", "year"])["value"]


def spearman(one, other):
    return float(np.corrcoef(one.rank(), other.rank())[0, 1])


class Rules:
    """A methodology as its two or three files have it."""

    def __init__(self, version):
        folder = DATA / "methodology" / version
        rules = tomllib.loads((folder / "methodology.toml").read_text(encoding="utf-8"))
        table = read(folder / "indicators.csv").set_index("code")
        self.table = table
        self.worst, self.best = table["worst"].astype(float), table["best"].astype(float)
        self.log = table["scale"] == "log"
        equal = rules["level"][0]["weighting"] == "equal"
        self.weight = pd.Series(1.0, table.index) if equal else table["weight"].astype(float)
        self.pooled = table["pooled_years"].astype(int) if "pooled_years" in table else pd.Series(1, table.index)
        self.max_age, self.vintage = rules["max_age"], rules.get("vintage", 0.0)
        self.repairs = {"imputation", "treatment"} & set(rules)
        self.coverage = {level["name"]: level["coverage"] for level in rules["level"]}
        self.component = table["component"]
        self.dimension = table.drop_duplicates("component").set_index("component")["dimension"]
        self.nodes = [*self.dimension.index, *dict.fromkeys(self.dimension), "index"]
        path = folder / "cells.csv"
        self.cells = read(path).to_dict("records") if path.is_file() else []
        judged = [place / "selection.csv" for place in (folder, *sorted(folder.parent.iterdir(), reverse=True))]
        selection = read(next(path for path in judged if path.is_file()))
        self.about_children = set(selection.loc[selection["about_children"] == "yes", "series"])
        # what an indicator counts when all are measured
        inside = self.weight / self.weight.groupby(self.component).transform("sum")
        per_component = self.dimension.map(1 / self.dimension.value_counts())
        self.full = inside * self.component.map(per_component) / self.dimension.nunique()

    def under(self, node):
        if node == "index":
            return list(self.table.index)
        home = self.component if node in self.dimension.index else self.component.map(self.dimension)
        return list(home.index[home == node])

    def figures(self):
        """Totals of the indicators after the decisions on cells: region, year, indicator, value, scored, former."""
        table = observations()
        table = table[table["indicator"].isin(self.table.index) & (table["sex"] == "") & (table["area"] == "")]
        table = table.assign(former=False)
        moved = []
        for decision in self.cells:
            cell = (table["indicator"] == decision["indicator"]) & (table["year"] == int(decision["year"]))
            if decision["region"] != "all":
                cell &= table["region"] == decision["region"]
            if decision["decision"] != "keep":
                parts = decision["regions"].split()
                moved += [table[cell].assign(region=part, former=True, scored=True) for part in parts]
                table = table[~cell]
        return pd.concat([table, *moved])

    def scores(self, value, *, coverage=None):
        """Scores of indicators and nodes by name in one table."""
        least = {**self.coverage, **(coverage or {})}
        value, worst, best = value.copy(), self.worst.copy(), self.best.copy()
        value.loc[:, self.log] = np.log(value.loc[:, self.log])
        worst[self.log], best[self.log] = np.log(worst[self.log]), np.log(best[self.log])
        raw = 100 * (value - worst) / (best - worst)
        table = raw.clip(0, 100)
        for name in self.dimension.index:
            codes = self.under(name)
            weight = table[codes].notna() * self.weight[codes]
            total = weight.sum(axis=1)
            mean = (table[codes].fillna(0) * weight).sum(axis=1) / total.where(total > 0)
            table[name] = mean.where(total >= least["component"] * self.weight[codes].sum() - 1e-12)
        for name, parts in self.dimension.groupby(self.dimension).groups.items():
            enough = table[parts].notna().mean(axis=1) >= least["dimension"] - 1e-12
            table[name] = table[parts].mean(axis=1).where(enough)
        table["index"] = table[sorted(set(self.dimension))].mean(axis=1, skipna=False)
        return table, raw

    def in_force(self, table):
        """The weight of each indicator, component and dimension in the index, of those that have one."""
        has = table.loc[table["index"].notna()]
        weights = pd.DataFrame(0.0, has.index, table.columns)
        dimensions = sorted(set(self.dimension))
        weights[dimensions] = has[dimensions].notna().div(has[dimensions].notna().sum(axis=1), axis=0)
        for name, parts in self.dimension.groupby(self.dimension).groups.items():
            there = has[parts].notna()
            weights[list(parts)] = there.div(there.sum(axis=1).replace(0, 1), axis=0).mul(weights[name], axis=0)
        for name in self.dimension.index:
            codes = self.under(name)
            there = has[codes].notna() * self.weight[codes]
            weights[codes] = there.div(there.sum(axis=1).replace(0, 1), axis=0).mul(weights[name], axis=0)
        return weights


class Year:
    """One year under a methodology: values, the year of each, whether it is of a former region; scores."""

    def __init__(self, rules, year, *, max_age=None, coverage=None):
        self.rules, self.year = rules, year
        self.regions = regions_of(year)
        max_age = rules.max_age if max_age is None else max_age
        rows = rules.figures()
        rows = rows[rows["year"] <= year]
        self.value, self.seen, self.former, self.status, self.source = _chosen(rules, rows, self.regions, year, max_age)
        self.table, self.raw = rules.scores(self.value, coverage=coverage)
        self.inside = self.table.loc[self.regions]

    @property
    def own(self):
        """Figures of the year itself and of the territory itself."""
        return (self.seen == self.year) & ~self.former

    @property
    def children(self):
        """Children of each region: people of 0-15 in 2020, those of a former region by the population of its parts."""
        people, population = figure("children_0_15"), figure("population")
        result = {}
        for region in self.regions:
            if (region, 2020) in people.index:
                result[region] = people[region, 2020]
                continue
            whole = FORMER[region]
            parts = [population[part, self.year] for part in PARTS[whole][1]]
            result[region] = people[whole, 2020] * population[region, self.year] / sum(parts)
        return pd.Series(result)


def _chosen(rules, rows, regions, year, max_age):
    """The figure that counts: of each region the newest in reach, or of one year for all of them."""
    parts = [rows[rows["region"].isin(["KZ", *regions])]]
    for region in regions:
        if region in FORMER:
            known = pd.MultiIndex.from_frame(rows.loc[rows["region"] == region, ["indicator", "year"]])
            old = rows[rows["region"] == FORMER[region]]
            old = old[~pd.MultiIndex.from_frame(old[["indicator", "year"]]).isin(known)]
            parts.append(old.assign(region=region, former=True))
    table = pd.concat(parts)
    table = table[table["scored"]]
    shape = (["KZ", *regions], rules.table.index)
    value, seen = (pd.DataFrame(np.nan, *shape) for _ in range(2))
    former = pd.DataFrame(False, *shape)
    words = {column: pd.DataFrame("", *shape) for column in ("status", "source")}
    for code, part in table.groupby("indicator"):
        wide, old = (
            part.pivot(index="year", columns="region", values=column).reindex(range(2000, year + 1))
            for column in ("value", "former")
        )
        named = part.set_index(["region", "year"])[list(words)]
        if rules.pooled[code] > 1:
            wide = wide.rolling(rules.pooled[code], min_periods=2).mean().where(wide.notna())
        near = wide.loc[year - max_age : year]
        inside = near.drop(columns="KZ", errors="ignore").notna()
        one = None
        if rules.vintage and inside.any(axis=None):
            counts = inside.sum(axis=1)
            enough = counts.index[counts >= rules.vintage * inside.any().sum() - 1e-9]
            one = max(enough) if len(enough) else max(counts.index[counts == counts.max()])
        for region in near.columns:
            years = near.index[near[region].notna()]
            if one is not None:
                years = [one] if one in years else list(years[-1:]) if region == "KZ" else []
            if len(years):
                when = years[-1]
                value.at[region, code], seen.at[region, code] = near.at[when, region], when
                former.at[region, code] = bool(old.at[when, region])
                for column, texts in words.items():
                    texts.at[region, code] = named.at[(region, when), column]
    return value, seen, former, words["status"], words["source"]


def numbers(year, version, earlier):
    """Every number that is no draw by its name in the ledger.

    ``earlier``: the years of the editions before it.
    """
    rules = Rules(version)
    here = Year(rules, year)
    groups = (
        _scores, _rules, _measured, _weights, _summary, _quality, _gaps, _example, _stricter, _equity, _money, _weak,
        _promises, _trend,
    )  # fmt: skip
    result = {name: value for group in groups for name, value in group(here)}
    for then in {max(earlier), min(earlier)} if earlier else ():
        result |= dict(_change(Year(rules, then), here))
    return result


def _scores(here):
    year = here.year
    for (region, node), score in here.table.stack().items():
        yield f"score.{year}.{region}.{node}", score
    index = here.inside["index"]
    ranks = (np.floor(index * 10 + 0.5 + 1e-7) / 10).rank(ascending=False, method="min")
    for region, rank in ranks.dropna().items():
        yield f"rank.{year}.{region}.index", rank
    yield f"gap.{year}.index", index.max() - index.min()
    for (region, code), gap in (here.inside - here.table.loc["KZ"]).stack().items():
        yield f"gap.{year}.{region}.{code}", gap
    weight = here.children.where(index.notna())
    yield f"mean_by_children.{year}.index", (index * weight).sum() / weight.sum()


def _rules(here):
    rules, year = here.rules, here.year
    for code in rules.table.index:
        yield f"end.{code}.worst", rules.worst[code]
        yield f"end.{code}.best", rules.best[code]
        yield f"weight.{code}", 100 * rules.full[code]
    yield "framework.indicators", len(rules.table)
    yield "framework.open", (rules.table["data"] == "open").sum()
    yield "rule.max_age", rules.max_age
    yield "rule.largest_share", LARGEST_SHARE
    for level, share in rules.coverage.items():
        yield f"rule.{level}.all.coverage", 100 * share
    yield f"limits.{year}.never", (~here.value.notna().any()).sum()
    yield f"limits.{year}.parent", (here.former & here.value.notna()).sum().sum()
    yield f"limits.{year}.capped", ((here.raw < 0) | (here.raw > 100)).sum().sum()


def _measured(here):
    rules, year = here.rules, here.year
    kind = pd.DataFrame("own", here.value.index, here.value.columns)
    kind = kind.mask(here.seen < year, "carried").mask(here.former, "parent").mask(here.value.isna(), "missing")
    sums = dict.fromkeys(("own", "carried", "missing"), 0)
    for name in rules.dimension.index:
        codes = rules.under(name)
        counts = {word: int((kind.loc["KZ", codes] == word).sum()) for word in ("own", "carried")}
        counts["missing"] = len(codes) - sum(counts.values())
        for word, n in counts.items():
            sums[word] += n
            yield f"measured.{year}.{name}.{word}", n
        yield f"measured.{year}.{name}.indicators", len(codes)
        yield f"measured.{year}.{name}.open", (rules.table.loc[codes, "data"] == "open").sum()
        there = here.value.loc["KZ", codes].notna() * rules.weight[codes]
        yield f"measured.{year}.{name}.weight", 100 * there.sum() / rules.weight[codes].sum()
    for word, n in sums.items():
        yield f"measured.{year}.KZ.{word}", n
    yield f"measured.{year}.KZ.indicators", here.value.loc["KZ"].notna().sum()
    yield f"measured.{year}.regions", len(here.regions)
    cells = kind.loc[here.regions].stack().value_counts(normalize=True)
    for word in ("own", "carried", "parent", "missing"):
        yield f"measured.{year}.cells.{word}", 100 * cells.get(word, 0.0)
    for region, share in (here.value.notna() * rules.full).sum(axis=1).items():
        yield f"measured.{year}.{region}.weight", 100 * share
    weights = rules.in_force(here.table)[rules.table.index]
    for region, share in (weights * here.own.loc[weights.index]).sum(axis=1).items():
        yield f"measured.{year}.{region}.own_year", 100 * share


def _weights(here):
    rules, name = here.rules, f"force.{here.year}"
    weights = rules.in_force(here.inside)
    there = here.value.loc[here.regions].notna()
    for code in rules.table.index[there.any()]:
        known = weights.loc[there.loc[weights.index, code], code]
        yield f"{name}.regions.{code}", there[code].sum()
        for word, share in (("mean", known.mean()), ("low", known.min()), ("high", known.max())):
            yield f"{name}.{word}.{code}", 100 * share
    for node in rules.nodes[:-1]:
        yield f"{name}.mean.{node}", 100 * weights[node].mean()
    index = here.inside.loc[weights.index, "index"]
    parts = weights[rules.table.index] * here.inside.loc[weights.index, rules.table.index].fillna(0)
    centred = index - index.mean()
    shares = (parts - parts.mean()).mul(centred, axis=0).sum() / (centred**2).sum()
    for code, share in shares.items():
        yield f"{name}.variance.{code}", 100 * share
    siblings = rules.under(rules.component[shares.idxmax()])
    yield f"{name}.variance.siblings", len(siblings)
    yield f"{name}.variance.measured", there[siblings].any().sum()


def _summary(here):
    """How much is about children, how much is of the year, and the country's components beside its index."""
    rules, name = here.rules, f"summary.{here.year}"
    weights = rules.in_force(here.inside)[rules.table.index]
    children = rules.about_children & set(here.value.columns)
    yield f"{name}.about_children", here.value.loc["KZ", sorted(children)].notna().sum()
    yield f"{name}.weight_about_children", 100 * weights[sorted(children)].sum(axis=1).mean()
    yield f"{name}.own_year", 100 * (weights * here.own.loc[weights.index]).sum(axis=1).mean()
    for node in rules.dimension.index:
        yield f"{name}.KZ.{node}.gap", here.table.at["KZ", node] - here.table.at["KZ", "index"]


def _quality(here):
    """What the annex counts: rows that were computed, sources, rows kept back."""
    name, rows = f"quality.{here.year}", every_row()
    yield f"{name}.derived", ((here.status == "derived") & ~here.former).sum().sum()
    yield f"{name}.sources", len(set(here.source.to_numpy().ravel()) - {""})
    kept_back = (rows["status"] == "suppressed") & (rows["year"] == str(here.year))
    yield f"{name}.suppressed", (kept_back & rows["region"].isin(["KZ", *here.regions])).sum()
    if not here.rules.repairs:  # neither rule is in the methodology
        yield f"{name}.imputed", 0
        yield f"{name}.treated", 0


def _gaps(here):
    """Regions beside the nation on the same indicators."""
    rules, year, value = here.rules, here.year, here.value
    for region in here.regions:
        both = value.loc[region].notna() & value.loc["KZ"].notna()
        pair, _ = rules.scores(value.loc[[region, "KZ"]].where(both, axis=1))
        for node in rules.dimension.index:
            yield f"gap_matched.{year}.{region}.{node}", pair.at[region, node] - pair.at["KZ", node]
    common = value.loc["KZ"].notna() & (value.loc[here.regions].notna().mean() >= 0.5)
    table, _ = rules.scores(value.where(common, axis=1))
    for node in rules.dimension.index:
        codes, mean = rules.under(node), table.loc[here.regions, node]
        weight = here.children.where(mean.notna())
        yield f"set.{year}.{node}.indicators", value.loc["KZ", codes].notna().sum()
        yield f"set.{year}.{node}.matched", common[codes].sum()
        yield f"set.{year}.{node}.nation_matched", table.at["KZ", node]
        yield f"set.{year}.{node}.mean", (mean * weight).sum() / weight.sum() if weight.notna().any() else math.nan


def _example(here):
    """The tree under the index of the first region."""
    rules, table = here.rules, here.inside
    region = table["index"].idxmax()
    scores, name = table.loc[region], f"example.{here.year}.{region}"
    shares = {"index": 1.0}
    dimensions = [node for node in dict.fromkeys(rules.dimension) if not math.isnan(scores[node])]
    shares |= {node: 1 / len(dimensions) for node in dimensions}
    for dimension in dimensions:
        parts = [node for node in rules.dimension.index[rules.dimension == dimension] if not math.isnan(scores[node])]
        shares |= {node: 1 / len(parts) for node in parts}
    for node in rules.dimension.index:
        codes = [code for code in rules.under(node) if not math.isnan(scores[code])]
        shares |= {code: rules.weight[code] / rules.weight[codes].sum() for code in codes}
    for node, share in shares.items():
        yield f"{name}.{node}.share", 100 * share
        yield f"{name}.{node}.contribution", share * scores[node]
        if node in rules.table.index:
            yield f"{name}.{node}.value", here.value.at[region, node]
    yield f"{name}.missing", scores.isna().sum()


def _stricter(here):
    rules = here.rules
    least = rules.coverage["component"]
    settings = [("in_force", rules.max_age, least)]
    settings += [(f"age_{age}", age, least) for age in range(rules.max_age)]
    settings += [(f"coverage_{100 * share:.0f}", rules.max_age, share) for share in STRICTER if share > least]
    for name, age, share in settings:
        name = f"stricter.{here.year}.{name}"
        other = Year(rules, here.year, max_age=age, coverage={"component": share}).table["index"]
        both = pd.DataFrame({"one": here.inside["index"], "other": other.drop("KZ")}).dropna()
        yield f"{name}.max_age", age
        yield f"{name}.coverage", 100 * share
        yield f"{name}.regions", other.drop("KZ").notna().sum()
        yield f"{name}.nation", other["KZ"]
        if len(both) >= 3:
            ranks = both.rank(ascending=False, method="min")
            yield f"{name}.spearman", spearman(ranks["one"], ranks["other"])
            yield f"{name}.moved", (ranks["one"] - ranks["other"]).abs().max()


def _change(then, here):
    """Two years on the indicators that both measured in the year itself, and on territories of both."""
    rules, years = here.rules, f"{then.year}-{here.year}"
    regions = ["KZ", *(region for region in here.regions if region in then.regions)]
    values = [side.value.where(side.own).loc[regions] for side in (then, here)]
    matched = values[0].notna() & values[1].notna()
    matched &= matched.drop("KZ").mean() >= 0.5
    before, after = (rules.scores(value.where(matched))[0] for value in values)
    moved = after - before
    yield f"change.{years}.regions", len(regions) - 1
    for region in regions:
        cells = moved.loc[region, rules.table.index].dropna()
        for word, n in (("matched", len(cells)), ("rose", (cells > 0).sum()), ("fell", (cells < 0).sum())):
            yield f"change.{years}.{region}.{word}", n
        for node in rules.dimension.index:
            yield f"change.{years}.{region}.{node}", moved.at[region, node]
    for code in rules.table.index[matched.loc["KZ"]]:
        yield f"change.{years}.KZ.{code}", moved.at["KZ", code]
        for side, value, score in zip((then, here), values, (before, after), strict=True):
            yield f"value.{side.year}.KZ.{code}", value.at["KZ", code]
            yield f"score.{side.year}.KZ.{code}", score.at["KZ", code]
    national = moved.loc["KZ", rules.table.index].dropna()
    yield f"change.{years}.KZ.better", (national > 0).sum()
    yield f"change.{years}.KZ.worse", (national < 0).sum()
    yield f"change.{years}.KZ.same", (national == 0).sum()


def _trend(here):
    """The nation and the mean of the seventeen territories on the indicators that all have in all years."""
    rules, years, name = here.rules, range(FIRST, here.year + 1), f"trend.{FIRST}-{here.year}"
    territories = regions_of(FIRST)
    rows, people = rules.figures(), figure("population")
    rows = rows[rows["scored"]]
    values = {}
    for year in years:
        part = rows[rows["year"] == year].drop_duplicates(["indicator", "region"], keep="last")
        wide = part.pivot(index="region", columns="indicator", values="value").reindex(columns=rules.table.index)
        for whole, (_, parts) in PARTS.items():
            if whole in territories and all((each, year) in people.index for each in parts):
                weight = np.array([people[each, year] for each in parts])
                mean = (wide.reindex(list(parts)).to_numpy() * weight[:, None]).sum(axis=0) / weight.sum()
                wide.loc[whole] = wide.reindex([whole]).iloc[0].fillna(pd.Series(mean, wide.columns))
        values[year] = wide.reindex(["KZ", *territories])
    once = rules.table.index[rules.pooled == 1]
    kept = [code for code in once if all(values[year][code].notna().all() for year in years)]
    yield f"{name}.indicators", len(kept)
    yield f"{name}.territories", len(territories)
    children = figure("children_0_15")
    weight = np.array([children[region, 2020] for region in territories])
    for year in years if len(kept) >= FEWEST else ():
        chosen = values[year][kept].reindex(columns=rules.table.index)
        table, _ = rules.scores(chosen, coverage={"component": 0.0, "dimension": 0.0})
        for node in table.columns:
            yield f"{name}.nation.{node}.{year}", table.at["KZ", node]
            yield f"{name}.mean.{node}.{year}", (table.loc[territories, node].to_numpy() * weight).sum() / weight.sum()


def _equity(here):
    """Both groups in the newest year that at least half of the regions with figures in reach have; gaps by year."""
    rules, year = here.rules, here.year
    rows = observations()
    rows = rows[rows["indicator"].isin(rules.table.index) & rows["scored"] & (rows["year"] <= year)]
    rows = rows[rows["region"].isin(["KZ", *here.regions])]
    better = np.sign(rules.best - rules.worst)
    for by, (first, second) in GROUPS.items():
        other = "area" if by == "sex" else "sex"
        table = rows[rows[by].isin([first, second]) & (rows[other] == "")]
        wide = table.pivot(index=["indicator", "region", "year"], columns=by, values="value").dropna()
        wide = wide.assign(gap=wide[first] - wide[second]).reset_index()
        for code, part in wide.groupby("indicator"):
            name = f"equity.{year}.{by}"
            for row in part[(part["region"] == "KZ") & (part["year"] >= FIRST)].to_dict("records"):
                yield f"{name}.KZ.{code}.gap_{row['year']}", row["gap"]
            near = part[part["year"] >= year - rules.max_age]
            if near.empty:
                continue
            counts = near[near["region"] != "KZ"].groupby("year").size().reindex(near["year"].unique(), fill_value=0)
            near = near[near["year"] == counts.index[counts >= 0.5 * counts.max()].max()]
            for row in near.to_dict("records"):
                for word, value in (("first", row[first]), ("second", row[second]), ("gap", row["gap"])):
                    yield f"{name}.{row['region']}.{code}.{word}", value
            signed = near.loc[near["region"] != "KZ", "gap"] * better[code]
            yield f"{name}.{code}.regions", len(signed)
            yield f"{name}.{code}.first_worse", (signed < 0).sum()
            yield f"{name}.{code}.second_worse", (signed > 0).sum()


def _children_to_17():
    """Children 0-17: the share of 0-15 in 2020 times the population, times one factor for the published number."""
    population, share = figure("population"), figure("children_0_15_share").droplevel("year")
    known = {}
    for code in population.index.get_level_values("region").unique():
        candidates = [code, FORMER.get(code), *PARTS.get(code, (0, ()))[1]]
        known[code] = next((share[each] for each in candidates if each in share.index), math.nan)
    shares = np.array([known[code] for code in population.index.get_level_values("region")])
    estimate = population * shares / 100
    (row,) = read(DATA / "budget" / "children.csv").to_dict("records")
    return estimate * float(row["children"]) / estimate["KZ", int(row["year"])]


def _money(here):
    """Children's share of local budgets by function, beside what the age structure predicts."""
    year, name = here.year, f"budget.{here.year}.KZ"
    table = read(DATA / "budget" / "executed_by_function.csv").astype({"year": int, "amount_million_kzt": float})
    table = table[table["year"] == year].pivot(index="region", columns="item", values="amount_million_kzt")
    coefficients = read(DATA / "budget" / "functions.csv").set_index("functional_group")
    own = table["EXP"] - table["EXP.15"].fillna(0)
    spent = table[[f"EXP.{each}" for each in FUNCTIONS]]
    parts = {
        word: (spent * coefficients.loc[FUNCTIONS, column].astype(float).to_numpy()).sum(axis=1, skipna=False)
        for word, column in (("share", "coefficient"), ("low", "low"), ("high", "high"))
    }
    children = pd.Series({region: _children_to_17().get((region, year)) for region in table.index})
    per_child = parts["share"] * 1e6 / children
    for region in table.index:
        where = name if region == "KZ" else f"{name}.peer.{region}"
        for word, part in parts.items():
            yield f"{where}.{word}", 100 * part[region] / own[region]
        yield f"{where}.per_child", round(per_child[region], -3)
    people = figure("population")
    age = children / pd.Series({region: people.get((region, year)) for region in table.index})
    inside = pd.DataFrame({"age": age, "share": parts["share"] / own}).drop("KZ").dropna()
    slope, level = np.polyfit(inside["age"], inside["share"], 1)
    for region, row in inside.iterrows():
        predicted = level + slope * row["age"]
        for word, value in (("age", row["age"]), ("predicted", predicted), ("difference", row["share"] - predicted)):
            yield f"{name}.age.{region}.{word}", 100 * value


def _weak(here):
    """The three components farthest below the nation, and how many measures aim at each."""
    measures = read(DATA / "policy" / "measures.csv")["component"].value_counts()
    nodes = list(here.rules.dimension.index)
    gaps = here.inside[nodes] - here.table.loc["KZ", nodes]
    for region, row in gaps.iterrows():
        weakest = row[row < 0].sort_values(kind="stable").head(3)
        for node, gap in weakest.items():
            yield f"policy.{here.year}.{region}.{node}.gap", gap
            if node in measures:
                yield f"policy.{here.year}.{region}.{node}.measures", measures[node]


def _days(text):
    """The first and the last day that a date may mean: a year, a month, a day."""
    first = pd.Timestamp(text + "-01-01"[len(text) - 10 :] if len(text) < 10 else text)
    last = first if len(text) == 10 else first + (pd.offsets.MonthEnd(0) if len(text) == 7 else pd.offsets.YearEnd(0))
    return first, last


def _promises(here):
    """Measures and targets, the figure that decides each, and how many have which status."""
    folder = DATA / "policy"
    measures, targets, facts = (read(folder / f"{name}.csv") for name in ("measures", "targets", "facts"))
    yield "policy.measures", len(measures)
    yield "policy.promised", (measures["kind"] == "promised").sum()
    facts = facts.assign(value=facts["value"].astype(float), days=facts["as_of"].map(_days))
    targets = targets.assign(value=targets["value"].astype(float), days=targets["announced"].map(_days))
    day = max(last for _, last in itertools.chain(facts["days"], targets["days"]))
    name = f"policy.{day:%Y-%m-%d}"
    yield f"{name}.targets", len(targets)
    levels = set(measures.loc[measures["kind"] == "level", "measure"])
    counts = {}
    for target in targets.to_dict("records"):
        status, fact = _status(target, targets, facts, day, level=target["measure"] in levels)
        counts[status] = counts.get(status, 0) + 1
        parts = ("policy", target["measure"], target["announced"], target["reading"].replace(" ", "_"))
        where = ".".join(part for part in parts if part)
        if fact is not None:
            yield f"{where}.target", target["value"]
            yield f"{where}.fact", fact["value"]
    for status, n in counts.items():
        yield f"{name}.{status.replace(' ', '_')}", n
    plain = targets[targets["reading"] == ""]
    for measure, group in plain.groupby("measure"):
        if group["value"].nunique() > 1:
            for row in group.to_dict("records"):
                yield f"policy.moved.{measure}.target.{row['days'][0]:%Y-%m-%d}", row["value"]
            for row in facts[facts["measure"] == measure].to_dict("records"):
                yield f"policy.moved.{measure}.fact.{row['days'][1]:%Y-%m-%d}", row["value"]


def _status(target, targets, facts, day, *, level):
    """The status of a target and the figure behind it; every due date of the register has passed on that day."""
    due = pd.Timestamp(target["due"]) if target["due"] else None
    known = [
        fact for fact in facts.to_dict("records")
        if fact["measure"] == target["measure"] and fact["reading"] in ("", target["reading"])
        and (fact["days"][1] > target["days"][0] or (due is not None and fact["days"][0] >= due))
    ]  # fmt: skip
    known.sort(key=lambda fact: fact["days"][::-1])
    unchecked = "cannot be checked"
    if due is None or not known:
        return unchecked, known[-1] if known else None
    status, fact = unchecked, known[-1]
    good = [each for each in known if _reached(each, target) and each["bound"] != "at most"]
    in_time = [each for each in good if each["days"][1] <= due]
    proven = in_time if level else [each for each in in_time if each["days"][0] > target["days"][1]]
    after = [each for each in known if each["days"][0] >= due]
    if proven:
        return "kept", proven[0]
    if after:
        fact = after[0]
        if not _reached(fact, target) and fact["bound"] != "at least":
            late = [each for each in after if each in good]
            status, fact = ("late", late[0]) if late else ("missed", fact)
    elif in_time:
        fact = in_time[0]
    rivals = [
        other for other in targets.to_dict("records")
        if other["measure"] == target["measure"] and other["days"][0] > target["days"][1]
        and (other["value"], other["due"]) != (target["value"], target["due"])
    ]  # fmt: skip
    if rivals and (status == unchecked or day < due) and min(other["days"][1] for other in rivals) <= due:
        status = "moved"
    return status, fact


def _reached(fact, target):
    half = 0.0
    if target["bound"] == "about":
        digits = f"{target['value']:.11e}".partition("e")
        half = 10.0 ** (int(digits[2]) - len(digits[0].rstrip("0").rstrip(".").partition(".")[2])) / 2
    return fact["value"] >= target["value"] - half
