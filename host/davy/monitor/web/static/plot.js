// One gas over time, as SVG: axis with units, set-point, holes where there was no reading, and a read-out.

import { draw, make, setText } from "./dom.js";
import { clock, number, percentLel, when } from "./words.js";

const HEIGHT = 170;
const LEFT = 56;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 24;
// Beyond this many reports' usual distance, a line would tell of what nobody saw.
const HOLE_FACTOR = 6;

// The next of 1, 2, 5 times a power of ten.
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= value);
}

function timeStep(spanMs, most) {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360];
  return (minutes.find((each) => spanMs / (each * 60000) <= most) ?? 720) * 60000;
}

export class Plot {
  constructor(title, field, leastTop, withLel) {
    this.title = title;
    this.field = field;
    this.leastTop = leastTop;
    this.withLel = withLel;
    this.points = [];
    this.element = make("figure", "plot");
    this.caption = make("figcaption");
    this.name = make("span", "plot-name", `${title}, ppm`);
    this.readout = make("output", "plot-readout");
    this.caption.append(this.name, this.readout);
    this.svg = draw("svg", { role: "img", tabindex: "0", "data-plot": field });
    this.width = 0;
    this.element.append(this.caption, this.svg);
    this.cursor = null;
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.read(null));
    this.svg.addEventListener("keydown", (event) => this.step(event));
    this.svg.addEventListener("blur", () => this.read(null));
    // Drawn in the page's own pixels, so that its words are as large as all others.
    new ResizeObserver(() => this.fit()).observe(this.element);
  }

  fit() {
    const width = Math.round(this.element.clientWidth);
    if (!width || width === this.width) return;
    this.width = width;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    if (this.endMs) this.show(this.points, this.beginMs, this.endMs, this.setPointPpm);
  }

  show(points, beginMs, endMs, setPoint) {
    this.setPointPpm = setPoint;
    this.points = points.filter((point) => point.at_ms >= beginMs && point.at_ms <= endMs);
    this.beginMs = beginMs;
    this.endMs = Math.max(endMs, beginMs + 1);
    if (!this.width) return;
    const values = this.points.map((point) => point[this.field]).filter((value) => value !== null);
    const highest = Math.max(this.leastTop, ...values, values.some((value) => value * 4 > setPoint) ? setPoint * 1.1 : 0);
    this.top = roundUp(highest);
    const parts = [...this.grid(), ...this.times()];
    if (setPoint && setPoint <= this.top) parts.push(...this.line(setPoint));
    parts.push(draw("path", { class: "plot-line", d: this.path() }));
    this.mark = draw("g", { class: "plot-mark", visibility: "hidden" });
    this.mark.append(draw("line", { y1: TOP, y2: HEIGHT - BOTTOM }), draw("circle", { r: 3.5 }));
    parts.push(this.mark);
    this.svg.replaceChildren(...parts);
    const newest = values.length ? `newest ${number(values[values.length - 1])} ppm, highest ${number(Math.max(...values))} ppm` : "no reading";
    this.svg.setAttribute("aria-label", `${this.title} concentration, ${newest}; arrow keys read single points`);
    this.read(this.cursor);
  }

  x(ms) { return LEFT + ((ms - this.beginMs) / (this.endMs - this.beginMs)) * (this.width - LEFT - RIGHT); }
  y(value) { return HEIGHT - BOTTOM - (value / this.top) * (HEIGHT - TOP - BOTTOM); }

  grid() {
    const parts = [];
    const lines = String(this.top).startsWith("2") || this.top < 10 ? 4 : 5;
    for (let at = 0; at <= lines; at += 1) {
      const value = (this.top * at) / lines;
      const y = this.y(value);
      parts.push(draw("line", { class: "plot-grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }));
      parts.push(draw("text", { class: "plot-tick", x: LEFT - 6, y: y + 4, "text-anchor": "end" }, number(value)));
    }
    return parts;
  }

  times() {
    const parts = [];
    const step = timeStep(this.endMs - this.beginMs, Math.max(2, Math.floor(this.width / 100)));
    const zone = new Date(this.endMs).getTimezoneOffset() * 60000;
    for (let at = Math.ceil((this.beginMs - zone) / step) * step + zone; at <= this.endMs; at += step) {
      const x = this.x(at);
      if (x > this.width - RIGHT - 14) break;
      parts.push(draw("line", { class: "plot-grid", x1: x, x2: x, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }));
      parts.push(draw("text", { class: "plot-tick", x, y: HEIGHT - 6, "text-anchor": "middle" }, clock(at).slice(0, 5)));
    }
    return parts;
  }

  line(value) {
    const y = this.y(value);
    return [
      draw("line", { class: "plot-set-point", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }),
      draw("text", { class: "plot-set-point-words", x: LEFT + 5, y: y - 4 }, `alarm set-point ${number(value)} ppm`),
    ];
  }

  path() {
    const distances = this.points.slice(1).map((point, at) => point.at_ms - this.points[at].at_ms).sort((a, b) => a - b);
    const hole = HOLE_FACTOR * (distances[Math.floor(distances.length / 2)] || 1) + 30000;
    let before = null;
    let path = "";
    for (const point of this.points) {
      const value = point[this.field];
      if (value !== null) {
        const goesOn = before !== null && point.at_ms - before <= hole;
        path += `${goesOn ? "L" : "M"}${this.x(point.at_ms).toFixed(1)} ${this.y(value).toFixed(1)}${goesOn ? "" : "h0.01"}`;
      }
      before = value === null ? null : point.at_ms;
    }
    return path;
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.width;
    const ms = this.beginMs + ((x - LEFT) / (this.width - LEFT - RIGHT)) * (this.endMs - this.beginMs);
    let best = null;
    for (const each of this.points) if (best === null || Math.abs(each.at_ms - ms) < Math.abs(best.at_ms - ms)) best = each;
    this.read(best ? best.at_ms : null);
  }

  step(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !this.points.length) return;
    event.preventDefault();
    const at = this.points.findIndex((point) => point.at_ms === this.cursor);
    const next = at < 0 ? this.points.length - 1 : Math.min(this.points.length - 1, Math.max(0, at + by));
    this.read(this.points[next].at_ms);
  }

  read(ms) {
    const point = ms === null ? undefined : this.points.find((each) => each.at_ms === ms);
    this.cursor = point ? ms : null;
    if (!this.mark) return;
    this.mark.setAttribute("visibility", point ? "visible" : "hidden");
    if (!point) {
      setText(this.readout, "");
      return;
    }
    const value = point[this.field];
    const [line, circle] = this.mark.children;
    const x = this.x(point.at_ms);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    circle.setAttribute("visibility", value === null ? "hidden" : "inherit");
    circle.setAttribute("cx", x);
    circle.setAttribute("cy", value === null ? 0 : this.y(value));
    const lel = this.withLel && point.methane_lel_permille !== null ? `, ${percentLel(point.methane_lel_permille)}` : "";
    setText(this.readout, `${when(point.at_ms, Date.now())}  ${value === null ? "no reading" : `${number(value)} ppm${lel}`}`);
  }
}
