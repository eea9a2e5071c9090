/* The page around the model: sliders, map, table, words and link. What is on the screen is `state` and nothing else. */

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const board = prepared(data.board);
const official = board.levels.map((level) => level.sets.methodology);
const report = derive(board, official);
const reportRanks = ranks(board, report);
const scored = board.units.map((unit) => climb(board, unit, official));
const codes = board.levels.map((level, l) => (l ? board.levels[l - 1].nodes.map((node) => node.code) : board.indicators));
const places = new Map(codes.flatMap((row, l) => row.map((code, i) => [code, [l, i]])));
const top = board.levels.length - 1;
const state = { language: "kk", region: "", points: official.map((row) => [...row]), chosen: board.levels.map(() => "methodology"), odd: [] };

// ---------------------------------------------------------------- words and numbers

function say(key, values = {}) {
  const text = data.words[state.language][key];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

const named = (code) => data.names[state.language][code] ?? code;

function printed(value, decimals) {
  const signs = data.numbers[state.language];
  if (gap(value)) return signs.none;
  const rounded = halfAway(value, decimals);
  const [whole, part] = Math.abs(rounded).toFixed(decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, signs.group) + (part ? signs.decimal + part : "");
  return rounded < 0 ? signs.minus + text : text;
}

const score = (value) => printed(value, board.decimals);
const between = (low, high) => (low === high ? printed(low, 0) : `${printed(low, 0)}–${printed(high, 0)}`);
const levelName = (l) => {
  const name = l ? board.levels[l - 1].name : "indicator";
  return data.words[state.language][`explorer.level.${name}`] ?? name;
};

function paintWords() {
  document.documentElement.lang = state.language;
  document.title = `${say("explorer.title")} – ${say("report.title")}`;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-name]")) element.textContent = named(element.dataset.name);
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", button.dataset.language === state.language);
  for (const summary of document.querySelectorAll("[data-parts]"))
    summary.textContent = `${levelName(Number(summary.dataset.level))}: ${summary.dataset.parts}`;
  for (const select of document.querySelectorAll("#levels select")) {
    select.labels[0].textContent = levelName(Number(select.dataset.level));
    for (const option of select.options) option.textContent = say(`explorer.set.${option.value}`);
  }
  const alarms = [...differences(), ...(state.odd.length ? [say("explorer.odd", { items: state.odd.join(", ") })] : [])];
  $("alarm").textContent = alarms.join(" ");
  $("alarm").hidden = !alarms.length;
  $("map")?.querySelector("svg").setAttribute("aria-label", say("explorer.map.alt"));
  for (const region of document.querySelectorAll("svg [data-region]"))
    region.querySelector("title").textContent = named(region.dataset.region);
}

/* The index of the report was computed in Python too: a browser that finds another one must say so. */
function differences() {
  const apart = report.map((value, i) => (gap(value) && gap(board.units[i].index) ? 0 : Math.abs(value - board.units[i].index)));
  const most = Math.max(...apart);
  return most < 1e-9 ? [] : [say("explorer.differs", { difference: String(most) })];
}

// ---------------------------------------------------------------- the link

function fragment() {
  const said = new URLSearchParams({ lang: state.language });
  codes.forEach((row, l) =>
    row.forEach((code, i) => {
      if (state.points[l][i] !== official[l][i]) said.set(`w.${code}`, state.points[l][i]);
    }),
  );
  return `#${said}`;
}

/* Takes over what a link says and names what it cannot use. */
function follow(hash) {
  const said = new URLSearchParams(hash.slice(1));
  if (![...said.keys()].some((key) => key === "lang" || key.startsWith("w."))) return;
  state.odd = [];
  state.points = official.map((row) => [...row]);
  for (const [key, text] of said) {
    const place = places.get(key.slice(2));
    const number = text.trim() === "" ? NaN : Number(text);
    if (key === "lang" && text in data.words) state.language = text;
    else if (key.startsWith("w.") && place && number >= 0 && number <= 100) state.points[place[0]][place[1]] = number;
    else state.odd.push(`${key}=${text}`);
  }
}

const later = (wait, act) => {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
};

const writeLink = later(150, () => history.replaceState(null, "", fragment()));

// ---------------------------------------------------------------- the sliders

