// The selected device: its facts, its concentrations, its events.

import { byId, make, setText } from "./dom.js";
import { EventLog } from "./events.js";
import { Plot } from "./plot.js";
import { ago, number, spaced, stateWords } from "./words.js";

const MOST_POINTS = 600;
const FIRST_MINUTES = 60;

export class Detail {
  constructor(get, closed) {
    this.get = get;
    this.source = null;
    this.device = null;
    this.points = [];
    this.minutes = FIRST_MINUTES;
    this.asked = 0;
    this.log = new EventLog(byId("events"), false);
    this.methane = new Plot("Methane", "methane_ppm", 500, true);
    this.co = new Plot("CO", "co_ppm", 20, false);
    byId("plots").append(this.methane.element, this.co.element);
    byId("spans").addEventListener("click", (event) => {
      const minutes = Number(event.target.dataset.minutes);
      if (minutes) { this.minutes = minutes; this.load(); }
    });
    byId("back").addEventListener("click", closed);
  }

  async open(source) {
    if (source !== this.source) { this.points = []; this.device = null; this.log.replace([]); }
    this.source = source;
    byId("choose").hidden = source !== null;
    byId("selected").hidden = source === null;
    if (source !== null) await this.load();
  }

  // From REST; an answer that comes after the selection has moved on is dropped.
  async load() {
    const asked = (this.asked += 1);
    for (const button of byId("spans").children) button.setAttribute("aria-pressed", String(Number(button.dataset.minutes) === this.minutes));
    const source = encodeURIComponent(this.source);
    const sinceMs = Date.now() - this.minutes * 60000;
    const [device, series, events] = await Promise.all([
      this.get(`/api/devices/${source}`),
      this.get(`/api/devices/${source}/states?since_ms=${sinceMs}&limit=${MOST_POINTS}`),
      this.get(`/api/events?device=${source}&limit=200`),
    ]);
    if (asked !== this.asked) return;
    this.device = device;
    this.points = series.points;
    this.log.replace(events.events);
    this.render();
  }

  put(device) {
    if (device.source !== this.source || !this.device) return;
    this.device = { ...this.device, ...device };
    const state = device.state;
    const newest = this.points.length ? this.points[this.points.length - 1].at_ms : 0;
    if (state && state.received_ms > newest) {
      this.points.push({ at_ms: state.received_ms, methane_ppm: state.methane_ppm, methane_lel_permille: state.methane_lel_permille, co_ppm: state.co_ppm });
      if (this.points.length > MOST_POINTS) this.points.splice(0, this.points.length - MOST_POINTS);
    }
    this.render();
  }

  event(event) {
    if (event.source === this.source) this.log.add(event);
  }

  render() {
    const device = this.device;
    if (!device) return;
    setText(byId("name"), device.identifier ?? device.source);
    const state = device.state;
    const facts = [
      ["state", stateWords(device)],
      ["chip", device.source],
      ["identity", device.revoked ? "revoked" : device.proven ? "proven" : device.enrolled ? "enrolled, not proven" : "not enrolled"],
      ["board", [device.board, device.product && spaced(device.product)].filter(Boolean).join(", ") || "–"],
      ["firmware", device.firmware ?? "–"],
      ["profile", device.set_points ? spaced(device.set_points.profile) : "not known"],
      ["session", device.session === null ? "–" : number(device.session)],
      ["gaps / repeated", `${number(device.gaps)} / ${number(device.repeated)}`],
      ["refused", number(device.refused)],
    ];
    if (device.calibration_days !== null) facts.push(["calibrated", `${number(device.calibration_days)} d ago`]);
    if (state) facts.push(["service left", `${number(state.service_days)} d`]);
    if (state && state.temperature_cdegc !== null) facts.push(["climate", `${(state.temperature_cdegc / 100).toFixed(1)} °C, ${(state.humidity_permille / 10).toFixed(0)} %RH`]);
    if (state && state.muted_s) facts.push(["muted", `another ${ago(state.muted_s * 1000)}`]);
    byId("facts").replaceChildren(...facts.map(([name, text]) => { const pair = make("div"); pair.append(make("dt", "", name), make("dd", "", text)); return pair; }));
    this.plot();
  }

  plot() {
    const newest = this.points.length ? this.points[this.points.length - 1].at_ms : 0;
    const endMs = Math.max(Date.now(), newest);
    const beginMs = endMs - this.minutes * 60000;
    this.methane.show(this.points, beginMs, endMs, this.device.set_points?.methane_ppm ?? 0);
    this.co.element.hidden = this.device.state?.co_status === "absent";
    if (!this.co.element.hidden) this.co.show(this.points, beginMs, endMs, this.device.set_points?.co_ppm ?? 0);
  }
}
