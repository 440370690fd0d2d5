"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const NS = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function el(name, attributes, ...children) {
  const svg = ["svg", "g", "rect", "line", "path", "circle", "text", "polyline"].includes(name);
  const node = svg ? document.createElementNS(NS, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  for (const child of children) node.append(child);
  return node;
}

// Everything is drawn for the width that there is, so that text keeps its size on a phone.
const room = () => Math.max(300, Math.min(1140, document.querySelector("section").clientWidth));

const count = (value) => (value === null || value === undefined ? "-" : Number(value).toLocaleString("en-US"));

function table(columns, rows) {
  const head = el("tr", {}, ...columns.map((c) => el("th", { class: c.n ? "n" : null }, c.title)));
  const body = rows.map((row) => el("tr", {}, ...row.map((cell, at) => el("td", { class: columns[at].n ? "n" : null }, cell))));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)));
}

function tipped(node, text) {
  const tip = $("tip");
  node.addEventListener("pointerenter", () => { tip.textContent = text; tip.hidden = false; });
  node.addEventListener("pointermove", (event) => {
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
  });
  node.addEventListener("pointerleave", () => { tip.hidden = true; });
  node.setAttribute("aria-label", text);
  return node;
}

const zone = data.zone || "UTC";
const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
const when = (at) => calendar.format(at) + " " + clock.format(at);

function summary() {
  const { report, days } = data;
  document.title = "openbell: " + report.name;
  $("name").textContent = report.name;
  const bars = days.reduce((sum, day) => sum + day.bars, 0);
  $("headline").textContent = [report.mode, days.length + (days.length === 1 ? " day" : " days"), count(bars) + " bars",
    data.signals.length + " signals", "digest " + (report.digest || "").slice(0, 16)].join(" · ");
  const home = $("summary");
  if (report.interrupted) home.append(el("p", { class: "bad" }, "Interrupted: this is what was done by then."));
  const titles = [["date"], ["instants", 1], ["bars", 1], ["signals", 1], ["scans", 1], ["requests", 1], ["dropped", 1], ["faults", 1], ["digest"]];
  home.append(table(titles.map(([title, n]) => ({ title, n })), days.map((day) => [day.date, count(day.instants), count(day.bars),
    count(day.signals), count(day.scans.length), count(day.requests), count(Object.keys(day.dropped).length), count(day.faults.length),
    el("code", {}, day.digest.slice(0, 16))])));
  for (const day of days) {
    for (const [symbol, problems] of Object.entries(day.dropped)) {
      for (const problem of problems) home.append(el("p", { class: "bad" }, `${day.date} dropped ${symbol}: ${problem.what} ${problem.fix}`));
    }
    for (const fault of day.faults) {
      home.append(el("p", { class: "bad" }, `${fault.where}: ${fault.what}`), fault.traceback ? el("pre", {}, fault.traceback) : "");
    }
    for (const one of day.warnings) {
      const more = one.count > 1 ? ` (and ${count(one.count - 1)} more alike)` : "";
      home.append(el("p", { class: "dim" }, `${day.date} warning: ${one.where}: ${one.what}${more} ${one.fix}`));
    }
    for (const [name, funnel] of Object.entries(day.funnels)) {
      const steps = Object.entries(funnel).map(([step, n]) => `${step} ${count(n)}`).join(" → ");
      const promoted = day.scans.filter((scan) => scan.scanner === name).reduce((sum, scan) => sum + scan.promoted.length, 0);
      home.append(el("p", { class: "dim" }, `${day.date} ${name}: ${steps} → promoted ${promoted}`));
    }
  }
}

const COLOURS = ["--l0", "--l1", "--l2", "--l3", "--l4", "--l5"].map((name) => `var(${name})`);

function ticks(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const out = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) out.push(at);
  return out;
}

function polyline(values, x, y, colour) {
  let path = "";
  let pen = false;
  values.forEach((value, at) => {
    if (value === null) { pen = false; return; }
    path += (pen ? "L" : "M") + x(at).toFixed(1) + " " + y(value).toFixed(1);
    pen = true;
  });
  return el("path", { d: path, fill: "none", stroke: colour, "stroke-width": 1.4 });
}

