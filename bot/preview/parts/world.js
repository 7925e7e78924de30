// What the page knows: who is here, which chats there are, who looks at what. A place is a chat, or one topic of a forum.

export const GENERAL = 1; // the General topic's number; its messages carry none

export const world = { bot: { first_name: "Nabla" }, online: true, connected: false, people: [], chats: [], person: null, chat: null, topic: null };

export const chatOf = (id) => world.chats.find((chat) => chat.id === id);
export const isShared = (chat) => Boolean(chat) && chat.type !== "private";
export const isForum = (chat) => Boolean(chat?.topics?.length);

/** What somebody may do in a chat: {writes, deletes, leads, hidden}. */
export const powers = (chat, person) => chat?.powers?.[person] ?? {};

export const keyOf = (chat, topic) => (topic ? `${chat}:${topic}` : String(chat));
export const here = () => keyOf(world.chat, world.topic);

/** The place that a message belongs to. */
export function placeOf(message) {
  if (!isForum(chatOf(message.chat.id)) && !message.chat.is_forum) return keyOf(message.chat.id);
  return keyOf(message.chat.id, message.is_topic_message ? message.message_thread_id : GENERAL);
}

/** All places of a chat. */
export const placesOf = (chat) => (isForum(chat) ? chat.topics.map(({ id }) => keyOf(chat.id, id)) : [keyOf(chat.id)]);

/** A message's number in the page: an ephemeral one has its own, from the same count. */
export const numberOf = (message) => message.message_id || message.ephemeral_message_id;

/** Who speaks: a person or the bot, or a channel or group in its own name (a hidden administrator, an automatic forward). */
export function author({ from, sender_chat: place, chat }) {
  if (place) return { id: place.id, first_name: place.title ?? "?", type: place.type };
  return from ?? { id: 0, first_name: chat.title ?? "?" };
}

/** Why the person cannot write here; null if they can. */
export function whyNot() {
  const chat = chatOf(world.chat);
  if (!chat || !isShared(chat)) return null;
  const mine = powers(chat, world.person);
  if (chat.upgraded_to) return "This group has become a supergroup. What is new is said there.";
  if (!mine.writes) return chat.type === "channel" ? "Only administrators post in this channel. You read, and press its buttons." : "You may not write in this group.";
  const topic = chat.topics.find(({ id }) => id === world.topic);
  return topic?.closed && !mine.leads ? "This topic is closed." : null;
}
