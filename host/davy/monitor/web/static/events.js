// Lists of what happened, the newest first, and never longer than MOST.

import { make } from "./dom.js";
import { happenedMs, spaced, when } from "./words.js";

const MOST = 200;

export class EventLog {
  constructor(root, named, most = MOST) {
    this.root = root;
    this.named = named;
    this.most = most;
    this.newestId = 0;
  }

  // In the order they were stored.
  replace(events) {
    this.root.replaceChildren(...events.slice(-this.most).reverse().map((event) => this.item(event)));
    this.newestId = events.length ? events[events.length - 1].id : 0;
  }

  // One that is here already is not added again: a stream that comes back may repeat.
  add(event) {
    if (event.id <= this.newestId) return;
    this.newestId = event.id;
    this.root.prepend(this.item(event));
    while (this.root.children.length > this.most) this.root.lastElementChild.remove();
  }

  item(event) {
    const item = make("li");
    item.dataset.kind = event.kind;
    item.dataset.id = event.id;
    const atMs = happenedMs(event);
    const time = make("time", "", when(atMs, Date.now()));
    time.dateTime = new Date(atMs).toISOString();
    if (event.time_s === null) { time.title = "when it was received: the device had no clock"; time.append("*"); }
    item.append(time);
    if (this.named) item.append(make("span", "identifier", event.identifier ?? event.source));
    item.append(make("span", "text", event.text));
    return item;
  }
}

export function showIncidents(root, incidents) {
  root.replaceChildren(...incidents.slice(0, MOST).map((incident) => {
    const item = make("li");
    item.dataset.kind = incident.kind;
    const time = make("time", "", when(incident.last_ms, Date.now()));
    time.dateTime = new Date(incident.last_ms).toISOString();
    const times = incident.count > 1 ? ` (${incident.count} times)` : "";
    item.append(time, make("span", "identifier", incident.identifier ?? incident.source), make("span", "text", `${spaced(incident.kind)}${times}${incident.detail ? `: ${incident.detail}` : ""}`));
    return item;
  }));
  if (!incidents.length) root.append(make("li", "quiet", "None."));
}
