/* The index under given weights: what cwi.derivation, cwi.methods.ranking and cwi.analysis.uncertainty compute.
   Pure functions on arrays, no page. A gap is NaN; a level's weights are one number for every part of its nodes. */

const ENOUGH = 1e-9; // cwi.derivation: how far below the rule a coverage may lie

class NotAboveZero extends Error {}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const gap = (value) => Number.isNaN(value);
const open = (values) => values.map((value) => value ?? NaN);

function lifted(y, floor) {
  const raised = floor == null ? y : y.map((score) => Math.max(score, floor));
  if (raised.some((score) => score <= 0)) throw new NotAboveZero();
  return raised;
}

/* Weighted means; w sums to one and no weight is zero. */
const MEANS = {
  arithmetic: () => (y, w) => sum(y.map((score, i) => w[i] * score)),
  geometric: ({ floor }) => (y, w) => Math.exp(sum(lifted(y, floor).map((score, i) => w[i] * Math.log(score)))),
  harmonic: ({ floor }) => (y, w) => 1 / sum(lifted(y, floor).map((score, i) => w[i] / score)),
  power: ({ p }) => (y, w) => {
    if (p === 0) return MEANS.geometric({})(y, w);
    if (y.some((score) => score < 0 || (p < 0 && score === 0))) throw new NotAboveZero();
    return sum(y.map((score, i) => w[i] * score ** p)) ** (1 / p);
  },
};

/* The data of the page made ready: gaps are NaN, every node has its mean. */
function prepared(data) {
  const levels = data.levels.map((level) => ({
    ...level,
    nodes: level.nodes.map((node) => ({ ...node, formula: MEANS[node.mean.name](node.mean) })),
  }));
  const units = data.units.map((unit) => ({
    ...unit,
    scores: open(unit.scores),
    index: unit.index ?? NaN,
    interval: open(unit.interval),
  }));
  return { ...data, levels, units };
}

/* One node of one unit. Enough must be measured by the methodology's weights; what is measured shares the weight of the rest. */
function aggregate(node, y, ruling, weights) {
  let all = 0;
  let covered = 0;
  let total = 0;
  const scores = [];
  const counts = [];
  for (const i of node.parts) {
    all += ruling[i];
    if (gap(y[i])) continue;
    covered += ruling[i];
    total += weights[i];
    if (weights[i] > 0) {
      scores.push(y[i]);
      counts.push(weights[i]);
    }
  }
  if (covered / all < node.coverage - ENOUGH || !(total > 0)) return NaN;
  try {
    return node.formula(scores, counts.map((weight) => weight / total));
  } catch (error) {
    if (error instanceof NotAboveZero) error.node = node.code;
    throw error;
  }
}

/* The scores of one unit: those of the indicators, then level by level to the index. */
function climb(board, unit, weights) {
  const scores = [unit.scores];
  board.levels.forEach((level, l) => {
    scores.push(level.nodes.map((node) => aggregate(node, scores[l], level.ruling, weights[l])));
  });
  return scores;
}

/* The index of every unit. */
function derive(board, weights) {
  return board.units.map((unit) => climb(board, unit, weights).at(-1)[0]);
}

/* The distance from a number to the next larger double. */
const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);
function spacing(number) {
  double[0] = number;
  bits[0] += 1n;
  return double[0] - number;
}

/* Round half away from zero, on the number as it would be written out. */
function halfAway(value, decimals) {
  const scaled = Math.abs(value) * 10 ** decimals;
  const noise = Math.min(Math.max(4 * spacing(scaled), 1e-9), 0.25);
  return (Math.sign(value) * Math.floor(scaled + 0.5 + noise)) / 10 ** decimals;
}

/* Rank 1 for the highest; those that are printed alike share the better rank. */
function rank(values, decimals) {
  const rounded = values.map((value) => (gap(value) ? NaN : halfAway(value, decimals)));
  return rounded.map((own) => (gap(own) ? NaN : 1 + rounded.filter((other) => other > own).length));
}

/* Ranks of the units that take part; the nation has none. */
function ranks(board, index) {
  return rank(index.map((value, i) => (board.units[i].ranked ? value : NaN)), board.decimals);
}

