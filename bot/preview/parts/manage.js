// What administrators do with a chat: what the bot is in it, whether their name is hidden, its topics. For trying how the bot gets on.

import { find, make } from "./dom.js";
import { GENERAL, chatOf, isForum, isShared, powers, world } from "./world.js";

const ROLES = {
  welcome: ["Welcome", "It may write to you"],
  blocked: ["Blocked", "What it says does not reach you"],
  member: ["Member", "Hears commands and replies to it (privacy mode)"],
  administrator: ["Administrator", "Hears everything"],
  muted: ["Muted", "Hears commands, may say nothing"],
  posting: ["Posts", "Administrator with the right to post"],
  silent: ["May not post", "Administrator without that right"],
  removed: ["Removed", "Thrown out"],
};

export class Manager {
  /** `ask(what, value)` asks the server, which decides. */
  constructor(ask) {
    this.ask = ask;
    this.box = find("manage");
    find("manage-open").addEventListener("click", () => {
      this.#fill();
      this.box.showModal();
    });
  }

  /** After every change of place or chat: is there anything to manage, and is what is shown still true? */
  draw() {
    const may = this.#mine();
    find("manage-open").hidden = !(may.owns || may.hides || may.leads) || Boolean(this.#chat()?.upgraded_to);
    if (!this.box.open) return;
    if (find("manage-open").hidden) this.box.close();
    else this.#fill();
  }

  #chat = () => chatOf(world.chat);
  #mine = () => powers(this.#chat(), world.person);

  #fill() {
    const chat = this.#chat();
    const held = document.activeElement?.dataset?.hold;
    find("manage-head").textContent = `Manage ${isShared(chat) ? chat.title : world.bot.first_name}`;
    const may = this.#mine();
    const parts = [may.owns ? this.#roles(chat) : null, may.hides ? this.#hide(chat, may) : null, may.leads && isForum(chat) ? this.#topics(chat) : null];
    find("manage-body").replaceChildren(...parts.filter(Boolean));
    if (held) this.box.querySelector(`[data-hold="${held}"]`)?.focus();
  }

  #roles(chat) {
    const keys = chat.roles.map((name) => {
      const [title, about] = ROLES[name];
      const knob = make("input", { type: "radio", name: "role", "data-hold": `role-${name}`, onchange: () => this.ask("role", name) });
      knob.checked = chat.role === name;
      return make("label", { class: "choice" }, knob, make("span", {}, make("b", {}, title), make("small", {}, about)));
    });
    return make("fieldset", {}, make("legend", {}, `${world.bot.first_name} here`), ...keys);
  }

  #hide(chat, may) {
    const knob = make("input", { type: "checkbox", "data-hold": "hide", onchange: () => this.ask("hide", knob.checked) });
    knob.checked = may.hidden;
    const words = make("span", {}, make("b", {}, "Hide my name"), make("small", {}, `What I write comes from “${chat.title}”`));
    return make("fieldset", {}, make("legend", {}, "You here"), make("label", { class: "choice" }, knob, words));
  }

  #topics(chat) {
    const topic = chat.topics.find(({ id }) => id === world.topic);
    const turn = topic.closed ? ["reopen_topic", `Open “${topic.name}” again`] : ["close_topic", `Close “${topic.name}”`];
    const keys = [make("button", { type: "button", class: "plain", "data-hold": "turn", onclick: () => this.ask(turn[0], topic.id) }, turn[1])];
    if (topic.id !== GENERAL) keys.push(make("button", { type: "button", class: "plain danger", "data-hold": "delete", onclick: () => this.ask("delete_topic", topic.id) }, `Delete “${topic.name}”`));
    const name = make("input", { type: "text", class: "line", maxlength: "128", placeholder: "A new topic", "aria-label": "Name of a new topic", "data-hold": "name" });
    const open = (event) => {
      event.preventDefault();
      if (name.value.trim()) this.ask("open_topic", name.value);
    };
    const form = make("form", { class: "new", onsubmit: open }, name, make("button", { class: "plain" }, "Open"));
    return make("fieldset", {}, make("legend", {}, "Topics"), ...keys, form);
  }
}