function chart(one) {
  const bars = one.bars;
  const width = room(), right = 58, price = width < 600 ? 220 : 300, volume = 54, other = width < 600 ? 80 : 110, gap = 14;
  const low = Math.min(...bars.map((bar) => bar[3])), high = Math.max(...bars.map((bar) => bar[2]));
  const lines = Object.entries(one.lines).map(([name, values], at) => {
    const known = values.filter((value) => value !== null);
    const inside = known.length && Math.min(...known) > low * 0.7 && Math.max(...known) < high * 1.3;
    return { name, values, colour: COLOURS[at % COLOURS.length], over: inside, empty: !known.length };
  }).filter((line) => !line.empty);
  const below = lines.filter((line) => !line.over);
  const height = price + gap + volume + (below.length ? gap + other : 0) + 22;
  const x = (at) => ((at + 0.5) * (width - right)) / bars.length;
  const pad = (high - low) * 0.04 || 1;
  const y = (value) => price - ((value - low + pad) * price) / (high - low + 2 * pad);
  const svg = el("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${one.symbol} ${one.interval} candlesticks` });
  for (const tick of ticks(low, high, 6)) {
    svg.append(el("line", { class: "grid", x1: 0, x2: width - right, y1: y(tick), y2: y(tick) }), el("text", { x: width - right + 6, y: y(tick) + 4 }, String(+tick.toPrecision(7))));
  }
  let day = "", named = -99;
  bars.forEach((bar, at) => {
    const date = calendar.format(bar[0]);
    if (date !== day) {
      svg.append(el("line", { class: "grid", x1: x(at - 0.5), x2: x(at - 0.5), y1: 0, y2: height - 18 }));
      if (x(at) > named + 74) { svg.append(el("text", { x: x(at - 0.5) + 3, y: height - 6 }, date)); named = x(at); }
      day = date;
    }
  });
  const body = Math.max(((width - right) / bars.length) * 0.64, 0.8);
  const most = Math.max(...bars.map((bar) => bar[5] || 0)) || 1;
  const ground = price + gap + volume;
  bars.forEach((bar, at) => {
    const [, open, top, bottom, close, traded] = bar;
    const kind = close >= open ? "up" : "down";
    svg.append(el("line", { class: kind, x1: x(at), x2: x(at), y1: y(top), y2: y(bottom) }));
    svg.append(el("rect", { class: kind, x: x(at) - body / 2, width: body, y: y(Math.max(open, close)), height: Math.max(Math.abs(y(open) - y(close)), 0.8), "stroke-width": 0 }));
    const tall = ((traded || 0) / most) * volume;
    svg.append(el("rect", { class: kind, opacity: 0.55, "stroke-width": 0, x: x(at) - body / 2, width: body, y: ground - tall, height: tall }));
  });
  for (const line of lines.filter((line) => line.over)) svg.append(polyline(line.values, x, y, line.colour));
  if (below.length) {
    const all = below.flatMap((line) => line.values.filter((value) => value !== null));
    const bottom = Math.min(...all), top = Math.max(...all), base = ground + gap + other;
    const yy = (value) => base - ((value - bottom) * other) / (top - bottom || 1);
    for (const tick of ticks(bottom, top, 3)) {
      svg.append(el("line", { class: "grid", x1: 0, x2: width - right, y1: yy(tick), y2: yy(tick) }), el("text", { x: width - right + 6, y: yy(tick) + 4 }, String(+tick.toPrecision(4))));
    }
    for (const line of below) svg.append(polyline(line.values, x, yy, line.colour));
  }
  const mine = data.signals.filter((signal) => signal.symbol === one.symbol);
  for (const signal of mine) {
    const at = bars.findIndex((bar) => bar[0] < signal.at && signal.at <= bar[0] + one.width);
    if (at < 0) continue;
    const up = signal.action === "buy";
    const tip = up ? y(bars[at][3]) + 6 : y(bars[at][2]) - 6;
    const d = up ? `M${x(at)} ${tip}l6 11h-12z` : `M${x(at)} ${tip}l6 -11h-12z`;
    const size = signal.quantity !== null ? ` ${signal.quantity}` : signal.weight !== null ? ` weight ${signal.weight}` : "";
    svg.append(tipped(el("path", { d, class: up ? "up" : "down", "stroke-width": 0, opacity: signal.action === "hold" ? 0.45 : 1 }),
      `${signal.when} ${signal.source}\n${signal.action}${size}${signal.price !== null ? " at " + signal.price : ""}\n${signal.reason}`));
  }
  const readout = el("div", { class: "readout" });
  const cross = el("line", { class: "grid", y1: 0, y2: height - 18, visibility: "hidden" });
  svg.append(cross);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = Math.min(bars.length - 1, Math.max(0, Math.floor((((event.clientX - box.left) / box.width) * width * bars.length) / (width - right))));
    const [start, open, top, bottom, close, traded] = bars[at];
    cross.setAttribute("x1", x(at)); cross.setAttribute("x2", x(at)); cross.setAttribute("visibility", "visible");
    const values = lines.map((line) => `${line.name} ${line.values[at] ?? "-"}`).join("  ");
    readout.textContent = `${when(start)}  open ${open}  high ${top}  low ${bottom}  close ${close}  volume ${count(traded)}  ${values}`;
  });
  const legend = el("div", { class: "legend" }, ...lines.map((line) => el("span", {}, el("i", { style: `background:${line.colour}` }), line.name)));
  return el("div", {}, el("h3", {}, `${one.symbol} ${one.interval}: ${count(bars.length)} bars, ${mine.length} signals`), legend, svg, readout);
}