const range = (l, i) => $(`part-${l}-${i}`);
const parentOf = (l, i) => board.levels[l].nodes.find((node) => node.parts.includes(i));

function control(l, i) {
  const part = $("part").content.cloneNode(true).firstElementChild;
  const [label, output, input] = part.children;
  input.id = `part-${l}-${i}`;
  input.dataset.code = codes[l][i];
  label.htmlFor = output.htmlFor = input.id;
  label.dataset.name = codes[l][i];
  input.addEventListener("input", () => {
    state.points[l][i] = input.valueAsNumber;
    paint();
  });
  if (scored.every((scores) => gap(scores[l][i]))) {
    const note = document.createElement("p");
    note.className = "note";
    note.id = input.id + "-note";
    note.dataset.say = "explorer.unmeasured";
    input.setAttribute("aria-describedby", note.id);
    part.append(note);
    part.classList.add("unmeasured");
  }
  return part;
}

/* Sliders for the parts of a node, and folded under each those of its own parts; only those of indicators start closed. */
function tree(node, l) {
  return node.parts.map((i) => {
    const group = document.createElement("div");
    group.className = `group level-${top - l}`;
    group.append(control(l, i));
    if (l) {
      const below = board.levels[l - 1].nodes[i];
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      summary.dataset.parts = below.parts.length;
      summary.dataset.level = l - 1;
      details.append(summary, ...tree(below, l - 1));
      details.open = l > 1 && matchMedia("(min-width: 62rem)").matches;
      group.append(details);
    }
    return group;
  });
}

const offered = (level, name) => level.sets[name] ?? level.sets.equal;

function choose(l, name) {
  state.points[l] = [...offered(board.levels[l], name)];
  state.chosen[l] = name;
}

function button(name) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.say = `explorer.all.${name}`;
  made.dataset.set = name;
  made.addEventListener("click", () => {
    board.levels.forEach((level, l) => choose(l, name));
    paint();
  });
  return made;
}

function scheme(l) {
  const row = document.createElement("div");
  const label = document.createElement("label");
  const select = document.createElement("select");
  select.id = label.htmlFor = `scheme-${l}`;
  select.dataset.level = l;
  select.append(...[...Object.keys(board.levels[l].sets), "own"].map((name) => new Option("", name)));
  select.addEventListener("change", () => {
    if (select.value !== "own") choose(l, select.value);
    paint();
  });
  row.append(label, select);
  return row;
}

function shown(l) {
  const { sets } = board.levels[l];
  const same = (name) => name in sets && sets[name].every((points, i) => points === state.points[l][i]);
  return [state.chosen[l], ...Object.keys(sets)].find(same) ?? "own";
}

function paintSliders() {
  board.levels.forEach((level, l) => {
    shares(level, state.points[l]).forEach((share, i) => {
      const input = range(l, i);
      const text = printed(100 * share, 1);
      if (input.valueAsNumber !== state.points[l][i]) input.value = state.points[l][i];
      input.style.setProperty("--points", `${state.points[l][i]}%`);
      input.previousElementSibling.value = gap(share) ? text : `${text}${document.documentElement.lang === "en" ? "%" : "\u00a0%"}`;
      input.setAttribute("aria-valuetext", say("explorer.share", { share: text, parent: named(parentOf(l, i).code) }));
    });
    $(`scheme-${l}`).value = shown(l);
  });
  const whole = [...document.querySelectorAll("[data-set]")];
  const same = whole.filter(({ dataset }) => alike(board, board.levels.map((level) => offered(level, dataset.set)), state.points));
  const pressed = same.find(({ dataset }) => state.chosen.every((name) => name === dataset.set)) ?? same[0];
  for (const made of whole) made.setAttribute("aria-pressed", made === pressed);
}

// ---------------------------------------------------------------- the table and the map

const rows = new Map();

function row(unit) {
  const made = $("row").content.cloneNode(true).firstElementChild;
  made.dataset.region = unit.code;
  made.classList.toggle("nation", !unit.ranked);
  made.querySelector("th").dataset.name = unit.code;
  for (const [event, on] of [["pointerenter", true], ["pointerleave", false]])
    made.addEventListener(event, () => point(unit.code, on));
  return made;
}

const across = (value) => {
  const [low, high] = data.limits;
  return `${Math.min(Math.max((100 * (value - low)) / (high - low), 0), 100)}%`;
};

