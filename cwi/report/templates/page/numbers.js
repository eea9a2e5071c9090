"use strict";
(() => {
  const known = JSON.parse(document.getElementById("numbers").textContent);
  const dialog = document.getElementById("number");
  const list = dialog.querySelector("dl");
  const say = (word) => known.words[word];
  const title = (code) => known.titles[code] || code;
  const called = (word) => (known.called || {})[word] || word;
  const digits = (value) => typeof value === "number"
    ? value.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 15 }) : value;
  const all = [...document.querySelectorAll("main data[value]")];
  const boxes = new Map();
  for (const each of all) {
    const box = each.closest("tr, p, ul, ol, li, caption, figcaption, h3");
    each.setAttribute("role", "button");
    each.setAttribute("aria-haspopup", "dialog");
    each.tabIndex = boxes.has(box) ? -1 : 0;
    if (!boxes.has(box)) boxes.set(box, []);
    boxes.get(box).push(each);
  }
  const line = (word, ...texts) => {
    const shown = texts.filter((text) => text !== "" && text !== undefined && text !== null);
    if (!shown.length) return;
    const term = document.createElement("dt");
    term.textContent = word;
    list.append(term);
    for (const text of shown) {
      const entry = document.createElement("dd");
      entry.textContent = text;
      list.append(entry);
    }
  };
  const source = (place) => {
    const record = known.sources[place];
    if (!record) return;
    const called = [record[1], record[2]].filter((text) => text).join(", ");
    line(say("source"), called ? `${called} (${record[0]})` : record[0]);
    line(say("date"), record[3]);
    line(say("checksum"), record[4]);
  };
  const one = (region, code) => {
    const row = (known.rows[region] || {})[code];
    if (!row) return false;
    line(title(code), digits(row[0]));
    line(say("year"), `${row[1]}`);
    line(say("status"), called(row[2]));
    line(say("row"), row[4]);
    source(row[3]);
    return true;
  };
  const open = (each) => {
    const [name, value, unit, place] = known.numbers[Number(each.getAttribute("value"))];
    const ground = known.grounds[place];
    const parts = name.split(".");
    const profile = parts[0] === "region" && parts[3] === "nodes" && parts[5] === "score";
    const own = (profile || parts[0] === "score" || parts[0] === "value") && Number(parts[1]) === known.year;
    const [region, node] = profile ? [parts[2], parts[4]] : [parts[2], parts[3]];
    list.replaceChildren();
    dialog.querySelector("h2").textContent = `${say("title")}: ${each.textContent}`;
    line(say("value"), digits(value));
    line(say("unit"), called(unit));
    line(say("name"), name);
    let shown = false;
    if (own && known.tree[node]) {
      const [rule, below] = known.tree[node];
      const scores = known.scores[region] || {};
      const rows = known.rows[region] || {};
      const texts = below.filter((code) => code in scores).map((code) => `${title(code)}: ${digits(scores[code])}` +
        (rows[code] ? ` (${say("value")}: ${digits(rows[code][0])}, ${rows[code][1]}, ${called(rows[code][2])}; ${rows[code][4]})` : ""));
      line(`${say("how")}: ${called(rule)} (${say("parts")} ${texts.length}/${below.length})`, ...texts);
    } else if (own) {
      shown = one(region, node);
    }
    if (!shown) {
      const years = ground[1].join(", ");
      const count = ground[2] ? `${ground[2]} ` : "";
      line(say("rests"), ground[0] === "rules" && !ground[4].length ? say("rules") : "",
        ground[0] === "rules" ? "" : `${count}${say("cells")} (${years})`,
        ...ground[4].map((folder) => `${say("registers")}: data/${folder}`));
      for (const place of ground[3].length <= 3 ? ground[3] : []) source(place);
      if (ground[3].length > 3) line(say("source"), ...ground[3].map((place) => `${known.sources[place][0]} (${known.sources[place][3]})`));
    }
    dialog.showModal();
    dialog.scrollTop = 0;
  };
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  const main = document.querySelector("main");
  main.addEventListener("click", (event) => {
    const each = event.target.closest("data[value]");
    if (each) { each.focus(); open(each); }
  });
  main.addEventListener("pointerover", (event) => {
    const each = event.target.closest("data[value]");
    if (each && !each.title) {
      const [name, value, unit] = known.numbers[Number(each.getAttribute("value"))];
      each.title = `${digits(value)} ${called(unit)} · ${name}`;
    }
  });
  main.addEventListener("keydown", (event) => {
    const each = event.target.closest("data[value]");
    if (!each) return;
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(each); return; }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = all[all.indexOf(each) + step];
    if (next) { event.preventDefault(); each.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  });
})();
