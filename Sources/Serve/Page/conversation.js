// A conversation: questions of the user and answers, a question first, as the server takes them.

import * as store from "./store.js";

export function fresh() { return store.begin("chats", { messages: [] }); }

/** Makes a stored conversation whole: what is damaged or answers no question goes. */
export function mended(chat) {
  const messages = (Array.isArray(chat.messages) ? chat.messages : [])
    .filter(m => ["user", "assistant"].includes(m?.role) && typeof m.text === "string");
  for (const m of messages) if (m.pictures) m.pictures = [m.pictures].flat().filter(p => p instanceof Blob);
  while (messages[0]?.role === "assistant") messages.shift();
  chat.messages = [];
  for (const message of messages) add(chat, message);
  return chat;
}

/** Adds a message. An answer after an answer goes on with it; one without a question is none. */
export function add(chat, message) {
  const last = chat.messages.at(-1);
  if (message.role === "user") chat.messages.push(message);
  else if (last?.role === "user") chat.messages.push(message);
  else if (last) last.text += `\n\n${message.text}`;
}

/** Stored as it is now; true if it became one of its own, beside what another tab made of it. */
export function keep(chat) {
  chat.time = Date.now();
  return store.putApart("chats", chat);
}

export async function all() { return (await store.all("chats")).map(mended).filter(chat => chat.messages.length); }
