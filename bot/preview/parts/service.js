// What happened in a chat, as a line between the messages: a topic opened or closed, a group that moved.

import { make } from "./dom.js";
import { author } from "./world.js";

const WORDS = {
  forum_topic_created: (who, { name }) => `${who} opened the topic “${name}”`,
  forum_topic_closed: (who) => `${who} closed the topic`,
  forum_topic_reopened: (who) => `${who} opened the topic again`,
  migrate_to_chat_id: () => "The group has become a supergroup",
  migrate_from_chat_id: () => "The group goes on here as a supergroup",
};

/** The words of a service message, null for any other. */
export function serviceWords(message) {
  const kind = Object.keys(WORDS).find((name) => message[name] !== undefined);
  return kind ? WORDS[kind](author(message).first_name, message[kind]) : null;
}

/** Stands in a log as a message does (see Item), and is nobody's. */
export class Happening {
  constructor(message) {
    this.words = make("span", {});
    this.node = make("li", { class: "day happening", "data-id": String(message.message_id) }, this.words);
    this.turned = false;
    this.show(message);
  }

  show(message) {
    this.message = message;
    this.words.textContent = serviceWords(message);
  }

  seenBy() {}
}