function moved(i, place) {
  const steps = reportRanks[i] - place;
  if (gap(steps)) return ["", "", ""];
  if (!steps) return ["same", "", say("explorer.same")];
  const [kind, sign] = steps > 0 ? ["up", "▲"] : ["down", "▼"];
  return [kind, `${sign} ${Math.abs(steps)}`, say(`explorer.${kind}`, { n: Math.abs(steps) })];
}

function paintRow(i, value, place) {
  const made = rows.get(board.units[i].code);
  const cell = (name) => made.querySelector(`.${name}`);
  const [kind, sign, words] = moved(i, place);
  made.dataset.score = gap(value) ? "" : value;
  made.dataset.rank = gap(place) ? "" : place;
  cell("rank").textContent = printed(place, 0);
  cell("score").textContent = score(value);
  cell("report").textContent = printed(reportRanks[i], 0);
  cell("move").className = `move ${kind}`;
  cell("move").replaceChildren(...marks(sign, words));
  cell("fill").style.width = gap(value) ? "0" : across(value);
  cell("tick").style.left = across(report[i]);
  cell("tick").hidden = gap(report[i]) || score(report[i]) === score(value);
}

/* A sign for the eye and words for the ear. */
function marks(sign, words) {
  const [seen, heard] = [document.createElement("span"), document.createElement("span")];
  seen.ariaHidden = "true";
  seen.textContent = sign || (words ? "·" : "");
  heard.className = "hidden";
  heard.textContent = words;
  return [seen, heard];
}

function paintBands(found) {
  found.forEach(([low, high, from, to], i) => {
    const made = rows.get(board.units[i].code);
    made.querySelector(".interval").textContent = rangeOf([low, high]);
    made.dataset.interval = gap(from) ? "" : [low, high, from, to].join(" ");
    const band = made.querySelector(".band");
    band.hidden = gap(from);
    if (gap(from)) return;
    band.style.left = across(from);
    band.style.width = `calc(${across(to)} - ${across(from)})`;
  });
}

const colourOf = (value) => {
  const share = (value - data.scale[0]) / (data.scale[1] - data.scale[0]);
  return Math.min(Math.max(Math.floor(share * data.colours.length), 0), data.colours.length - 1);
};

function paintMap(index, places) {
  if (!$("map")) return;
  $("missing").hidden = true;
  for (const region of document.querySelectorAll("svg [data-region]")) {
    const i = board.units.findIndex((unit) => unit.code === region.dataset.region);
    const value = i < 0 ? NaN : index[i];
    const at = gap(value) ? -1 : colourOf(value);
    if (at < 0) $("missing").hidden = false;
    for (const shape of region.querySelectorAll("path, circle"))
      shape.setAttribute("fill", at < 0 ? "url(#hatch)" : data.colours[at]);
    const text = region.querySelector("text");
    text.textContent = at < 0 ? "" : printed(places[i], 0);
    text.setAttribute("fill", at < data.white ? "#1a1a1a" : "#ffffff");
  }
}

/* Rows move to their new places; when the page opens, and for who wants no motion, they stand there at once. */
let opened = false;
function sortRows(order) {
  const still = !opened || matchMedia("(prefers-reduced-motion: reduce)").matches;
  opened = true;
  const list = order.map((i) => rows.get(board.units[i].code));
  if ([...$("rows").children].every((made, i) => made === list[i])) return;
  const before = still ? [] : list.map((made) => made.getBoundingClientRect().top);
  $("rows").append(...list);
  before.forEach((from, i) => {
    const by = from - list[i].getBoundingClientRect().top;
    if (by) list[i].animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 220, easing: "ease-out" });
  });
}

function point(code, on) {
  for (const element of document.querySelectorAll("[data-region]"))
    element.classList.toggle("pointed", element.dataset.region === (on ? code : state.region));
  if (!$("pointed")) return;
  const shown = on ? code : state.region;
  const made = rows.get(shown);
  const parts = made ? [named(shown), made.querySelector(".score").textContent] : [];
  $("pointed").textContent = parts.join(": ");
}

// ---------------------------------------------------------------- everything together

let current = { index: report, places: reportRanks, bands: board.units.map((unit) => unit.interval) };
let drawn = null; // the draws, once they are unpacked; undefined where the browser cannot

