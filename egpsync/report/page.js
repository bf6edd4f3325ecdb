"use strict";
(() => {
  const start = performance.now();
  const report = JSON.parse(document.getElementById("report").textContent);
  const list = document.getElementById("models");
  const count = document.getElementById("count");
  const said = document.getElementById("said");
  const search = document.getElementById("search");
  const empty = document.getElementById("empty");
  const chips = [...document.querySelectorAll("[data-filter]")];
  const rows = [];
  const FIRST = 150; // rows that are there at once; the others follow while the page can be used already
  const CHUNK = 400;
  const GIST = 160; // characters

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const say = (text) => {
    said.textContent = "";
    setTimeout(() => { said.textContent = text; }, 50);
  };

  // What two texts have in common at their ends stands plain, the rest is marked.
  const marked = (cell, tag, text, other) => {
    const most = Math.min(text.length, other.length);
    let start = 0;
    while (start < most && text[start] === other[start]) start += 1;
    let end = 0;
    while (end < most - start && text[text.length - 1 - end] === other[other.length - 1 - end]) end += 1;
    cell.append(text.slice(0, start));
    if (start < text.length - end) cell.append(element(tag, "", text.slice(start, text.length - end)));
    cell.append(text.slice(text.length - end));
  };

  const valueCell = (label, tag, text, other) => {
    const cell = element("td");
    cell.dataset.label = label;
    if (text === null) cell.append(element("span", "none", "not set"));
    else if (other === null) cell.append(element(tag, "", text));
    else marked(cell, tag, text, other);
    return cell;
  };

  const place = (at) => {
    if (!at[1]) return element("span", "mono", at[0]);
    const link = element("a", "mono", at[0]);
    link.href = at[1];
    link.rel = "noreferrer";
    return link;
  };

  const fields = (change) => {
    const table = element("table", "fields");
    table.append(element("caption", "aside", `Fields of ${change.name}`));
    const head = element("tr");
    for (const label of ["Field", ...report.columns]) {
      const cell = element("th", "", label);
      cell.scope = "col";
      head.append(cell);
    }
    const top = element("thead");
    top.append(head);
    const body = element("tbody");
    for (const [path, before, after, remark, at] of change.fields) {
      const row = element("tr");
      const name = element("th", "", path);
      name.scope = "row";
      if (remark) name.append(element("span", "remark", remark));
      if (at) {
        const where = element("span", "remark");
        where.append(place(at));
        name.append(where);
      }
      row.append(name, valueCell(report.columns[0], "del", before, after), valueCell(report.columns[1], "ins", after, before));
      body.append(row);
    }
    table.append(top, body);
    return table;
  };

  // JSON with a line for each value. It is never parsed: a number of twenty digits would become another one.
  const pretty = (text) => {
    if (text[0] !== "{") return text;
    let out = "";
    let depth = 0;
    let quoted = false;
    const line = () => "\n" + "  ".repeat(depth);
    for (let at = 0; at < text.length; at += 1) {
      const char = text[at];
      if (quoted) {
        out += char;
        if (char === "\\") out += text[at += 1];
        else if (char === '"') quoted = false;
      } else if (char === "{" || char === "[") {
        if (text[at + 1] === "}" || text[at + 1] === "]") out += char + text[at += 1];
        else { depth += 1; out += char + line(); }
      } else if (char === "}" || char === "]") {
        depth -= 1;
        out += line() + char;
      } else if (char === ",") out += char + line();
      else if (char === ":") out += ": ";
      else {
        if (char === '"') quoted = true;
        out += char;
      }
    }
    return out;
  };

  const copy = async (text, button) => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      const area = element("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      button.focus();
    }
    say(done ? "Copied." : "This browser does not let the page copy: select the text.");
    const before = button.textContent;
    button.textContent = done ? "Copied" : "Select the text";
    setTimeout(() => { button.textContent = before; }, 1500);
  };

  const request = ([what, sent]) => {
    const body = sent === null ? null : pretty(sent);
    const block = element("div", "request");
    const line = element("div", "line");
    line.append(element("code", "", what));
    block.append(line);
    if (body !== null) {
      const button = element("button", "", "Copy body");
      button.type = "button";
      button.setAttribute("aria-label", `Copy the body of ${what}`);
      button.addEventListener("click", () => copy(body, button));
      line.append(button);
      const text = element("pre", "", body);
      text.tabIndex = 0;
      text.setAttribute("role", "group");
      text.setAttribute("aria-label", `Body of ${what}`);
      block.append(text);
    }
    return block;
  };

  const inside = (change) => {
    const block = element("div", "inside");
    if (change.ended && change.ended.said.length) {
      const ended = element("div", "ended");
      for (const text of change.ended.said) ended.append(element("p", "", text));
      block.append(ended);
    }
    const facts = element("ul");
    for (const text of change.said) facts.append(element("li", "", text));
    if (change.at) {
      const item = element("li", "", "Declared at ");
      item.append(place(change.at));
      facts.append(item);
    }
    if (facts.childNodes.length) block.append(facts);
    if (change.fields.length) block.append(fields(change));
    for (const one of change.requests) block.append(request(one));
    return block;
  };

  const gist = (change) => {
    if (change.ended && change.ended.bad) return change.ended.said.join("  ").slice(0, GIST);
    const told = change.fields.slice(0, 2).map(([path, before, after]) => {
      const key = path.slice(path.lastIndexOf(".") + 1);
      if (before === null) return `${key} = ${after}`;
      return after === null ? `${key} removed` : `${key}: ${before} \u2192 ${after}`;
    });
    const more = change.fields.length - told.length;
    const text = told.join(", ").slice(0, GIST) + (more > 0 ? `, ${more} more` : "");
    return text || (change.said[0] || "").slice(0, GIST);
  };

  const row = (change) => {
    const item = element("li");
    const details = element("details");
    const summary = element("summary");
    if (change.ended) summary.append(element("span", `tag ${change.ended.key}`, change.ended.word));
    summary.append(element("span", `tag ${change.key}`, change.word));
    summary.append(element("span", "name", change.was ? `${change.was} \u2192 ${change.name}` : change.name));
    if (change.other) summary.append(element("span", "tag unmanaged", "not of this change"));
    if (change.target) summary.append(element("span", "tag unmanaged", change.target));
    summary.append(element("span", "vendor", change.vendor));
    if (change.id) summary.append(element("span", "id mono", change.id));
    const short = gist(change);
    if (short) summary.append(element("span", "gist", short));
    details.append(summary);
    details.addEventListener("toggle", () => {
      if (details.open && details.childNodes.length === 1) details.append(inside(change));
    });
    item.append(details);
    return { item, details, change, text: null };
  };

  const haystack = (one) => {
    if (one.text === null) {
      const { change } = one;
      const parts = [change.name, change.was || "", change.vendor, change.target || "", change.id || "", ...change.said];
      for (const field of change.fields) parts.push(field[0], field[1] || "", field[2] || "");
      if (change.ended) parts.push(...change.ended.said);
      one.text = parts.join("\n").toLowerCase();
    }
    return one.text;
  };

  const chosen = () => new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.filter));

  const shows = (one, kinds, words) =>
    (kinds.size === 0 || kinds.has(one.change.filter)) && words.every((word) => haystack(one).includes(word));

  const apply = (loud) => {
    const kinds = chosen();
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of rows) {
      const hide = !shows(one, kinds, words);
      if (one.item.hidden !== hide) one.item.hidden = hide;
      if (!hide) shown += 1;
    }
    const all = report.changes.length;
    const text = kinds.size || words.length ? `${shown} of ${all} models` : `${all} model${all === 1 ? "" : "s"}`;
    count.textContent = text;
    empty.hidden = shown > 0 || rows.length < all;
    if (loud) say(text);
  };

  let spent = performance.now() - start; // milliseconds of script, for who measures

  const add = (from, size) => {
    const since = performance.now();
    const part = document.createDocumentFragment();
    for (const change of report.changes.slice(from, from + size)) {
      const one = row(change);
      rows.push(one);
      part.append(one.item);
    }
    list.append(part);
    apply(false);
    spent += performance.now() - since;
    if (rows.length < report.changes.length) setTimeout(() => add(rows.length, CHUNK), 0);
    else {
      document.documentElement.dataset.spent = String(Math.round(spent));
      document.documentElement.dataset.ready = "yes";
    }
  };

  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") === "true" ? "false" : "true");
      apply(true);
    });
  }
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => apply(true), 120);
  });
  document.getElementById("open").addEventListener("click", () => {
    const shown = rows.filter((one) => !one.item.hidden);
    const open = shown.some((one) => !one.details.open);
    for (const one of shown.slice(0, report.most_open)) one.details.open = open;
    say(open ? "Unfolded." : "Folded.");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      apply(true);
    }
  });

  add(0, FIRST);
  if (report.changes.length === 1) rows[0].details.open = true;
  document.documentElement.dataset.script = String(Math.round(performance.now() - start));
})();
