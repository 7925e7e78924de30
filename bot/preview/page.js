// The page: what the server says is put into logs, what the person does is said to the server. It keeps no truth of its own:
// after a reconnect the server's greeting replaces everything. The frames on the line are described in bot/preview/page.py.

import { Composer } from "./parts/composer.js";
import { find, icon, make } from "./parts/dom.js";
import { spoken } from "./parts/entities.js";
import { press, release } from "./parts/keyboard.js";
import { destination } from "./parts/links.js";
import { Log } from "./parts/log.js";
import { remember, remembered } from "./parts/memory.js";
import { alertBox, enlarge, strip, toast } from "./parts/overlay.js";
import { company, drawPlaces } from "./parts/places.js";
import { Scroll } from "./parts/scroll.js";
import { Line } from "./parts/socket.js";

const ACTIONS = { typing: "typing …", upload_photo: "sending a picture …", upload_document: "sending a file …" };

const world = { bot: { first_name: "Nabla" }, online: true, people: [], chats: [], person: null, chat: null };
const logs = new Map(); // chat id → Log
const pressed = new Map(); // id of a tap → its button
const night = matchMedia("(prefers-color-scheme: dark)");
let connected = false;
let taps = 0;
let tapped = null; // the message that was tapped last

find("pill").append(icon("down"), make("span"));
const scroll = new Scroll(find("scroll"), find("pill"));
const line = new Line({ heard, lost });
const composer = new Composer({ send: (text) => say({ type: "send", text }), sticker: () => say({ type: "sticker" }) });

// ---- what the person does

/** False when the line is down; the person is told, and the words stay where they are. */
function say(event) {
  const taken = line.say({ person: world.person, chat_id: world.chat, ...event });
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
    enlarge,
    toast,
  };
}

function tap(message, data, button) {
  const id = `tap-${++taps}`;
  if (!say({ type: "tap", id, chat_id: message.chat.id, message_id: message.message_id, data })) return;
  pressed.set(id, button);
  tapped = message.message_id;
  press(button);
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

function go(person, chat) {
  world.person = person;
  world.chat = world.chats.some(({ id, members }) => id === chat && members.includes(person)) ? chat : person;
  history.replaceState(null, "", `#${person}${world.chat === person ? "" : `/${world.chat}`}`);
  const log = logOf(world.chat);
  log.unread = 0;
  log.seenBy(person);
  find("aloud").replaceChildren();
  drawEmpty();
  scroll.show(log);
  drawFrame();
}

/** The place in the address, so that a reload or a second window stays where it is. */
function goByAddress() {
  const [person, chat] = location.hash.slice(1).split("/").map(Number);
  const who = world.people.some(({ id }) => id === person) ? person : world.people[0].id;
  go(who, chat || who);
}

function logOf(chat) {
  if (!logs.has(chat)) logs.set(chat, new Log(chat, hands));
  return logs.get(chat);
}

// ---- how it looks around the messages

function drawFrame(action) {
  const place = world.chats.find(({ id }) => id === world.chat);
  const shared = place && place.type !== "private";
  find("title").textContent = shared ? place.title : world.bot.first_name;
  find("face").replaceChildren(icon(shared ? "group" : "nabla"));
  find("status").textContent = ACTIONS[action] ?? standing(shared && place);
  find("scroll").classList.toggle("shared", Boolean(shared));
  find("status").classList.toggle("live", connected && world.online);
  document.title = shared ? `${place.title} · ${world.bot.first_name}` : world.bot.first_name;
  const unread = (chat) => logs.get(chat)?.unread ?? 0;
  drawPlaces({ ...world, unread, go });
}

function standing(shared) {
  if (!connected) return "connecting …";
  if (!world.online) return "offline";
  return shared ? company(shared, world.people, world.bot) : "online";
}

function drawBanner(wait) {
  if (!connected) {
    const retry = make("button", { type: "button", class: "plain", onclick: () => line.now() }, "Try now");
    strip("banner", wait === undefined ? null : { text: `The connection was lost. Next try in ${Math.max(1, Math.round(wait / 1000))} s.` }, retry);
  } else strip("banner", world.online ? null : { text: "The bot is not running. What you send waits for it." });
}

function drawNotice(notice) {
  if (!notice) return;
  const close = make("button", { type: "button", class: "round small", "aria-label": "Dismiss" }, icon("close"));
  close.addEventListener("click", () => {
    remember("sessionStorage", "dismissed", notice.text);
    strip("notice", null);
    find("words").focus();
  });
  strip("notice", { text: notice.text, error: notice.level === "error" }, close);
}

/** A chat that nobody has written in yet says what to do. */
function drawEmpty() {
  const log = logOf(world.chat);
  log.node.querySelector(".empty")?.remove();
  if (log.size) return;
  const place = world.chats.find(({ id }) => id === world.chat);
  const shared = place && place.type !== "private";
  const words = shared
    ? `${world.people.filter(({ id }) => place.members.includes(id)).map((user) => user.first_name).join(", ")} and ${world.bot.first_name} are here. In a group the bot hears commands only.`
    : "Short lessons, real questions, and training you can run from the chat.";
  const button = make("button", { type: "button", class: "begin", onclick: () => say({ type: "send", text: shared ? "/help" : "/start" }) }, shared ? "Send /help" : "Start");
  const mark = make("span", { class: "face big", "aria-hidden": "true" }, icon(shared ? "group" : "nabla"));
  const me = world.people.find(({ id }) => id === world.person)?.first_name;
  const fine = make("p", { class: "fine" }, `You are ${me} now. Nothing you write here leaves this machine.`);
  log.node.append(make("li", { class: "empty" }, mark, make("h2", {}, shared ? place.title : world.bot.first_name), make("p", {}, words), button, fine));
}

function drawTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : night.matches;
  find("theme").replaceChildren(icon(dark ? "sun" : "moon"));
  find("theme").setAttribute("aria-label", dark ? "Light colours" : "Dark colours");
  return dark;
}

