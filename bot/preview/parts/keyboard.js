// Inline keyboards: rows of equal buttons. A pressed button turns until its callback is answered, and keeps the focus.

import { copy, icon, make } from "./dom.js";
import { destination } from "./links.js";

const PATIENCE_MS = 20_000; // Telegram calls a query too old after some 15 s; nobody watches a wheel for longer

/** The rows of `markup`, or null; `hands` acts for the person: {username, tap(data, button), start(payload), toast(text)}. */
export function keyboard(markup, hands) {
  const rows = markup?.inline_keyboard?.filter((row) => row.length);
  if (!rows?.length) return null;
  const lines = rows.map((row) => make("div", { class: "row" }, ...row.map((button) => key(button, hands))));
  return make("div", { class: "keys", role: "group", "aria-label": "Buttons" }, ...lines);
}

function key(button, hands) {
  const label = make("span", {}, button.text);
  if (button.url !== undefined) return linkKey(button.url, label, hands);
  const node = make("button", { type: "button", class: "key" }, label);
  if (button.callback_data !== undefined) node.addEventListener("click", () => !busy(node) && hands.tap(button.callback_data, node));
  else if (button.copy_text) node.addEventListener("click", () => copied(button.copy_text.text, hands));
  else node.disabled = true; // games, payments, web apps: not part of this page
  return node;
}

function linkKey(address, label, hands) {
  const goal = destination(address, hands.username);
  if (goal?.start !== undefined) return make("button", { type: "button", class: "key", onclick: () => hands.start(goal.start) }, label);
  if (!goal) return make("button", { type: "button", class: "key", disabled: true }, label);
  return make("a", { class: "key", href: goal.href, target: "_blank", rel: "noopener noreferrer" }, label, icon("out"));
}

async function copied(text, hands) {
  try {
    await copy(text);
    hands.toast("Copied");
  } catch {
    hands.toast("The browser did not allow copying");
  }
}

const busy = (node) => node.getAttribute("aria-busy") === "true";

/** Turns the wheel on; it stops by itself when no answer comes. */
export function press(node) {
  node.setAttribute("aria-busy", "true");
  setTimeout(() => release(node), PATIENCE_MS);
}

export function release(node) {
  node?.removeAttribute("aria-busy");
}

/** Puts `next` where `old` was; the focus goes to the button in the same place, else to the last one. */
export function swap(card, old, next) {
  const keys = old ? [...old.querySelectorAll(".key")] : [];
  const place = keys.indexOf(document.activeElement);
  if (old && next) old.replaceWith(next);
  else if (next) card.append(next);
  else old?.remove();
  if (place < 0) return;
  const candidates = next ? [...next.querySelectorAll(".key:not(:disabled)")] : [];
  const heir = candidates[Math.min(place, candidates.length - 1)] ?? card;
  heir.focus({ preventScroll: true });
}
