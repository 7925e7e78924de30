// The page: what the server says is put into logs, what the person does is said to the server. It keeps no truth of its own:
// after a reconnect the server's greeting replaces everything. The frames on the line are described in bot/preview/page.py.

import { Composer } from "./parts/composer.js";
import { find, icon, make } from "./parts/dom.js";
import { spoken } from "./parts/entities.js";
import { press, release } from "./parts/keyboard.js";
import { destination } from "./parts/links.js";
import { Log } from "./parts/log.js";
import { Manager } from "./parts/manage.js";
import { alertBox, askBox, enlarge, toast } from "./parts/overlay.js";
import { drawPlaces } from "./parts/places.js";
import { Scroll } from "./parts/scroll.js";
import { serviceWords } from "./parts/service.js";
import { Line } from "./parts/socket.js";
import { drawBanner, drawComposer, drawEmpty, drawKept, drawNotice, drawTop, watchTheme } from "./parts/surroundings.js";
import { GENERAL, author, chatOf, here, isForum, isShared, keyOf, numberOf, placeOf, placesOf, powers, world } from "./parts/world.js";

const logs = new Map(); // place → Log
const pressed = new Map(); // id of a tap → its button
let taps = 0;
let tapped = null; // the message that was tapped last

find("pill").append(icon("down"), make("span"));
const scroll = new Scroll(find("scroll"), find("pill"));
const line = new Line({ heard, lost });
const manager = new Manager((what, value) => say({ type: "manage", what, value }));
const composer = new Composer({ send: (text) => say({ type: "send", text }), sticker: () => say({ type: "sticker" }) });

// ---- what the person does

/** False when the line is down; the person is told, and the words stay where they are. */
function say(event) {
  const topic = world.topic && world.topic !== GENERAL ? { thread: world.topic } : {};
  const taken = line.say({ person: world.person, chat_id: world.chat, ...topic, ...event });
  if (!taken) toast("Not connected: nothing was sent. Try again in a moment.");
  if (taken) scroll.expect();
  return taken;
}

/** What the parts of one message may do for the person who looks at it. */
function hands(message) {
  return {
    username: world.bot.username,
    command: (text) => say({ type: "send", text }),
    start,
    tap: (data, button) => tap(message, data, button),
    mayRemove: (person) => mayRemove(message, person),
    remove: () => askBox("Delete this message for everybody?", "Delete", () => remove(message)),
    enlarge,
    toast,
  };
}

function tap(message, data, button) {
  const id = `tap-${++taps}`;
  const which = { message_id: numberOf(message), ...(message.message_id ? {} : { ephemeral: true }) };
  if (!say({ type: "tap", id, chat_id: message.chat.id, ...which, data })) return;
  pressed.set(id, button);
  tapped = numberOf(message);
  press(button);
}

/** In shared places one's own, and with the right to delete everybody's; whether it is so the server knows. */
function mayRemove(message, person) {
  const chat = chatOf(message.chat.id);
  if (!isShared(chat) || message.receiver_user || chat.upgraded_to) return false;
  return Boolean(powers(chat, person).deletes) || (!message.sender_chat && message.from?.id === person);
}

function remove(message) {
  line.say({ type: "delete", person: world.person, chat_id: message.chat.id, message_id: message.message_id });
}

/** A link to the bot itself: into the private chat, and its payload is sent. */
function start(payload) {
  go(world.person, world.person);
  if (payload) say({ type: "send", text: `/start ${payload}` });
}

function openAddress(address) {
  const goal = destination(address, world.bot.username);
  if (goal?.start !== undefined) start(goal.start);
  else if (goal) alertBox("Open this link in a new tab?", goal.href);
}

// ---- where the person is

function go(person, goal, topic) {
  const chat = world.chats.find(({ id, members }) => id === goal && members.includes(person));
  world.person = person;
  world.chat = chat?.id ?? person;
  world.topic = isForum(chat) ? (chat.topics.find(({ id }) => id === topic)?.id ?? GENERAL) : null;
  const path = [person, ...(world.chat === person ? [] : [world.chat]), ...(world.topic > GENERAL ? [world.topic] : [])];
  history.replaceState(null, "", `#${path.join("/")}`);
  const log = logOf(here());
  log.seenBy(person);
  find("aloud").replaceChildren();
  drawEmpty(log, say);
  drawComposer(go);
  scroll.show(log);
  drawFrame();
  askMenu();
}

/** The place in the address, so that a reload or a second window stays where it is. */
function goByAddress() {
  const [person, chat, topic] = location.hash.slice(1).split("/").map(Number);
  const who = world.people.some(({ id }) => id === person) ? person : world.people[0].id;
  go(who, chat || who, topic);
}

function logOf(place) {
  if (!logs.has(place)) logs.set(place, new Log(hands));
  return logs.get(place);
}

function drawFrame(action) {
  logOf(here()).read(world.person);
  drawTop(action);
  manager.draw();
  drawPlaces({ unread: (place, person) => logs.get(place)?.unread(person) ?? 0, go });
}

/** Which commands there are depends on who looks and where. */
function askMenu() {
  line.say({ type: "menu", person: world.person, chat_id: world.chat });
}

// ---- what the server says

