// A moment in time, shown in the reader's own zone: the date_time entity. Its form is "r", or "w", "d"/"D", "t"/"T" together.

import { make } from "./dom.js";

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const PARTS = {
  w: { weekday: "long" },
  d: { year: "2-digit", month: "2-digit", day: "2-digit" },
  D: { year: "numeric", month: "long", day: "numeric" },
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
const RENEW_MS = 20_000; // how often "in 5 minutes" is looked at again

/** The moment in words; without a form the words that the bot wrote. */
export function momentWords({ unix_time: seconds, date_time_format: form = "" }, words) {
  if (form === "r") return ago(seconds);
  const parts = [...form].map((letter) => PARTS[letter]).filter(Boolean);
  if (!parts.length) return words;
  return new Intl.DateTimeFormat(undefined, Object.assign({}, ...parts)).format(seconds * 1000);
}

/** A <time> with the exact moment and the reader's zone in its title. */
export function momentNode(entity, words, inside) {
  const date = new Date(entity.unix_time * 1000);
  if (Number.isNaN(date.getTime())) return inside;
  const node = make("time", { class: "moment", datetime: date.toISOString(), title: `${full.format(date)}, ${zoneName(date)}` });
  if (entity.date_time_format === "r") node.dataset.seconds = String(entity.unix_time);
  node.append(entity.date_time_format ? momentWords(entity, words) : inside);
  return node;
}

function ago(seconds) {
  const left = seconds - Date.now() / 1000;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(left) >= length) ?? STEPS.at(-1);
  return relative.format(Math.trunc(left / size), unit);
}

const zoneName = (date) => zone.formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "local time";

setInterval(() => {
  for (const node of document.querySelectorAll("time.moment[data-seconds]")) node.textContent = ago(Number(node.dataset.seconds));
}, RENEW_MS);