/* ---------------------------------------------------------------- draws

   The first draws of the report: in each the scores of the indicators, the rules, and what happens to the weights. The same
   additions in the same order as cwi.analysis.uncertainty.kernel, so that the ranges are those of Python. */

const MISSING = -(2 ** 15);
const TIED = 1e-9; // cwi.analysis.uncertainty.draws.NOISE: scores this close, relative to the largest, are tied
const TAILS = [0.05, 0.95];

/* Whole numbers of 16 bits from base 64: deflated, all low bytes before all high bytes. */
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const n = planes.length / 2;
  return Int16Array.from({ length: n }, (_, i) => (planes[n + i] << 8) | planes[i]);
}

/* The draws made ready for the units of the board: `scores` by draw, measured indicator and unit. */
async function unpackedDraws(packed, units) {
  const [draws, measured] = [packed.count, packed.columns.length];
  const steps = await unpacked(packed.scores);
  const scores = new Float64Array(steps.length);
  for (let m = 0; m < measured; m++)
    for (let d = 0; d < draws; d++)
      for (let u = 0; u < units; u++) {
        const step = steps[(m * draws + d) * units + u];
        scores[(d * measured + m) * units + u] = step === MISSING ? NaN : step * packed.step;
      }
  const measuredAt = (l) => (l ? packed.levels[l - 1].rules[0].nodes.map(() => true) : Object.fromEntries(packed.columns.map((i) => [i, true])));
  const levels = await Promise.all(
    packed.levels.map(async ({ rules, which, noise }, l) => ({
      rules: rules.map((rule) => readied(rule, measuredAt(l))),
      which: which && (await unpacked(which)),
      noise: noise && Float64Array.from(await unpacked(noise), (number) => number * packed.noise_step),
    })),
  );
  return { draws, units, measured, columns: packed.columns, scores, levels };
}

/* A score as it enters the sum of a mean, by the code of the mean; NaN where the mean has no such score. */
function raised(y, code, parameter) {
  if (code === 0) return y;
  if (code === 1) return (y = Math.max(y, parameter)) > 0 ? Math.log(y) : NaN;
  if (code === 2) return (y = Math.max(y, parameter)) > 0 ? 1 / y : NaN;
  if (y < 0 || (y === 0 && parameter < 0)) return NaN;
  return parameter === 2 ? y * y : y ** parameter;
}

function back(mean, code, parameter) {
  if (code === 0) return mean;
  if (code === 1) return Math.exp(mean);
  if (code === 2) return 1 / mean;
  return parameter === 2 ? Math.sqrt(mean) : mean ** (1 / parameter);
}

/* A rule of a level made ready: which parts of each node are measured at all, and what all count for its coverage. */
function readied({ nodes, counted, ratio }, known) {
  return {
    ratio,
    nodes: nodes.map(({ code, parameter, cover, parts }) => ({
      code,
      parameter,
      cover,
      all: sum(parts.map((i) => counted[i])),
      complete: parts.every((i) => known[i]),
      parts: Int32Array.from(parts.filter((i) => known[i])),
      counted: Float64Array.from(parts.filter((i) => known[i]), (i) => counted[i]),
    })),
  };
}

/* One node of all units in one draw, written into `above` from `to` on; whether its mean refused a score. `at` is where
   the scores of its parts begin in `below`. */
function meanOf(node, weights, below, at, units, above, to) {
  const { code, parameter, cover, all, complete, parts, counted } = node;
  let refused = false;
  for (let u = 0; u < units; u++) {
    let seen = 0;
    let used = 0;
    let total = 0;
    let whole = complete;
    let bad = false;
    for (let p = 0; p < parts.length; p++) {
      const i = parts[p];
      const y = below[at[i] + u];
      if (y !== y) {
        whole = false;
        continue;
      }
      const weight = weights[i];
      seen += counted[p];
      used += weight;
      if (weight > 0) {
        const term = code === 0 ? y : raised(y, code, parameter);
        if (term !== term) bad = true;
        total += weight * term;
      }
    }
    if ((!whole && !(seen / all >= cover - ENOUGH)) || !(used > 0)) above[to + u] = NaN;
    else {
      above[to + u] = back(total / used, code, parameter);
      if (bad) refused = true;
    }
  }
  return refused;
}

