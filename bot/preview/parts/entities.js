// (text, entities) to nodes. Offsets count UTF-16 units, which is how JavaScript counts too. Entities may nest or overlap: the
// outer one is laid first and cuts the others at its edges, so that a quote, a block of code or a spoiler is always one piece.

import { codeBlock } from "./code.js";
import { make, whenSized } from "./dom.js";
import { destination } from "./links.js";
import { momentNode, momentWords } from "./moments.js";

const OUTER = ["blockquote", "expandable_blockquote", "pre", "spoiler", "text_link", "url"];
const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", blockquote: "blockquote" };

/** `hands` acts for the person: {username, command(text), start(payload), open(address)}. */
export function rich(text, entities, hands) {
  const spans = (entities ?? [])
    .map((entity) => ({ ...entity, from: entity.offset, to: entity.offset + entity.length }))
    .filter(({ from, to }) => from >= 0 && to > from && to <= text.length)
    .sort((a, b) => rank(a) - rank(b) || a.from - b.from || b.to - a.to);
  const whole = document.createDocumentFragment();
  lay(whole, text, 0, text.length, spans, hands);
  return whole;
}

/** The text as it may be read aloud: spoilers stay hidden, moments are the listener's own. */
export function spoken(text, entities) {
  let words = text;
  for (const entity of [...(entities ?? [])].sort((a, b) => b.offset - a.offset)) {
    const { type, offset, length } = entity;
    const [before, part, after] = [words.slice(0, offset), words.slice(offset, offset + length), words.slice(offset + length)];
    if (type === "spoiler") words = `${before}(hidden text)${after}`;
    else if (type === "date_time") words = `${before}${momentWords(entity, part)}${after}`;
  }
  return words;
}

function rank({ type }) {
  const place = OUTER.indexOf(type);
  return place < 0 ? OUTER.length : place;
}

function lay(parent, text, from, to, spans, hands) {
  const [outer, ...rest] = spans;
  if (!outer) {
    if (to > from) parent.append(text.slice(from, to));
    return;
  }
  const gap = BLOCKS.has(outer.type) ? 2 : 0; // a block breaks the line and keeps a distance: newlines beside it are not shown again
  const before = outer.from - /\n*$/.exec(text.slice(Math.max(from, outer.from - gap), outer.from))[0].length;
  const after = outer.to + /^\n*/.exec(text.slice(outer.to, Math.min(to, outer.to + gap)))[0].length;
  lay(parent, text, from, before, clipped(rest, from, before), hands);
  const inner = clipped(rest, outer.from, outer.to);
  const inside = document.createDocumentFragment();
  lay(inside, text, outer.from, outer.to, inner, hands);
  parent.append(element(outer, text.slice(outer.from, outer.to), inside, inner.length > 0, hands));
  lay(parent, text, after, to, clipped(rest, after, to), hands);
}

function clipped(spans, from, to) {
  return spans
    .map((span) => ({ ...span, from: Math.max(span.from, from), to: Math.min(span.to, to) }))
    .filter((span) => span.to > span.from);
}

function element(entity, words, inside, nested, hands) {
  if (TAGS[entity.type]) return make(TAGS[entity.type], {}, inside);
  if (entity.type === "pre") return codeBlock(words, entity.language, nested ? inside : null);
  if (entity.type === "spoiler") return spoiler(inside);
  if (entity.type === "expandable_blockquote") return expandable(inside);
  if (entity.type === "text_link") return link(entity.url, inside, hands);
  if (entity.type === "url") return link(words, inside, hands);
  if (entity.type === "email") return link(`mailto:${words}`, inside, hands);
  if (entity.type === "phone_number") return link(`tel:${words}`, inside, hands);
  if (entity.type === "bot_command") return words.startsWith("/") ? act(() => hands.command(words), inside) : inside;
  if (entity.type === "mention" && words.slice(1).toLowerCase() === hands.username?.toLowerCase()) return act(() => hands.start(""), inside);
  if (entity.type === "date_time") return momentNode(entity, words, inside);
  return inside; // hashtags, custom emoji and kinds to come read well as plain text
}

function act(action, inside) {
  return make("button", { type: "button", class: "link", onclick: action }, inside);
}

function link(address, inside, hands) {
  const goal = destination(address ?? "", hands.username);
  if (!goal) return inside;
  if (goal.start !== undefined) return act(() => hands.start(goal.start), inside);
  return make("a", { href: goal.href, target: "_blank", rel: "noopener noreferrer", title: goal.href }, inside);
}

function spoiler(inside) {
  const hidden = make("span", { class: "spoiler-words", inert: true }, inside);
  const cover = make("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text, press to show" }, hidden);
  const open = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    hidden.inert = false;
    cover.classList.add("open");
    ["role", "tabindex", "aria-label"].forEach((name) => cover.removeAttribute(name));
    ["click", "keydown"].forEach((kind) => cover.removeEventListener(kind, open));
  };
  ["click", "keydown"].forEach((kind) => cover.addEventListener(kind, open));
  return cover;
}

function expandable(inside) {
  const words = make("div", { class: "fold" }, inside);
  const more = make("button", { type: "button", class: "more", "aria-expanded": "false", hidden: true }, "Show more");
  more.addEventListener("click", () => {
    const open = words.classList.toggle("open");
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? "Show less" : "Show more";
  });
  whenSized(words, () => {
    if (!words.classList.contains("open")) more.hidden = words.scrollHeight <= words.clientHeight + 1;
  });
  return make("blockquote", {}, words, more);
}
