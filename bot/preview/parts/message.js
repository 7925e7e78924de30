// One message as a list item. An edit changes only what differs: open spoilers, focus and a turning button stay when their part is the same.

import { icon, make } from "./dom.js";
import { rich } from "./entities.js";
import { keyboard, swap } from "./keyboard.js";
import { author, numberOf } from "./world.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function face(user) {
  if (user.type) return make("span", { class: "face many", "aria-hidden": "true" }, icon(user.type === "channel" ? "channel" : "group"));
  if (user.is_bot) return make("span", { class: "face", "aria-hidden": "true" }, icon("nabla"));
  return make("span", { class: "face person", "data-tint": String(user.id % 3), "aria-hidden": "true" }, [...user.first_name][0]);
}

/** What the message says, without its buttons, as one string: equal strings look equal. */
const said = ({ reply_markup: _buttons, ...message }) => JSON.stringify(message);

/** The layout of the buttons: where it changes, no finger waits over the next press, as it does over the arrows of the lab. */
const shape = (message) => (message?.reply_markup?.inline_keyboard ?? []).map((row) => row.length).join(" ");

export class Item {
  constructor(message, hands) {
    this.hands = hands;
    this.card = make("div", { class: "card", tabindex: "-1" });
    this.bin = make("button", { type: "button", class: "round small bin", "aria-label": "Delete this message", hidden: true, onclick: () => hands(this.message).remove() }, icon("bin"));
    this.node = make("li", { class: "message", "data-id": String(numberOf(message)) }, face(author(message)), this.card, this.bin);
    this.show(message);
  }

  show(message) {
    const before = this.message;
    this.message = message;
    this.turned = shape(message) !== "" && shape(before) !== shape(message);
    if (!before || said(before) !== said(message)) this.#showBubble(message);
    if (JSON.stringify(before?.reply_markup) === JSON.stringify(message.reply_markup)) return;
    const next = keyboard(message.reply_markup, this.hands(message));
    swap(this.card, this.keys, next);
    this.keys = next;
  }

  #showBubble(message) {
    const next = bubble(message, this.hands(message));
    const held = this.bubble?.contains(document.activeElement);
    if (this.bubble) this.bubble.replaceWith(next);
    else this.card.prepend(next);
    this.bubble = next;
    if (held) this.card.focus({ preventScroll: true });
  }

  /** Left or right depends on who looks; the name is said to those who cannot see the side. What is for one alone is hidden. */
  seenBy(person) {
    const { receiver_user: receiver } = this.message;
    this.node.hidden = Boolean(receiver) && receiver.id !== person;
    this.bin.hidden = !this.hands(this.message).mayRemove(person);
    const mine = !this.message.sender_chat && this.message.from?.id === person;
    this.node.classList.toggle("mine", mine);
    this.bubble.querySelector(".who").textContent = mine ? "You" : author(this.message).first_name;
  }
}

function bubble(message, hands) {
  const text = message.text ?? message.caption;
  const entities = message.text === undefined ? message.caption_entities : message.entities;
  const parts = [make("p", { class: "who" }), origin(message), alone(message), quoted(message.reply_to_message), ...media(message, hands)];
  if (text) parts.push(make("div", { class: "text", "data-moment": moment(message) }, rich(text, entities, hands)));
  const bare = message.sticker ? " bare" : message.photo ? " pictured" : "";
  return make("div", { class: `bubble${bare}${text ? " worded" : ""}` }, ...parts, meta(message));
}

function origin({ forward_origin: from, is_automatic_forward: automatic }) {
  if (!from) return null;
  const name = from.chat?.title ?? from.sender_user?.first_name ?? "somebody";
  return make("p", { class: "origin" }, icon("forward"), automatic ? `Post from ${name}` : `Forwarded from ${name}`);
}

function alone({ receiver_user: receiver }) {
  return receiver ? make("p", { class: "origin" }, icon("eye"), "Only you see this") : null;
}

function quoted(original) {
  if (!original) return null;
  const words = original.text ?? original.caption ?? "a picture or file";
  return make("p", { class: "quoted" }, make("b", {}, author(original).first_name), ` ${words.slice(0, 80)}`);
}

const moment = ({ date, edit_date: edited }) => `${edited ? "edited " : ""}${clock.format(date * 1000)}`;

function meta(message) {
  return make("p", { class: "meta" }, make("time", { datetime: new Date(message.date * 1000).toISOString() }, moment(message)));
}

function media(message, hands) {
  if (message.photo?.length) return [photo(message, hands)];
  if (message.document) return [attachment(message.document)];
  if (message.sticker) return [make("p", { class: "sticker", role: "img", "aria-label": `Sticker ${message.sticker.emoji ?? ""}` }, message.sticker.emoji ?? "🙂")];
  if (message.text === undefined) return [make("p", { class: "odd" }, "A message of a kind that this page does not show")];
  return [];
}

function photo(message, hands) {
  const size = message.photo.reduce((best, next) => (next.width * next.height > best.width * best.height ? next : best));
  const about = message.caption ? message.caption.split("\n")[0].slice(0, 120) : "Picture without a caption";
  const image = make("img", { src: `/files/${encodeURIComponent(size.file_id)}`, width: size.width, height: size.height, alt: about, decoding: "async" });
  const button = make("button", { type: "button", class: "photo", "aria-label": `Enlarge: ${about}`, onclick: () => hands.enlarge(image.src, about) }, image);
  button.style.setProperty("--width", size.width); // the place is taken before the picture has come, so that nothing jumps
  button.style.setProperty("--height", size.height);
  return button;
}

function attachment({ file_id: id, file_name: name = "file", file_size: bytes }) {
  const size = bytes === undefined ? "" : bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  const words = make("span", {}, make("b", {}, name), make("small", {}, size));
  return make("a", { class: "file", href: `/files/${encodeURIComponent(id)}`, download: name, "aria-label": `Download ${name} ${size}` }, icon("file"), words);
}