function charts() {
  const home = $("charts");
  if (data.charts_problem) home.append(el("p", { class: "dim" }, data.charts_problem));
  for (const one of data.charts) if (one.bars.length) home.append(chart(one));
}

function coverage() {
  const home = $("coverage");
  const { symbols, sessions, share, interval, runs, held } = data.coverage;
  if (!symbols.length) { home.append(el("p", { class: "dim" }, "No bars were held.")); return; }
  const left = 84, wide = room(), cell = Math.max(1, Math.min(26, (wide - left) / sessions.length)), tall = symbols.length > 150 ? 3 : symbols.length > 60 ? 6 : 15;
  home.append(el("p", { class: "dim" }, `${interval} bars that are there, of those expected: light is missing${tall >= 12 ? ", framed days were run" : ""}. ${held > symbols.length ? "The first " : ""}${count(symbols.length)} of ${count(held)} symbols, ${sessions.length} sessions.`));
  const pad = tall < 12 ? 6 : 0, every = tall < 12 ? Math.ceil(12 / tall) : 1, high = symbols.length * tall + pad + 20;
  const svg = el("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "img", "aria-label": "coverage by symbol and session" });
  symbols.forEach((symbol, row) => {
    if (row % every === 0) svg.append(el("text", { x: 4, y: pad + row * tall + (tall < 12 ? tall + 2 : 12) }, symbol));
    sessions.forEach((session, column) => {
      const value = share[row][column];
      if (value === null || value === undefined) return;
      const shown = Math.min(1, value);
      const box = el("rect", { x: left + column * cell, y: pad + row * tall, width: Math.max(cell - 1, cell * 0.8), height: tall - 1, fill: "var(--accent)", "fill-opacity": (0.08 + 0.92 * shown ** 2).toFixed(3),
        stroke: tall >= 12 && runs.includes(session) ? "var(--ink)" : "none", "stroke-width": 0.7 });
      svg.append(tipped(box, `${symbol} ${session}: ${(100 * value).toFixed(1)} % of the ${interval} bars`));
    });
  });
  sessions.forEach((session, column) => {
    if (column % Math.ceil(74 / cell) === 0 && left + column * cell + 66 < wide) svg.append(el("text", { x: left + column * cell, y: pad + symbols.length * tall + 14 }, session));
  });
  home.append(svg);
}

function slots(text) {
  const bytes = atob(text);
  return (at) => (bytes.charCodeAt(at >> 3) >> (7 - (at & 7))) & 1;
}

// One row per symbol, one column per slot: what is missing stays empty. Many slots share a pixel, so each is drawn at least half a one wide.
function strip(day, chosen) {
  const { symbols, width } = data.strips;
  const total = day.stretches.reduce((sum, one) => sum + one[1], 0);
  const wide = room(), left = 84, tall = symbols.length > 100 ? 3 : symbols.length > 40 ? 6 : 15, pad = tall < 12 ? 6 : 0, high = pad + symbols.length * tall;
  const scale = window.devicePixelRatio || 1, cell = (wide - left) / total;
  const canvas = el("canvas", { width: Math.round(wide * scale), height: Math.round((high + 20) * scale), style: `width:${wide}px;height:${high + 20}px`,
    role: "img", "aria-label": `${chosen} bars of ${day.date}, slot by slot` });
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const starts = [];
  for (const [start, many] of day.stretches) for (let at = 0; at < many; at += 1) starts.push(start + at * width);
  const rows = day.rows.map(slots);
  pen.scale(scale, scale);
  pen.font = "11px system-ui, sans-serif";
  rows.forEach((there, row) => {
    const top = pad + row * tall, every = tall > 12 ? 1 : Math.ceil(12 / tall);
    pen.fillStyle = colour("--panel");
    pen.fillRect(left, top, wide - left, tall - 1);
    pen.fillStyle = colour("--accent");
    for (let at = 0; at < total; at += 1) {
      if (!there(at)) continue;
      let end = at + 1;
      while (end < total && there(end)) end += 1;
      pen.fillRect(left + at * cell, top, Math.max((end - at) * cell, 0.5), tall > 4 ? tall - 1 : tall);
      at = end;
    }
    pen.fillStyle = colour("--dim");
    if (row % every === 0) pen.fillText(symbols[row], 4, top + (tall < 12 ? tall + 2 : 11));
  });
  const hours = Math.max(1, Math.ceil(56 / (cell * (3600000 / width))));
  let shown = 0;
  starts.forEach((start, at) => {
    if (start % 3600000 === 0 && shown++ % hours === 0) {
      pen.fillStyle = colour("--line");
      pen.fillRect(left + at * cell, 0, 1, high + 4);
      pen.fillStyle = colour("--dim");
      if (left + at * cell + 34 < wide) pen.fillText(clock.format(start), left + at * cell + 3, high + 14);
    }
  });
  const tip = $("tip");
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect(), row = Math.floor((event.clientY - box.top - pad) / tall), at = Math.floor((event.clientX - box.left - left) / cell);
    tip.hidden = !(row >= 0 && row < rows.length && at >= 0 && at < total);
    if (tip.hidden) return;
    const there = rows[row], same = there(at);
    let first = at, last = at;
    while (first > 0 && there(first - 1) === same) first -= 1;
    while (last < total - 1 && there(last + 1) === same) last += 1;
    const many = last - first + 1;
    tip.textContent = `${symbols[row]} ${day.date}\n${same ? "there" : "missing"} ${clock.format(starts[first])} to ${clock.format(starts[last] + width)}: ${count(many)} of ${count(total)}`;
    tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
  });
  return canvas;
}

