// Who one is, and where: the three people in turn, and the chats each of them is in.

import { find, icon, make } from "./dom.js";
import { face } from "./message.js";

let drawn = "";

/** Draws both lists, if anything in them is new; keeps the focus on the button that was pressed. */
export function drawPlaces({ people, chats, person, chat, bot, unread, go }) {
  const wanted = JSON.stringify([people, chats, person, chat, bot.first_name, chats.map(({ id }) => unread(id))]);
  if (wanted === drawn) return;
  drawn = wanted;
  const held = document.activeElement?.closest?.(".side")?.contains(document.activeElement) ? document.activeElement.dataset.goal : null;
  find("people").replaceChildren(...people.map((user) => personKey(user, { person, chat, chats, unread, go })));
  const mine = chats.filter(({ members }) => members.includes(person));
  find("chats").replaceChildren(...mine.map((place) => chatKey(place, { people, person, chat, bot, unread, go })));
  if (held) document.querySelector(`.side [data-goal="${held}"]`)?.focus({ preventScroll: true });
}

const isPrivate = ({ type }) => type === "private";

function personKey(user, { person, chat, chats, unread, go }) {
  const current = user.id === person;
  const shared = chats.find(({ id, type, members }) => id === chat && type !== "private" && members.includes(user.id));
  const waiting = current ? 0 : unread(user.id);
  const traits = { type: "button", title: user.first_name, "data-goal": `person-${user.id}`, "aria-pressed": String(current), onclick: () => go(user.id, shared ? chat : user.id) };
  const words = make("span", { class: "words" }, make("b", {}, user.first_name), make("small", {}, language(user.language_code)));
  return make("li", {}, make("button", { ...traits, "aria-label": label(`Be ${user.first_name}`, waiting) }, face(user), words, badge(waiting)));
}

/** Who is in a chat besides the bot, in words. */
export const company = ({ members }, people, bot) => `${people.filter(({ id }) => members.includes(id)).length} people and ${bot.first_name}`;

function chatKey(place, { people, person, chat, bot, unread, go }) {
  const current = place.id === chat;
  const title = isPrivate(place) ? bot.first_name : place.title;
  const about = isPrivate(place) ? "Private chat" : company(place, people, bot);
  const picture = isPrivate(place) ? face({ is_bot: true }) : make("span", { class: "face many", "aria-hidden": "true" }, icon("group"));
  const traits = { type: "button", title, "data-goal": `chat-${isPrivate(place) ? "private" : place.id}`, "aria-current": current ? "true" : undefined, onclick: () => go(person, place.id) };
  const words = make("span", { class: "words" }, make("b", {}, title), make("small", {}, about));
  const waiting = current ? 0 : unread(place.id);
  return make("li", {}, make("button", { ...traits, "aria-label": label(`${title}, ${about}`, waiting) }, picture, words, badge(waiting)));
}

const label = (words, waiting) => (waiting ? `${words}, ${waiting} unread` : words);
const badge = (waiting) => (waiting ? make("span", { class: "badge", "aria-hidden": "true" }, String(waiting)) : null);

function language(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code ?? "en");
  } catch {
    return code; // not a code that the browser knows: shown as it came
  }
}
