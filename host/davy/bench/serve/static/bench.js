// The server renders the board, so the page is whole without this. Here it is kept up to date: what differs is changed in place,
// so that focus, selection and what a person opened stay as they are.

import { byId, setData, setText } from "/static/dom.js";
import { Stream } from "/static/live.js";
import { ago, clock } from "/static/words.js";

let skewMs = 0;
let lostMs = Date.now();

// A login that has ended is told here; a stream could only say that it failed.
async function restore() {
  const answer = await fetch("/health", { headers: { Accept: "application/json" } });
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  return 0;
}

function hear(name, data) {
  skewMs = data.now_ms - Date.now();
  if (name === "board") {
    const wanted = new DOMParser().parseFromString(data.html, "text/html").getElementById("board");
    const focused = document.activeElement;
    become(byId("board"), wanted);
    if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    document.title = byId("board").dataset.title;
  }
  tick();
}

function become(old, wanted) {
  if (old.dataset?.own !== undefined) return; // this side's: the stream's light, what is being typed
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !(old.tagName === "DETAILS" && name === "open")) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.dataset?.sinceMs) return; // tick() writes its text
  const kept = new Set([...wanted.children].map((child) => child.id).filter(Boolean));
  let at = old.firstChild;
  for (const child of [...wanted.childNodes]) {
    const named = child.id && [...old.children].find((each) => each.id === child.id);
    // What is in the way goes, rather than what stays: an element that is moved loses the focus.
    while (at && at !== named && (named ? !kept.has(at.id) : at.id && !kept.has(at.id))) at = drop(at);
    const match = named || (at && !at.id && !child.id && at.nodeName === child.nodeName ? at : null);
    if (!match) { old.insertBefore(document.importNode(child, true), at); continue; }
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    if (match.nodeType === Node.ELEMENT_NODE) become(match, child);
    else if (match.data !== child.data) match.data = child.data;
  }
  while (at) at = drop(at);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function tick() {
  const nowMs = Date.now() + skewMs;
  for (const element of document.querySelectorAll("[data-since-ms]")) setText(element, ago(nowMs - Number(element.dataset.sinceMs)));
}

function showLive(live, why) {
  lostMs = live ? 0 : lostMs || Date.now();
  setData(byId("stream"), "live", live ? "yes" : "no");
  setText(byId("stream-words"), live ? "live" : "not live");
  const banner = byId("banner");
  banner.hidden = live;
  document.body.classList.toggle("stale", !live);
  if (!live) setText(banner, `Not live since ${clock(lostMs)}: ${why}. Trying again; what is shown may be old.`);
}

setInterval(() => { if (!document.hidden) tick(); }, 1000);
tick();
new Stream(restore, hear, showLive, ["board", "beat"]).open();