function strips() {
  const home = $("coverage"), { symbols, days, interval } = data.strips;
  if (!symbols.length || !days.length) return;
  const choice = el("select", { "aria-label": "day" }, ...days.map((day, at) => el("option", { value: at }, day.date)));
  choice.value = String(days.length - 1);
  const place = el("div", { class: "scroll" });
  const show = () => place.replaceChildren(strip(days[Number(choice.value)], interval));
  choice.addEventListener("change", show);
  home.append(el("h3", {}, `Which ${interval} bars of a day are missing `, choice),
    el("p", { class: "dim" }, "A column is a slot of the day; filled is there, empty is missing: no trade, or lost. Stored bars, over the whole day."), place);
  show();
}

function thinnest() {
  const home = $("coverage"), { symbols, sessions, share } = data.coverage;
  const worst = symbols.flatMap((symbol, row) => sessions.map((session, column) => [symbol, session, share[row][column]]))
    .filter((one) => one[2] !== null && one[2] !== undefined && one[2] < 0.9).sort((a, b) => a[2] - b[2]).slice(0, 12);
  if (worst.length) {
    home.append(el("h3", {}, "The thinnest"), table([{ title: "symbol" }, { title: "session" }, { title: "present", n: 1 }],
      worst.map(([symbol, session, value]) => [symbol, session, (100 * value).toFixed(1) + " %"])));
  }
}