// ---- what the server says

function lost(wait) {
  connected = false;
  pressed.forEach(release);
  pressed.clear();
  drawBanner(wait);
  drawFrame();
}

const hearing = { hello, message: messageCame, deleted, action, answer, commands, notice, online, refused };

function heard(event) {
  hearing[event.type]?.(event);
}

function hello(event) {
  const first = world.person === null;
  connected = true;
  Object.assign(world, { bot: event.bot, online: event.online, people: event.people, chats: event.chats });
  const byChat = Map.groupBy(event.messages, (message) => message.chat.id);
  const refill = () => event.chats.forEach(({ id }) => logOf(id).reset(byChat.get(id) ?? []));
  composer.commands(event.commands);
  drawNotice(event.notice && remembered("sessionStorage", "dismissed") !== event.notice.text ? event.notice : null);
  drawBanner();
  if (first) {
    refill();
    goByAddress();
    if (matchMedia("(pointer: fine)").matches) find("words").focus(); // on a phone it would open the keyboard
  } else {
    scroll.keep(() => void refill());
    drawEmpty();
    drawFrame();
  }
}

function messageCame({ message }) {
  const log = logOf(message.chat.id);
  const fresh = !log.has(message.message_id);
  const fromBot = message.from?.is_bot;
  const put = () => {
    if (fresh && fromBot) log.still();
    const item = log.put(message);
    const worthSeeing = fresh || (tapped === message.message_id && item.turned);
    return worthSeeing ? item.node : null;
  };
  if (message.chat.id !== world.chat) {
    put();
    if (fresh && fromBot) log.unread += 1;
    drawFrame();
    return;
  }
  log.node.querySelector(".empty")?.remove();
  if (fresh) scroll.arrive(put, message.from?.id === world.person);
  else scroll.keep(put);
  if (fromBot) aloud(message);
  if (fresh) drawFrame();
}

/** For ears: new and changed messages of the bot in the chat in view. */
function aloud(message) {
  const words = spoken(message.text ?? message.caption ?? "a picture or file", message.text === undefined ? message.caption_entities : message.entities);
  const box = find("aloud");
  box.append(make("p", {}, `${message.from.first_name}: ${words}`));
  while (box.children.length > 5) box.firstChild.remove();
}

function deleted({ chat_id: chat, message_id: id }) {
  const held = document.activeElement?.closest?.(`[data-id="${id}"]`);
  const drop = () => void logOf(chat).drop(id);
  if (chat === world.chat) scroll.keep(drop);
  else drop();
  if (held) find("words").focus();
}

function action({ chat_id: chat, action: kind }) {
  const log = logOf(chat);
  if (chat !== world.chat) return;
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

function commands(event) {
  composer.commands(event.commands);
}

function notice({ text, level }) {
  drawNotice({ text, level });
}

function online(event) {
  world.online = event.online;
  drawBanner();
  drawFrame();
}

function refused({ id, text }) {
  release(pressed.get(id));
  pressed.delete(id);
  toast(text);
}

// ---- the start

find("theme").addEventListener("click", () => {
  const next = drawTheme() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  remember("localStorage", "theme", next);
  drawTheme();
});
night.addEventListener("change", drawTheme);
window.addEventListener("hashchange", () => world.people.length && goByAddress());
drawTheme();
line.open();