function lost(wait) {
  world.connected = false;
  pressed.forEach(release);
  pressed.clear();
  drawBanner(line, wait);
  drawFrame();
}

const hearing = { hello, message: messageCame, deleted, action, answer, chat: chatChanged, commands: askMenu, menu, notice, online, refused };

function heard(event) {
  hearing[event.type]?.(event);
}

function hello(event) {
  const first = world.person === null;
  Object.assign(world, { connected: true, bot: event.bot, online: event.online, people: event.people, chats: event.chats });
  const byPlace = Map.groupBy([...event.messages, ...event.ephemeral].sort((a, b) => numberOf(a) - numberOf(b)), placeOf);
  const refill = () => event.chats.flatMap(placesOf).forEach((place) => logOf(place).reset(byPlace.get(place) ?? []));
  drawKept(event.notice);
  drawBanner(line);
  if (first) {
    refill();
    goByAddress();
    if (matchMedia("(pointer: fine)").matches) find("words").focus(); // on a phone it would open the keyboard
  } else {
    scroll.keep(() => void refill());
    drawEmpty(logOf(here()), say);
    drawComposer(go);
    drawFrame();
    askMenu();
  }
}

function messageCame({ message }) {
  const place = placeOf(message);
  const log = logOf(place);
  const fresh = !log.has(numberOf(message));
  const fromBot = message.from?.id === world.bot.id || message.chat.type === "channel";
  const put = () => {
    if (fresh && fromBot) log.still();
    const item = log.put(message);
    const worthSeeing = !item.node.hidden && (fresh || (tapped === numberOf(message) && item.turned));
    return worthSeeing ? item.node : null;
  };
  if (fresh) count(log, message, fromBot);
  if (place !== here()) {
    put();
    drawFrame();
    return;
  }
  log.node.querySelector(".empty")?.remove();
  const forOthers = message.receiver_user && message.receiver_user.id !== world.person;
  if (fresh && !forOthers) scroll.arrive(put, message.from?.id === world.person);
  else scroll.keep(put);
  if (fromBot && !forOthers && !serviceWords(message)) aloud(message);
  if (fresh) drawFrame();
}

/** Whom it waits for: everybody it reaches but its author; what happens to a chat, and one's own words in private, wait for nobody. */
function count(log, message, fromBot) {
  const chat = chatOf(message.chat.id);
  if (!chat || serviceWords(message) || (!isShared(chat) && !fromBot)) return;
  const reached = message.receiver_user ? [message.receiver_user.id] : chat.members;
  reached.filter((id) => id !== message.from?.id).forEach((id) => log.missed(id));
}

/** For ears: new and changed messages of the bot in the place in view. */
function aloud(message) {
  const words = spoken(message.text ?? message.caption ?? "a picture or file", message.text === undefined ? message.caption_entities : message.entities);
  const box = find("aloud");
  box.append(make("p", {}, `${author(message).first_name}: ${words}`));
  while (box.children.length > 5) box.firstChild.remove();
}

function deleted({ chat_id: chat, message_id: id, ephemeral_message_id: alone }) {
  const number = id ?? alone;
  const held = document.activeElement?.closest?.(`[data-id="${number}"]`);
  for (const place of placesOf(chatOf(chat) ?? { id: chat })) {
    const drop = () => void logOf(place).drop(number);
    if (place === here()) scroll.keep(drop);
    else drop();
  }
  if (held) find(find("composer").hidden ? "scroll" : "words").focus();
}

function action({ chat_id: chat, thread, action: kind }) {
  const place = isForum(chatOf(chat)) ? keyOf(chat, thread ?? GENERAL) : keyOf(chat);
  if (place !== here()) return;
  const log = logOf(place);
  const over = () => {
    scroll.keep(() => void log.still());
    drawFrame();
  };
  scroll.keep(() => void log.typing(over));
  drawFrame(kind);
}

function answer({ id, person, text, show_alert: loud, url }) {
  release(pressed.get(id));
  if (!pressed.delete(id) || person !== world.person) return;
  if (url) openAddress(url);
  else if (text && loud) alertBox(text);
  else if (text) toast(text);
}

/** A chat is new, or somebody may do other things in it, or its topics changed; who stood where nothing is any more moves. */
function chatChanged({ chat }) {
  world.chats = world.chats.some(({ id }) => id === chat.id) ? world.chats.map((old) => (old.id === chat.id ? chat : old)) : [...world.chats, chat];
  const gone = !chat.members.includes(world.person) || (isForum(chat) && !chat.topics.some(({ id }) => id === world.topic));
  if (chat.id !== world.chat) drawFrame();
  else if (gone) go(world.person, chat.id);
  else {
    logOf(here()).seenBy(world.person);
    drawComposer(go);
    drawFrame();
    askMenu();
  }
}

function menu({ person, chat_id: chat, commands }) {
  if (person === world.person && chat === world.chat) composer.commands(commands);
}

function notice({ text, level }) {
  drawNotice({ text, level });
}

function online(event) {
  world.online = event.online;
  drawBanner(line);
  drawFrame();
}

function refused({ id, text }) {
  release(pressed.get(id));
  pressed.delete(id);
  toast(text);
}

// ---- the start

window.addEventListener("hashchange", () => world.people.length && goByAddress());
watchTheme();
line.open();
