// Where a person writes. Enter sends, Shift+Enter makes a new line, "/" opens the commands: typing narrows them, arrows choose.

import { find, make } from "./dom.js";

export class Composer {
  #commands = [];
  #shown = [];
  #chosen = 0;

  /** `send(text)` returns whether the text was taken; if not, it stays in the box. */
  constructor({ send, sticker }) {
    this.send = send;
    this.words = find("words");
    this.menu = find("menu");
    this.button = find("commands");
    find("composer").addEventListener("submit", (event) => this.#submit(event));
    find("sticker").addEventListener("click", sticker);
    this.words.addEventListener("input", () => this.#typed());
    this.words.addEventListener("keydown", (event) => this.#key(event));
    this.words.addEventListener("blur", () => this.#close());
    this.button.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus, so that blur does not close what opens
    this.button.addEventListener("click", () => this.#toggle());
    this.button.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
  }

  commands(list) {
    this.#commands = list;
    this.button.hidden = list.length === 0;
    if (!this.menu.hidden) this.#typed();
  }

  #submit(event) {
    event.preventDefault();
    this.#say(this.words.value);
  }

  #say(text) {
    this.#close();
    if (!text.trim() || !this.send(text)) return;
    this.words.value = "";
    this.#fit();
  }

  #typed() {
    this.#fit();
    const part = /^\/(\w*)$/.exec(this.words.value)?.[1].toLowerCase();
    this.#open(part === undefined ? [] : this.#commands.filter(({ command }) => command.startsWith(part)));
  }

  #toggle() {
    this.words.focus();
    if (this.menu.hidden) this.#open(this.#commands);
    else this.#close();
  }

  #open(list) {
    this.#shown = list;
    this.#chosen = 0;
    this.menu.replaceChildren(...list.map((entry, place) => this.#option(entry, place)));
    this.menu.hidden = list.length === 0;
    this.button.setAttribute("aria-expanded", String(!this.menu.hidden));
    this.#mark();
  }

  #close() {
    this.#open([]);
  }

  #option({ command, description }, place) {
    const traits = { role: "option", id: `command-${place}`, onmousedown: (event) => event.preventDefault(), onclick: () => this.#say(`/${command}`) };
    return make("li", traits, make("b", {}, `/${command}`), make("span", {}, description));
  }

  #mark() {
    [...this.menu.children].forEach((node, place) => node.setAttribute("aria-selected", String(place === this.#chosen)));
    const node = this.menu.children[this.#chosen];
    if (node) this.words.setAttribute("aria-activedescendant", node.id);
    else this.words.removeAttribute("aria-activedescendant");
    node?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    if (event.isComposing) return; // an input method is still choosing characters: its Enter is not ours
    const open = !this.menu.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (open && step) this.#chosen = (this.#chosen + step + this.#shown.length) % this.#shown.length;
    else if (open && event.key === "Escape") this.#close();
    else if (open && event.key === "Tab" && !event.shiftKey) this.#complete();
    else if (event.key === "Enter" && !event.shiftKey) this.#say(open ? `/${this.#shown[this.#chosen].command}` : this.words.value);
    else return;
    event.preventDefault();
    this.#mark();
  }

  /** Tab writes the command out and leaves room for what follows it. */
  #complete() {
    this.words.value = `/${this.#shown[this.#chosen].command} `;
    this.#close();
  }

  #fit() {
    this.words.style.height = "auto";
    this.words.style.height = `${this.words.scrollHeight}px`;
    find("send").classList.toggle("ready", this.words.value.trim() !== "");
  }
}