/* The index of every unit in every draw under some weights, by unit; and the draws that count: no mean refused a score. */
function drawnIndex(drawn, weights) {
  const { draws, units, measured, columns, scores, levels } = drawn;
  const index = Array.from({ length: units }, () => new Float64Array(draws));
  const counts = new Uint8Array(draws).fill(1);
  const above = levels.map(({ rules }) => new Float64Array(rules[0].nodes.length * units));
  const bottom = new Int32Array(weights[0].length);
  const places = levels.map(({ rules }, l) => (l ? Int32Array.from(weights[l], (_, i) => i * units) : bottom));
  const scaled = levels.map(({ rules }, l) => rules.map(({ ratio }) => Float64Array.from(ratio, (number, i) => weights[l][i] * number)));
  const used = weights.map((row) => new Float64Array(row.length));
  for (let d = 0; d < draws; d++) {
    for (let m = 0; m < measured; m++) bottom[columns[m]] = (d * measured + m) * units;
    for (let l = 0; l < levels.length; l++) {
      const { rules, which, noise } = levels[l];
      const number = which ? which[d] : 0;
      const [own, here] = [scaled[l][number], used[l]];
      for (let i = 0; i < own.length; i++) here[i] = noise ? own[i] * noise[d * own.length + i] : own[i];
      const { nodes } = rules[number];
      const below = l ? above[l - 1] : scores;
      for (let n = 0; n < nodes.length; n++)
        if (meanOf(nodes[n], here, below, places[l], units, above[l], n * units)) counts[d] = 0;
    }
    const last = above[levels.length - 1];
    for (let u = 0; u < units; u++) index[u][d] = last[u];
  }
  return { index, counts };
}

/* Which of ordered values, from 0 on, is the least that has at least that share of all at or below it. */
const nth = (share, length) => Math.max(Math.ceil(share * length - 1e-9) - 1, 0);

/* The same of ranks, of which it is known how many draws have each. */
function rankAt(having, share) {
  const length = having.reduce((total, number) => total + number, 0);
  if (!length) return NaN;
  let left = nth(share, length);
  let place = 0;
  while (left >= having[place]) left -= having[place++];
  return place;
}

/* For every unit [rank low, rank high, score low, score high]: what 90 % of the draws hold. */
function intervals(board, drawn, weights) {
  const { index, counts } = drawnIndex(drawn, weights);
  const { draws, units } = drawn;
  const ranked = Int32Array.from(board.units.flatMap((unit, u) => (unit.ranked ? [u] : [])));
  const many = ranked.length;
  const having = Array.from({ length: units }, () => new Uint32Array(many + 1)); // how many draws give a unit a rank
  const y = new Float64Array(many);
  for (let d = 0; d < draws; d++) {
    if (!counts[d]) continue;
    let largest = 0;
    for (let r = 0; r < many; r++) {
      y[r] = index[ranked[r]][d];
      if (Math.abs(y[r]) > largest) largest = Math.abs(y[r]);
    }
    for (let r = 0; r < many; r++) {
      const mine = y[r] + TIED * largest;
      if (mine !== mine) continue;
      let place = 1;
      for (let other = 0; other < many; other++) if (y[other] > mine) place++;
      having[ranked[r]][place]++;
    }
  }
  return board.units.map((_, u) => {
    const known = index[u].filter((value, d) => counts[d] && value === value).sort();
    const places = TAILS.map((share) => rankAt(having[u], share));
    return [...places, ...TAILS.map((share) => (known.length ? known[nth(share, known.length)] : NaN))];
  });
}

/* What each part counts in its parent, from 0 to 1; nothing (NaN) where all parts count nothing. */
function shares(level, weights) {
  const result = weights.map(() => NaN);
  for (const node of level.nodes) {
    const total = sum(node.parts.map((i) => weights[i]));
    for (const i of node.parts) result[i] = total > 0 ? weights[i] / total : NaN;
  }
  return result;
}

/* Whether two sets of weights say the same. */
function alike(board, one, two) {
  return board.levels.every((level, l) => {
    const [a, b] = [shares(level, one[l]), shares(level, two[l])];
    return a.every((share, i) => Math.abs(share - b[i]) < 1e-12);
  });
}
