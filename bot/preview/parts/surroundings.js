// How it looks around the messages: the top, the strips, a chat without words yet, who may write, day and night.

import { find, icon, make } from "./dom.js";
import { remember, remembered } from "./memory.js";
import { strip } from "./overlay.js";
import { company, pictureOf } from "./places.js";
import { chatOf, isForum, isShared, world, whyNot } from "./world.js";

const ACTIONS = { typing: "typing …", upload_photo: "sending a picture …", upload_document: "sending a file …" };
const night = matchMedia("(prefers-color-scheme: dark)");

/** Title, face and status of the place in view; `action` is what the bot is doing there. */
export function drawTop(action) {
  const chat = chatOf(world.chat);
  const shared = isShared(chat);
  find("title").textContent = shared ? chat.title : world.bot.first_name;
  find("face").replaceChildren(icon(shared ? pictureOf(chat) : "nabla"));
  find("status").textContent = ACTIONS[action] ?? status(shared && chat);
  find("status").classList.toggle("live", world.connected && world.online);
  find("scroll").classList.toggle("shared", shared && chat.type !== "channel");
  find("scroll").classList.toggle("channel", shared && chat.type === "channel");
  document.title = shared ? `${chat.title} · ${world.bot.first_name}` : world.bot.first_name;
}

function status(shared) {
  if (!world.connected) return "connecting …";
  if (!world.online) return "offline";
  if (!shared) return "online";
  const topic = isForum(shared) && shared.topics.find(({ id }) => id === world.topic);
  return topic ? `${topic.name} · ${company(shared)}` : company(shared);
}

/** The box to write in, or why there is none; a group that has moved shows the way. */
export function drawComposer(go) {
  const why = whyNot();
  find("composer").hidden = why !== null;
  find("closed").hidden = why === null;
  document.querySelector(".skip").hidden = why !== null; // there is no box to skip to
  if (why === null) return;
  const moved = chatOf(chatOf(world.chat)?.upgraded_to);
  const way = moved ? make("button", { type: "button", class: "plain", onclick: () => go(world.person, moved.id) }, "Go there") : null;
  find("closed").replaceChildren(make("p", {}, why), way ?? "");
}

export function drawBanner(line, wait) {
  if (!world.connected) {
    const retry = make("button", { type: "button", class: "plain", onclick: () => line.now() }, "Try now");
    strip("banner", wait === undefined ? null : { text: `The connection was lost. Next try in ${Math.max(1, Math.round(wait / 1000))} s.` }, retry);
  } else strip("banner", world.online ? null : { text: "The bot is not running. What you send waits for it." });
}

export function drawNotice(notice) {
  if (!notice) return;
  const close = make("button", { type: "button", class: "round small", "aria-label": "Dismiss" }, icon("close"));
  close.addEventListener("click", () => {
    remember("sessionStorage", "dismissed", notice.text);
    strip("notice", null);
    find("words").focus();
  });
  strip("notice", { text: notice.text, error: notice.level === "error" }, close);
}

/** What was kept for pages that open later, unless this browser was told to put it away. */
export function drawKept(notice) {
  drawNotice(notice && remembered("sessionStorage", "dismissed") !== notice.text ? notice : null);
}

/** A place where nothing was said yet says what to do. */
export function drawEmpty(log, say) {
  log.node.querySelector(".empty")?.remove();
  if (log.size) return;
  const chat = chatOf(world.chat);
  const shared = isShared(chat);
  const writes = whyNot() === null;
  const button = writes && chat?.type !== "channel" ? make("button", { type: "button", class: "begin", onclick: () => say({ type: "send", text: shared ? "/help" : "/start" }) }, shared ? "Send /help" : "Start") : null;
  const mark = make("span", { class: "face big", "aria-hidden": "true" }, icon(shared ? pictureOf(chat) : "nabla"));
  const me = world.people.find(({ id }) => id === world.person)?.first_name;
  const fine = make("p", { class: "fine" }, `You are ${me} now. Nothing you write here leaves this machine.`);
  log.node.append(make("li", { class: "empty" }, mark, make("h2", {}, shared ? chat.title : world.bot.first_name), make("p", {}, invitation(chat, writes)), button, fine));
}

function invitation(chat, writes) {
  if (!isShared(chat)) return "Short lessons, real questions, and training you can run from the chat.";
  if (chat.type === "channel") {
    const group = chatOf(chat.linked_chat_id)?.title;
    const copies = group ? ` Each post comes into “${group}” as well, to be talked about.` : "";
    return `${writes ? "You are an administrator: what you write is a post of the channel, without your name." : "The channel's posts come here."}${copies}`;
  }
  const names = world.people.filter(({ id }) => chat.members.includes(id)).map((user) => user.first_name);
  return `${names.join(", ")} and ${world.bot.first_name} are here. In a group the bot hears commands only.`;
}

/** Watches the switch of colours; the choice outlives the page. */
export function watchTheme() {
  find("theme").addEventListener("click", () => {
    const next = drawTheme() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    remember("localStorage", "theme", next);
    drawTheme();
  });
  night.addEventListener("change", drawTheme);
  drawTheme();
}

function drawTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : night.matches;
  find("theme").replaceChildren(icon(dark ? "sun" : "moon"));
  find("theme").setAttribute("aria-label", dark ? "Light colours" : "Dark colours");
  return dark;
}
