"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const counted = (value) => value.toLocaleString("en");
const percent = (part, whole) => (whole ? (100 * part / whole).toFixed(1) : "0.0") + " %";

// -- tables: a click on a heading sorts; numbers begin with the largest, texts with the first ------

function sortBy(table, column, direction) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, n) => {
    if (n === column) heading.setAttribute("aria-sort", direction < 0 ? "descending" : "ascending");
    else heading.removeAttribute("aria-sort");
  });
  const rows = [...table.tBodies[0].rows].map((row) => {
    const cell = row.cells[column];
    return { row, number: cell.dataset.v === undefined ? null : Number(cell.dataset.v), text: cell.textContent };
  });
  rows.sort((a, b) => {
    if (a.number !== null && b.number !== null) return direction * (a.number - b.number);
    if (a.number !== null || b.number !== null) return a.number === null ? 1 : -1;
    return direction * a.text.localeCompare(b.text, "en", { numeric: true });
  });
  table.tBodies[0].append(...rows.map(({ row }) => row));
}

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const numeric = [...table.tBodies[0].rows].some((row) => row.cells[column].dataset.v !== undefined);
    if (numeric) heading.style.textAlign = "right";
    heading.firstChild.addEventListener("click", () => {
      const now = heading.getAttribute("aria-sort");
      const first = numeric ? -1 : 1;
      sortBy(table, column, now === null ? first : now === "descending" ? 1 : -1);
    });
  });
}

for (const input of document.querySelectorAll("input[data-rows]")) {
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of $(input.dataset.rows).tBodies[0].rows) {
      row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
    }
  });
}

// -- the flame graph -------------------------------------------------------------------------------

const PARENT = 0, NAME = 1, CALLS = 2, SELF = 3, TOTAL = 4;
const ROW = 20, DEEPEST = 500, NARROWEST = 1.5, READABLE = 24;

function hue(name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  return 8 + hash % 46;
}

class FlameGraph {
  constructor({ names, frames, total }) {
    this.names = names;
    this.frames = frames;
    this.total = total;
    this.inner = new Map([[-1, []]]);
    frames.forEach((frame, n) => {
      this.inner.set(n, []);
      this.inner.get(frame[PARENT]).push(n);
    });
    this.zoomed = -1;
    this.wanted = "";
    this.box = $("flame-graph");
    this.box.addEventListener("click", (event) => {
      const frame = event.target.closest(".frame");
      if (frame) this.zoom(Number(frame.dataset.n));
    });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("focusin", (event) => this.tell(Number(event.target.dataset.n)));
    this.box.addEventListener("pointerover", (event) => {
      const frame = event.target.closest(".frame");
      if (frame) this.tell(Number(frame.dataset.n));
    });
    $("flame-reset").addEventListener("click", () => this.zoom(-1));
    $("flame-search").addEventListener("input", (event) => this.search(event.target.value));
    let width = 0;
    new ResizeObserver(() => {
      if (this.box.clientWidth !== width) {
        width = this.box.clientWidth;
        this.draw();
      }
    }).observe(this.box);
  }

  name(n) { return n < 0 ? "all" : this.names[this.frames[n][NAME]]; }
  cost(n) { return n < 0 ? this.total : this.frames[n][TOTAL]; }

  zoom(n) {
    this.zoomed = n;
    this.draw();
    this.focus(n);
  }

  draw() {
    const before = [];
    for (let n = this.zoomed; n >= 0;) before.unshift(n = this.frames[n][PARENT]);
    const shown = [];
    before.slice(-DEEPEST).forEach((n, depth) => shown.push({ n, depth, left: 0, width: 1, above: true }));
    const least = NARROWEST / Math.max(1, this.box.clientWidth);
    const waiting = [{ n: this.zoomed, depth: shown.length, left: 0, width: 1 }];
    let cut = 0;
    while (waiting.length) {
      const frame = waiting.pop();
      shown.push(frame);
      let left = frame.left;
      for (const n of this.inner.get(frame.n)) {
        const width = frame.width * this.cost(n) / Math.max(1, this.cost(frame.n));
        if (width >= least) {
          if (frame.depth - before.length < DEEPEST) waiting.push({ n, depth: frame.depth + 1, left, width });
          else cut += 1;
        }
        left += width;
      }
    }
    const deepest = Math.max(...shown.map((frame) => frame.depth));
    const sizer = document.createElement("div");
    sizer.style.height = `${(deepest + 1) * ROW}px`;
    this.box.replaceChildren(sizer, ...shown.map((frame) => this.made(frame)));
    this.cut = cut;
    this.tell(this.zoomed);
  }

