// What the site adds where scripts run: sorting, two regions beside each other, highlighting, dark mode, search.
"use strict";
(() => {
  const find = (what, where = document) => where.querySelector(what);
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const live = find("#live");
  const announce = (text) => { live.textContent = text; };
  const language = document.documentElement.lang;

  // Dark mode: what the system asks for, until the button is pressed.
  const dark = find("#dark");
  const keep = (value) => { try { localStorage.setItem("cwi-theme", value); } catch { /* private windows */ } };
  const kept = () => { try { return localStorage.getItem("cwi-theme"); } catch { return null; } };
  const isDark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (["dark", "light"].includes(kept())) document.documentElement.dataset.theme = kept();
  if (dark) {
    dark.hidden = false;
    dark.setAttribute("aria-pressed", isDark());
    dark.addEventListener("click", () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      keep(document.documentElement.dataset.theme);
      dark.setAttribute("aria-pressed", isDark());
    });
  }

  // Tables are sorted by the heads of their columns; rows without a value stay last.
  const sort = (table, place, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    const key = (row) => row.cells[place].dataset.order ?? row.cells[place].textContent.trim();
    const numbers = all("tbody td[data-order], tbody th[data-order]", table).some((cell) => cell.cellIndex === place);
    const rows = all("tbody tr", table);
    const collator = new Intl.Collator(language, { numeric: true });
    const fixed = rows.filter((row) => row.classList.contains("emphasised"));
    const free = rows.filter((row) => !row.classList.contains("emphasised"));
    free.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (numbers) {
        const [m, n] = [parseFloat(x), parseFloat(y)];
        if (isNaN(m) || isNaN(n)) return isNaN(m) - isNaN(n);
        return down ? n - m : m - n;
      }
      return down ? collator.compare(y, x) : collator.compare(x, y);
    });
    all("th[aria-sort]", table).forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    find("tbody", table).append(...free, ...fixed);
    announce(`${table.caption.textContent}: ${head.textContent} ${down ? "↓" : "↑"}`);
  };
  all("table[data-sortable]").forEach((table) => {
    all("thead th", table).forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, place, head));
    });
  });

  // A row and its region on the map are shown together.
  const pair = (code, on) => all("[data-region]").forEach((each) => {
    if (each.dataset.region === code) each.classList.toggle("pointed", on);
  });
  all("[data-region]").forEach((each) => {
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
      each.addEventListener(event, () => pair(each.dataset.region, on));
    }
  });
  all("svg.map [data-region]").forEach((each) => each.addEventListener("click", () => {
    const row = all("tr[data-region]").find((one) => one.dataset.region === each.dataset.region);
    find("a", row ?? document.createElement("i"))?.click();
  }));

  // Two regions beside each other.
  const choice = find("#choice");
  if (choice) {
    const table = find("#table-compare");
    const [first, second] = [find("#first"), find("#second")];
    const heads = all("thead th", table);
    const places = new Map(heads.map((head, place) => [head.dataset.code, place]));
    const digits = Number(choice.dataset.decimals);
    const format = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" });
    const show = () => {
      const chosen = [first.value, second.value].filter((code) => places.has(code)).map((code) => places.get(code));
      all(".difference", table).forEach((cell) => cell.remove());
      all("tr", table).forEach((row) => [...row.cells].forEach((cell, place) => {
        cell.hidden = place > 0 && chosen.length > 0 && !chosen.includes(place);
      }));
      if (chosen.length === 2 && chosen[0] !== chosen[1]) {
        const head = document.createElement("th");
        head.className = "number difference";
        head.scope = "col";
        head.textContent = choice.dataset.difference;
        heads[0].parentElement.append(head);
        all("tbody tr", table).forEach((row) => {
          const [a, b] = chosen.map((place) => parseFloat(row.cells[place].dataset.order));
          const cell = document.createElement("td");
          cell.className = "number difference";
          cell.textContent = isNaN(a) || isNaN(b) ? "–" : format.format(a - b).replace("-", "−");
          row.append(cell);
        });
      }
      const name = (select) => select.selectedOptions[0].textContent;
      announce(chosen.length ? choice.dataset.shown.replace("{first}", name(first)).replace("{second}", name(second)) : choice.dataset.all);
    };
    choice.hidden = false;
    const asked = decodeURIComponent(location.hash.slice(1));
    if (places.has(asked)) { first.value = asked; show(); }
    [first, second].forEach((select) => select.addEventListener("change", show));
  }

  // Search: MiniSearch over the pages of this language.
  const finder = find("#finder");
  if (finder && window.MiniSearch && window.cwiPages) {
    const index = new window.MiniSearch({ idField: "u", fields: ["t", "x"], storeFields: ["t", "u"], searchOptions: { prefix: true, fuzzy: 0.2, boost: { t: 4 } } });
    index.addAll(window.cwiPages);
    const query = find("#query");
    const list = find("#found");
    finder.hidden = false;
    query.addEventListener("input", () => {
      const results = query.value.trim() ? index.search(query.value, { combineWith: "AND" }).slice(0, 20) : [];
      list.replaceChildren(...results.map((each) => {
        const item = document.createElement("li");
        const anchor = document.createElement("a");
        anchor.href = each.u;
        anchor.textContent = each.t;
        item.append(anchor);
        return item;
      }));
      announce(query.value.trim() ? (results.length ? finder.dataset.found.replace("{n}", results.length) : finder.dataset.none) : "");
    });
  }
})();
