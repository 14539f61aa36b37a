// The list of devices: one row each, made once, changed in place, the most urgent first.

import { byId, make, setData, setText } from "./dom.js";
import { ago, number, percentLel, spaced, STANDINGS, stateWords } from "./words.js";

const MOST_ROWS = 500;
// Of a sensor: a bare "open" would read like a valve's.
const READINGS = { absent: "–", open: "open circuit", short: "short circuit" };

export class DeviceList {
  constructor(select) {
    this.select = select;
    this.devices = new Map();
    this.rows = new Map();
    this.selected = null;
    this.skewMs = 0;
    this.root = byId("devices");
    this.filter = byId("filter");
    this.filter.addEventListener("input", () => this.render());
    this.root.addEventListener("click", (event) => this.clicked(event));
    this.root.addEventListener("keydown", (event) => this.moved(event));
    this.pending = false;
  }

  // All there are.
  replace(devices, nowMs) {
    this.skewMs = nowMs - Date.now();
    this.devices = new Map(devices.map((device) => [device.source, device]));
    this.render();
  }

  put(device) {
    this.devices.set(device.source, device);
    if (this.pending) return;
    this.pending = true;
    // Many at once are one drawing. Hidden pages draw no frames, so this does not wait for one.
    setTimeout(() => { this.pending = false; this.render(); }, 50);
  }

  choose(source) {
    this.selected = source;
    this.render();
  }

  counts() {
    const all = [...this.devices.values()];
    return {
      devices: all.length,
      alarms: all.filter((device) => device.alarm).length,
      faults: all.filter((device) => device.fault).length,
      lost: all.filter((device) => device.link === "lost").length,
    };
  }

  render() {
    const wanted = this.filter.value.trim().toLowerCase();
    const name = (device) => device.identifier ?? device.source;
    const matching = [...this.devices.values()]
      .filter((device) => !wanted || [name(device), device.source, device.board ?? "", STANDINGS[device.standing].word, stateWords(device)].join(" ").toLowerCase().includes(wanted))
      .sort((a, b) => a.urgency - b.urgency || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
    const shown = matching.slice(0, MOST_ROWS);
    const keep = new Set(shown.map((device) => device.source));
    for (const [source, row] of this.rows) {
      if (!keep.has(source)) { row.element.remove(); this.rows.delete(source); }
    }
    shown.forEach((device, at) => {
      let row = this.rows.get(device.source);
      if (!row) { row = makeRow(device.source); this.rows.set(device.source, row); }
      fillRow(row, device, device.source === this.selected);
      if (this.root.children[at] !== row.element) this.place(row.element, at);
    });
    const more = byId("more");
    more.hidden = matching.length > 0 && matching.length <= MOST_ROWS;
    setText(more, matching.length ? `${matching.length - shown.length} more: narrow the filter.` : this.devices.size ? "No device matches the filter." : "No device has been heard yet.");
    this.tick();
  }

  // Moving a focused row would take the focus from whoever reads with the keyboard.
  place(element, at) {
    const focused = element.contains(document.activeElement);
    this.root.insertBefore(element, this.root.children[at] ?? null);
    if (focused) element.focus({ preventScroll: true });
  }

  tick() {
    const nowMs = Date.now() + this.skewMs;
    for (const [source, row] of this.rows) setText(row.seen, ago(nowMs - this.devices.get(source).last_seen_ms));
  }

  clicked(event) {
    const row = event.target.closest("[data-source]");
    if (row) this.select(row.dataset.source);
  }

  moved(event) {
    const row = event.target.closest("[data-source]");
    const next = row && { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
    if (next) { event.preventDefault(); next.focus(); }
  }
}

function makeRow(source) {
  const element = make("button", "row");
  element.type = "button";
  element.dataset.source = source;
  const cell = (className) => { const span = make("span", className); element.append(span); return span; };
  const standing = cell("standing");
  const icon = make("span", "icon"); icon.ariaHidden = "true";
  const word = make("span", "word");
  standing.append(icon, word);
  const who = cell("who");
  const identifier = make("span", "identifier"), words = make("span", "words");
  who.append(identifier, words);
  const row = { element, icon, word, identifier, words };
  for (const [name, title, className] of [["methane", "methane", "number"], ["co", "CO", "number"], ["valve", "valve", ""], ["link", "link", ""], ["waiting", "waiting", "number"], ["gaps", "gaps", "number"], ["seen", "last seen", "number seen"]]) {
    const holder = cell(`cell ${className}`);
    holder.dataset.name = name;
    row[name] = make("span");
    row[`${name}Unit`] = make("span", "unit");
    holder.append(make("span", "title", title), row[name], row[`${name}Unit`]);
  }
  return row;
}

function fillRow(row, device, selected) {
  const { icon, word } = STANDINGS[device.standing];
  const state = device.state;
  setData(row.element, "standing", device.standing);
  row.element.setAttribute("aria-pressed", String(selected));
  setText(row.icon, icon);
  setText(row.word, word);
  setText(row.identifier, device.identifier ?? device.source);
  const trust = device.revoked ? "revoked" : device.enrolled ? (device.proven ? "" : "not proven") : "not enrolled";
  setText(row.words, [stateWords(device), device.board, trust].filter(Boolean).join(" · "));
  reading(row.methane, row.methaneUnit, state?.methane_ppm, state?.methane_status, state && state.methane_lel_permille !== null ? `ppm · ${percentLel(state.methane_lel_permille)}` : "");
  reading(row.co, row.coUnit, state?.co_ppm, state?.co_status, "ppm");
  setText(row.valve, state ? spaced(state.valve_state) : "–");
  setText(row.link, device.link === "lost" ? "✕ lost" : "up");
  setText(row.waiting, state ? number(state.waiting_events) : "–");
  setText(row.gaps, number(device.gaps));
  setText(row.seenUnit, "ago");
  setData(row.element, "revoked", device.revoked ? "yes" : "no");
  setData(row.gaps.parentElement, "bad", device.gaps > 0 ? "yes" : "no");
  setData(row.link.parentElement, "bad", device.link === "lost" ? "yes" : "no");
  setData(row.valve.parentElement, "bad", state && state.valve_state === "failure" ? "yes" : "no");
}

// A fault is never a number: the status takes its place.
function reading(element, unit, ppm, status, unitWords) {
  const known = ppm !== null && ppm !== undefined;
  setText(element, known ? number(ppm) : (READINGS[status] ?? (status ? spaced(status) : "–")));
  setText(unit, known ? unitWords : "");
}