  made({ n, depth, left, width, above }) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = above ? "frame above" : "frame";
    if (this.wanted && this.name(n).toLowerCase().includes(this.wanted)) element.classList.add("found");
    element.dataset.n = n;
    element.tabIndex = n === this.zoomed ? 0 : -1;
    if (width * this.box.clientWidth > READABLE) element.textContent = this.name(n);
    element.title = this.told(n);
    element.setAttribute("aria-label", element.title);
    element.style.cssText = `left:${100 * left}%;width:${100 * width}%;top:${depth * ROW}px;--hue:${hue(this.name(n))}`;
    return element;
  }

  told(n) {
    const cost = this.cost(n);
    const told = `${this.name(n)}: ${counted(cost)} instructions, ${percent(cost, this.total)}`;
    if (n < 0) return told;
    const frame = this.frames[n];
    return `${told}; ${counted(frame[SELF])} of its own, ${counted(frame[CALLS])} calls`;
  }

  tell(n) {
    const cut = this.cut ? ` (${counted(this.cut)} deeper frames are there: make one of the lowest as wide as the page)` : "";
    $("flame-told").textContent = this.told(n) + cut;
  }

  element(n) { return this.box.querySelector(`[data-n="${n}"]`); }

  focus(n) {
    const element = this.element(n);
    if (!element) return;
    this.box.querySelectorAll('[tabindex="0"]').forEach((other) => { other.tabIndex = -1; });
    element.tabIndex = 0;
    element.focus();
  }

  key(event) {
    const n = Number(event.target.dataset.n);
    const beside = n < 0 ? [] : this.inner.get(this.frames[n][PARENT]).filter((other) => this.element(other));
    const to = {
      ArrowUp: n < 0 ? n : this.frames[n]?.[PARENT],
      ArrowDown: this.inner.get(n)?.find((other) => this.element(other)),
      ArrowLeft: beside[beside.indexOf(n) - 1],
      ArrowRight: beside[beside.indexOf(n) + 1],
      Home: -1,
    }[event.key];
    if (event.key === "Escape") this.zoom(this.zoomed < 0 ? -1 : this.frames[this.zoomed][PARENT]);
    else if (event.key.startsWith("Arrow") || event.key === "Home") {
      if (to !== undefined) this.focus(to);
    } else return;
    event.preventDefault();
  }

  search(text) {
    this.wanted = text.trim().toLowerCase();
    let cost = 0;
    if (this.wanted) {
      const inside = new Set();
      this.frames.forEach((frame, n) => {
        if (inside.has(frame[PARENT])) inside.add(n);
        else if (this.name(n).toLowerCase().includes(this.wanted)) {
          inside.add(n);
          cost += frame[TOTAL];
        }
      });
    }
    $("flame-found").textContent = this.wanted ? `${percent(cost, this.total)} in what is found` : "";
    this.draw();
  }
}

if (data.flame.frames.length) new FlameGraph(data.flame);
else $("flame-graph").textContent = "No calls were recorded.";

// -- the call graph: layers from callers to callees --------------------------------------------------

const SHOWN_AT_FIRST = 25;
const HEIGHT = 42, GAP = 22, LAYER = 96, LETTERS = 28;
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...inner) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inner);
  return element;
}

/* The edges turned so that there is no circle: those that lead back to a node that is being visited. */
function acyclic(count, edges) {
  const out = Array.from({ length: count }, () => []);
  edges.forEach((edge) => out[edge.from].push(edge));
  const state = new Array(count).fill(0);
  for (let root = 0; root < count; root += 1) {
    if (state[root]) continue;
    const stack = [[root, 0]];
    state[root] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      const edge = out[top[0]][top[1]++];
      if (!edge) {
        state[top[0]] = 2;
        stack.pop();
      } else if (state[edge.to] === 1) edge.turned = true;
      else if (!state[edge.to]) {
        state[edge.to] = 1;
        stack.push([edge.to, 0]);
      }
    }
  }
}