function computed() {
  try {
    return [derive(board, state.points), ""];
  } catch (error) {
    if (!(error instanceof NotAboveZero)) throw error;
    return [board.units.map(() => NaN), say("explorer.refused", { parent: named(error.node) })];
  }
}

function zero() {
  for (const [l, level] of board.levels.entries())
    for (const node of level.nodes)
      if (node.parts.every((i) => state.points[l][i] === 0)) return say("explorer.zero", { parent: named(node.code) });
  return "";
}

/* What has changed, for who does not see it: read out when the sliders rest. */
const paintSummary = later(300, () => {
  const known = board.units.map((unit, i) => i).filter((i) => !gap(current.places[i]));
  if (!known.length) {
    $("summary").textContent = say("index.none");
    return;
  }
  const steps = (i) => Math.abs(reportRanks[i] - current.places[i]) || 0;
  const items = (found) => found.map((i) => say("explorer.item", facts(i))).join(", ");
  const [first, last] = [Math.min, Math.max].map((end) => {
    const place = end(...known.map((i) => current.places[i]));
    return known.filter((i) => current.places[i] === place);
  });
  const most = Math.max(...known.map(steps));
  const furthest = known.filter((i) => steps(i) === most).map((i) => `${named(board.units[i].code)} – ${moved(i, current.places[i])[2]}`);
  const chosen = board.units.findIndex((unit) => unit.code === state.region);
  $("summary").textContent = [
    ...(chosen < 0 ? [] : [say("explorer.region.result", facts(chosen))]),
    say("explorer.summary", { first: items(first), last: items(last), moved: printed(known.filter(steps).length, 0) }),
    ...(most ? [say("explorer.furthest", { items: furthest.join(", ") })] : []),
  ].join(" ");
});

const rangeOf = ([low, high]) => (gap(low) ? printed(NaN, 0) : between(low, high));
const facts = (i) => ({
  region: named(board.units[i].code),
  rank: printed(current.places[i], 0),
  range: rangeOf(current.bands[i]),
  score: score(current.index[i]),
  move: moved(i, current.places[i])[2] || data.numbers[state.language].none,
});

/* The ranges: under the methodology's own weights those of the report; under others those of its first draws, computed here. */
function paintRanges() {
  const { level, report: all } = data.bands;
  const own = alike(board, official, state.points);
  const none = board.units.map(() => [NaN, NaN, NaN, NaN]);
  let kind = "none";
  let found = none;
  if (own) [kind, found] = ["report", board.units.map((unit) => unit.interval)];
  else if (drawn) [kind, found] = ["here", current.index.every(gap) ? none : intervals(board, drawn, state.points)];
  current.bands = found;
  paintBands(found);
  const draws = data.draws ? data.draws.count : 0;
  $("bands").textContent =
    drawn === null && !own
      ? ""
      : say(`explorer.bands.${kind}`, { level: printed(100 * level, 0), draws: printed(own ? all : draws, 0), all: printed(all, 0) });
  $("ranking").ariaBusy = String(drawn === null && !own);
}

async function unpackDraws() {
  try {
    drawn = data.draws ? await unpackedDraws(data.draws, board.units.length) : undefined;
  } catch {
    drawn = undefined; // a browser without DecompressionStream
  }
  paintRanges();
  paintSummary();
}

function paint() {
  const [index, refusal] = computed();
  const places = ranks(board, index);
  current = { ...current, index, places };
  $("refusal").textContent = refusal || zero();
  $("refusal").hidden = !$("refusal").textContent;
  paintSliders();
  index.forEach((value, i) => paintRow(i, value, places[i]));
  paintMap(index, places);
  const name = (i) => named(board.units[i].code);
  const order = board.units.map((unit, i) => i);
  const at = (i) => (board.units[i].ranked ? (gap(places[i]) ? 1e6 : places[i]) : 1e9);
  sortRows(order.sort((a, b) => at(a) - at(b) || name(a).localeCompare(name(b), state.language)));
  $("link").value = location.href.split("#")[0] + fragment();
  paintRanges();
  paintSummary();
  writeLink();
}

// ---------------------------------------------------------------- the table as a file

