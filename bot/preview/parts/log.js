// The messages of one place, oldest first, with a line before each new day and dots while the bot types.

import { icon, make } from "./dom.js";
import { Item } from "./message.js";
import { Happening, serviceWords } from "./service.js";
import { author, numberOf } from "./world.js";

const DOTS_MS = 5_000; // how long Telegram shows a chat action: core.telegram.org/bots/api#sendchataction
const GAP_S = 300; // messages closer than this, by one sender, stand together
const calendar = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

export class Log {
  #items = new Map(); // number → Item or Happening
  #unread = new Map(); // person → how many messages came since they looked
  #dots;
  #timer;

  constructor(hands) {
    this.hands = hands;
    this.person = null;
    this.node = make("ol", { class: "log" });
    const bouncing = make("span", { class: "bubble dots" }, make("i"), make("i"), make("i"));
    this.#dots = make("li", { class: "message typing", "aria-hidden": "true" }, make("span", { class: "face" }, icon("nabla")), bouncing);
  }

  get size() {
    return this.#items.size;
  }

  unread(person) {
    return this.#unread.get(person) ?? 0;
  }

  missed(person) {
    this.#unread.set(person, this.unread(person) + 1);
  }

  read(person) {
    this.#unread.delete(person);
  }

  has(id) {
    return this.#items.has(id);
  }

  get last() {
    return [...this.#items.values()].at(-1)?.message;
  }

  /** Puts a new message at its place or changes the one that has its id; returns the item. */
  put(message) {
    const known = this.#items.get(numberOf(message));
    if (known) known.show(message);
    else this.#add(message);
    const item = this.#items.get(numberOf(message));
    item.seenBy(this.person);
    if (!known) this.#group();
    return item;
  }

  #add(message) {
    const item = serviceWords(message) ? new Happening(message) : new Item(message, this.hands);
    const late = this.last && numberOf(this.last) > numberOf(message);
    this.#items.set(numberOf(message), item);
    if (late) this.#items = new Map([...this.#items].sort(([a], [b]) => a - b));
  }

  drop(id) {
    const item = this.#items.get(id);
    if (!item) return;
    this.#items.delete(id);
    item.node.remove();
    this.#group();
  }

  /** After a reconnect: what is the same stays as it is, with its focus and open spoilers. */
  reset(messages) {
    const kept = new Set(messages.map(numberOf));
    [...this.#items.keys()].filter((id) => !kept.has(id)).forEach((id) => this.drop(id));
    messages.forEach((message) => (this.has(numberOf(message)) ? this.#items.get(numberOf(message)).show(message) : this.#add(message)));
    this.seenBy(this.person);
  }

  seenBy(person) {
    this.person = person;
    this.#items.forEach((item) => item.seenBy(person));
    this.#group();
  }

  typing(over) {
    this.node.append(this.#dots);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(over, DOTS_MS);
  }

  still() {
    clearTimeout(this.#timer);
    this.#dots.remove();
  }

  /** Sets days and groups anew; moves only nodes that are not in their place, so that nothing loses its focus. */
  #group() {
    const wanted = [];
    let before;
    for (const { node, message } of this.#items.values()) {
      if (node.hidden) {
        wanted.push(node); // for another pair of eyes: it neither begins a day nor a group
        continue;
      }
      const day = dayOf(message.date);
      if (!before || day !== dayOf(before.date)) wanted.push(this.#day(day, message.date));
      const joined = before && sender(before) === sender(message) && day === dayOf(before.date) && message.date - before.date < GAP_S;
      node.classList.toggle("joined", Boolean(joined));
      wanted.push(node);
      before = message;
    }
    this.node.querySelectorAll(".day[data-day]").forEach((line) => wanted.includes(line) || line.remove());
    wanted.forEach((node, place) => this.node.children[place] === node || this.node.insertBefore(node, this.node.children[place] ?? null));
  }

  #day(day, date) {
    const known = [...this.node.querySelectorAll(".day[data-day]")].find((line) => line.dataset.day === day);
    return known ?? make("li", { class: "day", "data-day": day }, make("span", {}, dayName(new Date(date * 1000))));
  }
}

/** Messages of one sender stand together; what happened in between, and what is for one alone, stands for itself. */
const sender = (message) => (serviceWords(message) ? `#${message.message_id}` : `${author(message).id} ${message.receiver_user?.id ?? ""}`);

const dayOf = (seconds) => new Date(seconds * 1000).toDateString();

function dayName(moment) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (moment.toDateString() === now.toDateString()) return "Today";
  if (moment.toDateString() === yesterday.toDateString()) return "Yesterday";
  return calendar.format(moment);
}