/* The layer of each node: below all that lead to it. */
function layersOf(count, edges) {
  const layer = new Array(count).fill(0);
  const ends = (edge) => (edge.turned ? [edge.to, edge.from] : [edge.from, edge.to]);
  for (let changed = true, rounds = 0; changed && rounds <= count; rounds += 1) {
    changed = false;
    for (const edge of edges) {
      const [upper, lower] = ends(edge);
      if (layer[lower] <= layer[upper]) {
        layer[lower] = layer[upper] + 1;
        changed = true;
      }
    }
  }
  return layer;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/* Places of nodes and of the points at which long edges pass a layer. */
function arranged(nodes, edges) {
  acyclic(nodes.length, edges);
  const depth = layersOf(nodes.length, edges);
  const points = nodes.map((node, n) => ({ width: node.width, layer: depth[n], up: [], down: [] }));
  for (const edge of edges) {
    let [upper, lower] = [edge.from, edge.to];
    if (edge.turned) [upper, lower] = [lower, upper];
    edge.route = [upper];
    for (let layer = depth[upper] + 1; layer < depth[lower]; layer += 1) {
      edge.route.push(points.length);
      points.push({ width: 6, layer, up: [], down: [] });
    }
    edge.route.push(lower);
    edge.route.slice(1).forEach((point, n) => {
      points[edge.route[n]].down.push(points[point]);
      points[point].up.push(points[edge.route[n]]);
    });
  }
  const layers = [];
  points.forEach((point) => (layers[point.layer] ??= []).push(point));
  const number = (layer) => layer.forEach((point, n) => { point.x = n; });
  layers.forEach(number);
  for (let round = 0; round < 12; round += 1) {
    const side = round % 2 ? "down" : "up";
    for (const layer of round % 2 ? [...layers].reverse() : layers) {
      layer.forEach((point) => { point.wish = point[side].length ? mean(point[side].map((other) => other.x)) : point.x; });
      layer.sort((a, b) => a.wish - b.wish);
      number(layer);
    }
  }
  layers.forEach((layer) => {
    let x = 0;
    layer.forEach((point) => {
      point.x = x + point.width / 2;
      x += point.width + GAP;
    });
  });
  for (let round = 0; round < 20; round += 1) {
    const side = round % 2 ? "down" : "up"; // the last one puts callers above what they call
    for (const layer of round % 2 ? [...layers].reverse() : layers) settle(layer, side);
  }
  const left = Math.min(...points.map((point) => point.x - point.width / 2));
  points.forEach((point) => {
    point.x += 10 - left;
    point.y = 10 + point.layer * LAYER;
  });
  return points;
}

/* Move the points of a layer towards those they are joined to, without one getting over another. */
function settle(layer, side) {
  const wish = layer.map((point) => (point[side].length ? mean(point[side].map((other) => other.x)) : point.x));
  const apart = (n) => (layer[n - 1].width + layer[n].width) / 2 + GAP;
  const right = [...wish], left = [...wish];
  for (let n = 1; n < layer.length; n += 1) right[n] = Math.max(wish[n], right[n - 1] + apart(n));
  for (let n = layer.length - 2; n >= 0; n -= 1) left[n] = Math.min(wish[n], left[n + 1] - apart(n + 1));
  layer.forEach((point, n) => { point.x = (left[n] + right[n]) / 2; });
}

function shortened(name) {
  return name.length > LETTERS ? `${name.slice(0, LETTERS - 1)}…` : name;
}

class CallGraph {
  constructor({ nodes, edges, parts, total }) {
    Object.assign(this, { nodes, edges, parts, total });
    const input = $("graph-least");
    input.max = parts.length - 1;
    const first = parts.findIndex(([, count]) => count <= SHOWN_AT_FIRST);
    input.value = first < 0 ? parts.length - 1 : first;
    input.addEventListener("input", () => this.draw());
    this.draw();
  }

  draw() {
    const [least, all] = this.parts[$("graph-least").value];
    const chosen = this.nodes.slice(0, all);
    const nodes = chosen.map((node) => {
      const name = shortened(node[0]);
      return { node, name, width: Math.max(120, 16 + 7.4 * name.length) };
    });
    const edges = [];
    for (const [from, to, calls] of this.edges) {
      if (from >= chosen.length || to >= chosen.length) continue;
      if (from === to) nodes[from].again = calls;
      else edges.push({ from, to, calls });
    }
    const more = all - chosen.length;
    $("graph-least").setAttribute("aria-valuetext", `${100 * least} %`);
    $("graph-told").textContent = `${+(100 * least).toFixed(1)} %: ${chosen.length} of ${this.parts[0][1]} functions`
      + (more ? ` (the most expensive ones of ${all})` : "");
    if (!nodes.length) {
      $("call-graph").textContent = "No function costs so much.";
      return;
    }
    const points = arranged(nodes, edges);
    const width = Math.max(...points.map((point) => point.x + point.width / 2)) + 10;
    const height = Math.max(...points.map((point) => point.y)) + HEIGHT + 12;
    const arrow = svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" },
      svg("path", { d: "M0 0L8 4L0 8z" }));
    const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Call graph" }, svg("defs", {}, arrow));
    edges.forEach((edge) => drawing.append(this.edge(edge, points)));
    nodes.forEach((node, n) => drawing.append(this.node(node, n, points[n], drawing)));
    const box = $("call-graph");
    box.replaceChildren(drawing);
    box.scrollLeft = points[0].x - box.clientWidth / 2;
  }

  edge(edge, points) {
    const route = edge.route.map((point) => points[point]);
    let path = `M${route[0].x} ${route[0].y + HEIGHT}`;
    for (let n = 1; n < route.length; n += 1) {
      const from = route[n - 1], to = route[n];
      const begin = n === 1 ? from.y + HEIGHT : from.y + HEIGHT / 2;
      const end = n === route.length - 1 ? to.y : to.y + HEIGHT / 2;
      const middle = (begin + end) / 2;
      path += ` C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${end}`;
    }
    const ends = edge.turned ? { "marker-start": "url(#arrow)" } : { "marker-end": "url(#arrow)" };
    const [from, to] = [route[0], route[1]];
    const last = route.length === 2 ? to.y : to.y + HEIGHT / 2;
    const text = svg("text", { class: "small count", x: (from.x + to.x) / 2, y: (from.y + HEIGHT + last) / 2 + 4, "text-anchor": "middle" }, counted(edge.calls));
    const line = svg("path", { class: "edge", d: path, "stroke-width": Math.min(4, 1 + Math.log10(edge.calls) / 2), ...ends });
    return svg("g", { class: "call", "data-from": edge.from, "data-to": edge.to }, line, text);
  }

  node({ node, name, width, again }, n, point, drawing) {
    const [full, calls, self, inclusive] = node;
    const told = `${full}: ${counted(calls)} calls, ${counted(inclusive)} instructions (${percent(inclusive, this.total)}), ${counted(self)} of its own`;
    const left = point.x - width / 2;
    const shape = { x: left, y: point.y, width, height: HEIGHT, rx: 4 };
    const numbers = `${percent(inclusive, this.total)}, self ${percent(self, this.total)}` + (again ? ` ↻ ${counted(again)}` : "");
    const group = svg("g", { class: "node", tabindex: 0, role: "button", "aria-label": told, "data-n": n },
      svg("title", {}, told),
      svg("rect", { class: "back", ...shape }),
      svg("rect", { class: "heat", ...shape, "fill-opacity": 0.04 + 0.7 * (this.total ? self / this.total : 0) }),
      svg("text", { class: "name", x: point.x, y: point.y + 17, "text-anchor": "middle" }, name),
      svg("text", { class: "small", x: point.x, y: point.y + 33, "text-anchor": "middle" }, numbers));
    const mark = () => {
      const off = group.classList.contains("marked");
      drawing.querySelectorAll(".marked").forEach((other) => other.classList.remove("marked"));
      if (off) return;
      group.classList.add("marked");
      drawing.querySelectorAll(`[data-from="${n}"], [data-to="${n}"]`).forEach((edge) => edge.classList.add("marked"));
    };
    group.addEventListener("click", mark);
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        mark();
        event.preventDefault();
      }
    });
    return group;
  }
}

if (data.graph.nodes.length) new CallGraph(data.graph);
else $("call-graph").textContent = "No calls were recorded.";
})();
