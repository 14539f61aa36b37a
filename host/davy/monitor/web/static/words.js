// Numbers and times in words, as people read them.

export const STANDINGS = {
  alarm: { icon: "▲", word: "alarm" },
  lost: { icon: "✕", word: "link lost" },
  fault: { icon: "!", word: "fault" },
  warming: { icon: "◔", word: "warming up" },
  normal: { icon: "✓", word: "normal" },
  unknown: { icon: "?", word: "not heard" },
};

const NUMBER = new Intl.NumberFormat("en", { useGrouping: true });

export const spaced = (text) => String(text).replaceAll("_", " ");
export const number = (value) => NUMBER.format(value).replaceAll(",", "\u202f");
export const percentLel = (permille) => `${(permille / 10).toFixed(1)} %LEL`;

// How long ago, in the coarsest unit that still says something.
export function ago(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 100) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

export const clock = (ms) => CLOCK.format(ms);

// Local time; with the day unless it is today.
export function when(ms, nowMs) {
  const same = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  return same ? CLOCK.format(ms) : `${DAY.format(ms)} ${CLOCK.format(ms)}`;
}

// An event happened when its device says; without a clock, at the latest when it was received.
export const happenedMs = (event) => (event.time_s !== null ? event.time_s * 1000 : event.received_ms);

// What a STATE says of itself, beside the one word.
export function stateWords(device) {
  if (!device.state) return "no report yet";
  const words = [spaced(device.state.run_state)];
  if (device.state.latched && device.state.run_state !== "latched") words.push("latched");
  if (device.state.muted_s > 0) words.push("muted");
  if (device.state.tampered && device.state.run_state !== "tamper") words.push("case open");
  for (const fault of device.state.faults) words.push(`${spaced(fault)} fault`);
  return words.join(", ");
}
