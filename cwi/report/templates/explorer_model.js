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

/* sfc32 by Chris Doty-Humphrey (PractRand): the same numbers from 0 to below 1 in every browser. */
function generator(seed) {
  let [a, b, c, counter] = [0, seed, seed >>> 16, 1];
  const next = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result | 0;
    return (result >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/* The least value that has at least that share of the others at or below it. */
function quantile(sorted, share) {
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)];
}

/* For every unit [rank low, rank high, score low, score high] when every weight is up to `noise` higher or lower.
   A generator: it pauses every few draws, so that the page stays quick. */
function* intervals(board, weights, { draws, noise, level, seed }) {
  const next = generator(seed);
  const scores = board.units.map(() => []);
  const places = board.units.map(() => []);
  for (let draw = 0; draw < draws; draw++) {
    if (draw % 25 === 24) yield;
    const shaken = weights.map((given) => given.map((weight) => weight * (1 + noise * (2 * next() - 1))));
    const index = derive(board, shaken);
    ranks(board, index).forEach((place, i) => places[i].push(place));
    index.forEach((value, i) => scores[i].push(value));
  }
  const tails = [(1 - level) / 2, (1 + level) / 2];
  return board.units.map((unit, i) => {
    if (!unit.ranked || scores[i].some(gap)) return [NaN, NaN, NaN, NaN];
    const [place, score] = [places[i], scores[i]].map((values) => values.sort((one, two) => one - two));
    return [...tails.map((share) => quantile(place, share)), ...tails.map((share) => quantile(score, share))];
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