const quoted = (value) => {
  const text = typeof value === "string" && /^[=+@\t\r-]/.test(value) ? `'${value}` : `${value}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const plain = (value) => (gap(value) ? "" : Number(value.toPrecision(12)));

function csv() {
  const notes = [
    document.title, say("status"), say("about"), say("working"), $("bands").textContent, $("link").value,
    ...codes.flatMap((row, l) => {
      const share = shares(board.levels[l], state.points[l]);
      return row.map((code, i) => `weight ${parentOf(l, i).code} ${code} ${plain(share[i])}`);
    }),
  ];
  const head = ["region", "name", "rank", "index", "rank_low", "rank_high", "index_low", "index_high", "rank_report", "index_report"];
  const lines = board.units.map((unit, i) => [
    unit.code, named(unit.code),
    ...[current.places[i], current.index[i], ...current.bands[i], reportRanks[i], report[i]].map(plain),
  ]);
  const remarks = notes.flatMap((note) => note.split(/[\r\n]+/)).map((line) => `# ${line}`);
  return `\ufeff${[...remarks, ...[head, ...lines].map((line) => line.map(quoted).join(","))].join("\n")}\n`;
}

function download() {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" }));
  anchor.download = `cwi-${data.year}-weights.csv`;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 1000);
}

async function copy() {
  $("link").select();
  try {
    await navigator.clipboard.writeText($("link").value);
  } catch {
    document.execCommand("copy"); // where a page from a stick has no clipboard of its own
  }
  $("copied").textContent = say("explorer.copied");
}

// ---------------------------------------------------------------- the start

function start() {
  for (const element of document.querySelectorAll("[data-live]")) element.hidden = false;
  for (const { code } of board.units) {
    const option = new Option("", code);
    option.dataset.name = code;
    $("region").append(option);
  }
  $("region").addEventListener("change", () => {
    state.region = $("region").value;
    point(state.region, true);
    paintSummary();
  });
  const buttons = ["methodology", "equal", "count"];
  $("all").append(...buttons.map(button));
  $("levels").append(...board.levels.map((level, l) => scheme(top - l)));
  $("parts").append(...tree(board.levels[top].nodes[0], top));
  for (const unit of board.units) rows.set(unit.code, row(unit));
  $("rows").append(...rows.values());
  // a table whose rows are laid out as a grid on a telephone is one to who hears it only if it says so
  const roles = { table: "table", "thead, tbody": "rowgroup", tr: "row", "thead th": "columnheader", "tbody th": "rowheader", td: "cell" };
  for (const [selector, role] of Object.entries(roles))
    for (const element of [$("table"), ...$("table").querySelectorAll("*")])
      if (element.matches(selector) && !element.ariaHidden) element.setAttribute("role", role);
  [$("from").textContent, $("to").textContent] = data.limits;
  if ($("map")) {
    [$("low").textContent, $("high").textContent] = data.scale;
    for (const [i, tint] of data.colours.entries()) {
      const stop = document.createElementNS("http://www.w3.org/2000/svg", "stop");
      stop.setAttribute("offset", i / (data.colours.length - 1));
      stop.setAttribute("stop-color", tint);
      $("scale").append(stop);
    }
  }
  for (const region of document.querySelectorAll("svg [data-region]"))
    for (const [event, on] of [["pointerenter", true], ["pointerleave", false]])
      region.addEventListener(event, () => point(region.dataset.region, on));
  for (const made of document.querySelectorAll("[data-language]"))
    made.addEventListener("click", () => {
      state.language = made.dataset.language;
      paintWords();
      paint();
    });
  const dark = $("dark");
  dark.setAttribute("aria-pressed", matchMedia("(prefers-color-scheme: dark)").matches);
  dark.addEventListener("click", () => {
    const on = dark.getAttribute("aria-pressed") !== "true";
    dark.setAttribute("aria-pressed", on);
    document.documentElement.dataset.theme = on ? "dark" : "light";
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the link of the page holds the weights
    $("ranking").focus();
  });
  $("copy").addEventListener("click", copy);
  $("download").addEventListener("click", download);
  addEventListener("hashchange", (event) => {
    follow(new URL(event.newURL).hash); // not location.hash: the page may have written there since
    paintWords();
    paint();
    history.replaceState(null, "", fragment()); // and what it wrote there late is no longer true
  });
  state.language = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in data.words) ?? "kk";
  follow(location.hash);
  paintWords();
  paint();
  unpackDraws();
}

start();
