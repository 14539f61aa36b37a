// Wiring only: the stream feeds the lists, the list selects the detail, the clock ticks.

import { Detail } from "./detail.js";
import { DeviceList } from "./devices.js";
import { byId, make, setData, setText } from "./dom.js";
import { EventLog, showIncidents } from "./events.js";
import { Stream } from "./live.js";
import { clock } from "./words.js";

const ALARMS_SHOWN = 5;

async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) {
    location.assign("/login");
    throw new Error("not logged in");
  }
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `the server answers ${answer.status}`);
  return answer.json();
}

const alarms = new EventLog(byId("alarms"), true, ALARMS_SHOWN);
const list = new DeviceList((source) => select(source));
const detail = new Detail(get, () => select(null));
const stream = new Stream(restore, hear, (live, why) => showLive(live, why));
let trouble = null;
let lostMs = Date.now();

function select(source) {
  const before = list.selected;
  history.replaceState(null, "", source ? `#${source}` : "#");
  document.body.classList.toggle("chosen", source !== null);
  list.choose(source);
  detail.open(source).catch((error) => showLive(stream.live, error.message));
  if (source) byId("detail").focus({ preventScroll: innerWidth > 900 });
  else if (before) list.rows.get(before)?.element.focus();
}

// Everything that may have changed while nobody listened. The id to go on from is read before the rest: what happens
// meanwhile comes twice rather than never.
async function restore() {
  const newest = await get("/api/events?limit=1");
  const [devices, newestAlarms, incidents] = await Promise.all([
    get("/api/devices"),
    get(`/api/events?kind=alarm&limit=${ALARMS_SHOWN}`),
    get("/api/incidents?limit=20"),
  ]);
  list.replace(devices.devices, devices.now_ms);
  alarms.replace(newestAlarms.events);
  noAlarms();
  showIncidents(byId("incidents"), incidents.incidents);
  showCounts();
  if (detail.source) await detail.load();
  return newest.next_since_id;
}

function hear(name, data) {
  if (name === "device") {
    list.put(data);
    detail.put(data);
    showCounts();
  } else if (name === "event") {
    if (data.kind === "alarm") {
      byId("alarms").querySelector(".quiet")?.remove();
      alarms.add(data);
    }
    detail.event(data);
  } else if (name === "incidents") {
    showIncidents(byId("incidents"), data.incidents);
  } else if (name === "database") {
    trouble = data.error;
    showLive(true, "");
  } else {
    list.skewMs = data.now_ms - Date.now();
  }
}

function noAlarms() {
  if (!byId("alarms").children.length) byId("alarms").append(make("li", "quiet", "No alarm is stored."));
}

function showCounts() {
  const counts = list.counts();
  for (const [name, value] of Object.entries(counts)) {
    const tile = document.querySelector(`[data-count="${name}"]`);
    setText(tile.querySelector("dd"), String(value));
    setData(tile, "some", value > 0 ? "yes" : "no");
  }
  document.title = counts.alarms ? `(${counts.alarms}) ALARM · davy monitor` : "davy monitor";
}

function showLive(live, why) {
  const good = live && !trouble;
  if (live) lostMs = 0;
  else lostMs ||= Date.now();
  setData(byId("stream"), "live", good ? "yes" : "no");
  setText(byId("stream-words"), good ? "live" : "not live");
  const banner = byId("banner");
  banner.hidden = good;
  document.body.classList.toggle("stale", !good);
  if (!good) setText(banner, live ? `${trouble} What is shown may be old.` : `Not live since ${clock(lostMs)}: ${why}. Trying again; what is shown may be old.`);
}

setInterval(() => { if (!document.hidden) list.tick(); }, 1000);
// The plot moves on also when nothing comes.
setInterval(() => { if (!document.hidden && detail.device) detail.plot(); }, 10000);
const chosen = location.hash.slice(1);
stream.open().then(() => { if (list.devices.has(chosen)) select(chosen); });
