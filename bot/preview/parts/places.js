// Who one is, and where: the three people in turn, the chats each of them is in, and the topics of the forum in view.

import { find, icon, make } from "./dom.js";
import { face } from "./message.js";
import { here, isForum, isShared, keyOf, placesOf, world } from "./world.js";

const LISTS = ["people", "chats", "topics"];

let drawn = "";
let shown = "";

/** Draws the lists, if anything in them is new; keeps the focus on the button that was pressed. `unread(place, person)` counts. */
export function drawPlaces({ unread, go }) {
  const { people, chats, person } = world;
  const waits = chats.flatMap((chat) => placesOf(chat).map((place) => unread(place, chat.type === "private" ? chat.id : person)));
  const wanted = JSON.stringify([people, chats, person, here(), world.bot.first_name, waits]);
  if (wanted === drawn) return;
  drawn = wanted;
  const held = document.activeElement?.dataset?.goal;
  const lefts = LISTS.map((id) => find(id).scrollLeft);
  find("people").replaceChildren(...people.map((user) => personKey(user, { unread, go })));
  const mine = chats.filter(({ members }) => members.includes(person)).sort((a, b) => rank(a) - rank(b));
  find("chats").replaceChildren(...mine.map((chat) => chatKey(chat, { unread, go })));
  drawTopics({ unread, go });
  if (held) document.querySelector(`[data-goal="${held}"]`)?.focus({ preventScroll: true });
  LISTS.forEach((id, place) => (find(id).scrollLeft = lefts[place])); // on a phone they scroll sideways, and a new message moves nothing
  if (shown !== `${person} ${here()}`) reveal();
  shown = `${person} ${here()}`;
}

/** Brings what was chosen into view. */
function reveal() {
  LISTS.forEach((id) => find(id).querySelector("[aria-current], [aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
}

/** The private chat first, what is over last; all else in the order in which it was opened. */
const rank = (chat) => (chat.type === "private" ? 0 : chat.upgraded_to ? 2 : 1);

const PICTURES = { channel: "channel", group: "group", supergroup: "group" };
export const pictureOf = (chat) => (isForum(chat) ? "forum" : (PICTURES[chat?.type] ?? "nabla"));

function personKey(user, { unread, go }) {
  const current = user.id === world.person;
  const waiting = current ? 0 : unread(keyOf(user.id), user.id);
  const traits = { type: "button", title: user.first_name, "data-goal": `person-${user.id}`, "aria-pressed": String(current), onclick: () => go(user.id, ...stay(user.id)) };
  const words = make("span", { class: "words" }, make("b", {}, user.first_name), make("small", {}, language(user.language_code)));
  return make("li", {}, make("button", { ...traits, "aria-label": label(`Be ${user.first_name}`, waiting) }, face(user), words, badge(waiting)));
}

/** Another person looks at the same shared place, or at their own private chat. */
function stay(person) {
  const shared = world.chats.find((chat) => chat.id === world.chat && isShared(chat) && chat.members.includes(person));
  return shared ? [shared.id, world.topic] : [person];
}

/** Who is in a chat besides the bot, in words. */
export function company({ members, type }) {
  const number = world.people.filter(({ id }) => members.includes(id)).length;
  const people = type === "channel" ? (number === 1 ? "subscriber" : "subscribers") : number === 1 ? "person" : "people";
  return type === "channel" || !members.includes(world.bot.id) ? `${number} ${people}` : `${number} ${people} and ${world.bot.first_name}`;
}

function chatKey(chat, { unread, go }) {
  const current = chat.id === world.chat;
  const title = isShared(chat) ? chat.title : world.bot.first_name;
  const about = isShared(chat) ? detail(chat) : "Private chat";
  const picture = isShared(chat) ? make("span", { class: "face many", "aria-hidden": "true" }, icon(pictureOf(chat))) : face({ is_bot: true });
  const places = placesOf(chat);
  const goal = current && isForum(chat) ? world.topic : undefined;
  const traits = { type: "button", title, "data-goal": `chat-${isShared(chat) ? chat.id : "private"}`, "aria-current": current ? "true" : undefined, onclick: () => go(world.person, chat.id, goal) };
  const words = make("span", { class: "words" }, make("b", {}, title), make("small", {}, about));
  const waiting = places.filter((place) => place !== here()).reduce((sum, place) => sum + unread(place, world.person), 0);
  return make("li", {}, make("button", { ...traits, "aria-label": label(`${title}, ${about}`, waiting) }, picture, words, badge(waiting)));
}

function detail(chat) {
  if (chat.upgraded_to) return "Moved to a supergroup";
  if (chat.type === "channel") return `Channel, ${company(chat)}`;
  return isForum(chat) ? `${chat.topics.length} topics, ${company(chat)}` : company(chat);
}

/** The topics of the forum in view, as tabs over its messages. */
function drawTopics({ unread, go }) {
  const forum = world.chats.find((chat) => chat.id === world.chat && isForum(chat));
  find("topics").hidden = !forum;
  find("topics").replaceChildren(...(forum?.topics ?? []).map((topic) => topicKey(forum, topic, { unread, go })));
}

function topicKey(forum, topic, { unread, go }) {
  const current = topic.id === world.topic;
  const waiting = current ? 0 : unread(keyOf(forum.id, topic.id), world.person);
  const traits = { type: "button", class: "topic", "data-goal": `topic-${topic.id}`, "aria-current": current ? "true" : undefined, onclick: () => go(world.person, forum.id, topic.id) };
  const words = `${topic.name}${topic.closed ? ", closed" : ""}`;
  return make("button", { ...traits, "aria-label": label(`Topic ${words}`, waiting) }, topic.closed ? icon("lock") : null, make("span", {}, topic.name), badge(waiting));
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