function story() {
  const home = $("story");
  const told = data.story;
  if (!told.length) { home.append(el("p", { class: "dim" }, "Nothing was asked.")); return; }
  const owners = [...new Set(told.map((one) => one.owner))];
  const days = [...new Set(told.map((one) => calendar.format(one.at)))];
  const bounds = days.map((day) => { const at = told.filter((one) => calendar.format(one.at) === day).map((one) => one.at); return [Math.min(...at), Math.max(...at)]; });
  const whole = room(), left = whole < 600 ? 96 : 190, wide = (whole - left - 20) / days.length, tall = 26, high = owners.length * tall + 40;
  const svg = el("svg", { viewBox: `0 0 ${whole} ${high}`, width: whole, height: high, role: "img", "aria-label": "requests on a time line" });
  const apart = Math.ceil(74 / wide), fits = Math.floor((left - 8) / 6.4);
  days.forEach((day, place) => svg.append(el("line", { class: "grid", x1: left + place * wide, x2: left + place * wide, y1: 0, y2: owners.length * tall + 10 }),
    place % apart === 0 ? el("text", { x: left + place * wide + 3, y: owners.length * tall + 24 }, day) : ""));
  owners.forEach((owner, row) => svg.append(el("line", { class: "grid", x1: left, x2: whole - 10, y1: row * tall + 16, y2: row * tall + 16 }),
    tipped(el("text", { x: 4, y: row * tall + 20 }, owner.length > fits ? owner.slice(0, fits - 1) + "…" : owner), owner)));
  for (const one of told) {
    const place = days.indexOf(calendar.format(one.at));
    const [first, last] = bounds[place];
    const x = left + place * wide + 8 + ((one.at - first) / (last - first || 1)) * (wide - 24);
    const good = one.status === "done" || one.status === "nothing_to_do";
    svg.append(tipped(el("circle", { cx: x, cy: owners.indexOf(one.owner) * tall + 16, r: Math.min(10, 3 + Math.log2(1 + one.count)), fill: good ? "var(--up)" : "var(--down)", opacity: 0.75 }),
      `${when(one.at)} ${one.owner}\n${one.operation} ${one.status}: ${count(one.count)} ${one.symbols.join(" ")}${one.count > one.symbols.length ? " ..." : ""}\n${one.ms} ms\n${one.notes.join("\n")}`));
  }
  home.append(svg);
  const bad = told.filter((one) => !["done", "nothing_to_do"].includes(one.status)).slice(0, 20);
  if (bad.length) home.append(el("h3", {}, "Refused and failed"), table([{ title: "when" }, { title: "who" }, { title: "what" }, { title: "why" }],
    bad.map((one) => [when(one.at), one.owner, `${one.operation} ${one.symbols.join(" ")}`, one.notes.join("; ")])));
}

function timings() {
  const home = $("timings");
  home.append(el("h3", {}, "Provisioning"), table([{ title: "step" }, { title: "times", n: 1 }, { title: "milliseconds", n: 1 }, { title: "bars read", n: 1 }],
    data.steps.map((one) => [one.step, count(one.count), count(one.ms), count(one.bars)])));
  const users = Object.entries(data.callbacks);
  if (users.length) home.append(el("h3", {}, "Strategies and scanners"), table([{ title: "who" }, { title: "calls", n: 1 }, { title: "seconds", n: 1 }, { title: "slowest, ms", n: 1 }, { title: "when" }, { title: "slow calls", n: 1 }],
    users.map(([name, one]) => [name, count(one.calls), one.seconds.toFixed(3), (1000 * one.slowest).toFixed(2), one.slowest_at ? when(one.slowest_at / 1e6) : "-", count(one.slow)])));
}

function receipt() {
  const { versions, calendar: market, files, session } = data.receipt;
  const rows = [...Object.entries(versions), [`calendar ${market.name}`, market.version], ["session file", session], ...Object.entries(files)];
  $("receipt").append(table([{ title: "what" }, { title: "version or hash" }], rows.map(([name, value]) => [name, el("code", {}, String(value))])));
}

const PARTS = { summary, charts, coverage: () => { coverage(); strips(); thinnest(); }, story, timings, receipt };

function draw() {
  for (const [id, part] of Object.entries(PARTS)) {
    $(id).replaceChildren($(id).querySelector("h2"));
    part();
  }
}

draw();
let drawn = innerWidth, later = 0;
addEventListener("resize", () => {
  clearTimeout(later);
  // A phone's keyboard or address bar changes the height only.
  later = setTimeout(() => { if (innerWidth !== drawn) { drawn = innerWidth; draw(); } }, 200);
});
document.documentElement.dataset.drawn = "yes";
