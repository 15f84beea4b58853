// Chat: questions with pictures, answers as they come.

import { h, sign, announce, copy, note, toast, hideToast } from "./dom.js";
import { t, put, Told, wordsOf, harmless } from "./text.js";
import { confirmed } from "./dialog.js";
import { readable, accepted, thumb, dataURL } from "./picture.js";
import { stream, progressOf } from "./api.js";
import { markdown } from "./markdown.js";
import * as conversation from "./conversation.js";
import * as store from "./store.js";

let list, empty, words, work, notice, text, thumbs, sendButton, stopButton, earlier, earlierList;
let talk = conversation.fresh();
let pictures = [];
/** Whether a question was taken back to be changed. */
let isEditing = false;
/** The answer that is being written: `{control, talk, text, old}`. */
let run = null;

export function setUp(section) {
  list = h("ol", { class: "talk", tLabel: "chat" });
  empty = h("p", { class: "quiet", t: "noChats" });
  words = h("p", { class: "words" });
  stopButton = h("button", { type: "button", t: "stop", onclick: stop });
  work = h("div", { class: "work", hidden: true }, words, stopButton);
  notice = h("p", { class: "notice", role: "alert", hidden: true });
  thumbs = h("div", { class: "thumbs" });
  text = h("textarea", { rows: 1, tLabel: "say", tPlaceholder: "sayHint", oninput: fit });
  text.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say(); }
    if (event.key === "Escape") stop();
  });
  sendButton = h("button", { class: "main icon", tLabel: "send", tTitle: "send" }, sign("send"));
  const attach = h("label", { class: "button icon", tTitle: "attach" }, sign("picture"),
    h("input", { type: "file", accept: accepted, multiple: true, tLabel: "attach", onchange: event => { add([...event.target.files]); event.target.value = ""; } }));
  earlierList = h("select", { tLabel: "earlier", onchange: open });
  earlier = h("div", { class: "row end" },
    h("h1", { class: "grow", id: "chat-title", t: "chat" }), earlierList,
    h("button", { t: "newChat", onclick: begin }), h("button", { class: "plain", t: "forget", onclick: forget }));
  section.append(earlier, empty, list, notice,
    h("form", { class: "compose", onsubmit: event => { event.preventDefault(); say(); } },
      work, thumbs, h("div", { class: "line" }, attach, text, sendButton)));
  section.addEventListener("paste", event => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) { event.preventDefault(); event.stopPropagation(); add(files); }
  });
  conversation.all().then(chats => {
    if (chats.length && !talk.messages.length) talk = chats[0];
    show();
  });
  store.watch("chats", follow);
}

/** Goes along with what another tab did. */
async function follow(what, id) {
  if (what === "clear") return clear();
  const isIdle = () => id === talk.id && !run && !isEditing;
  if (isIdle()) {
    const chat = (await conversation.all()).find(c => c.id === id);
    if (chat && isIdle()) { talk = chat; return show(); }
  }
  showEarlier();
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${Math.max(44, text.scrollHeight + 2)}px`;
}

/** Pictures for the next question. */
export async function add(files) {
  for (const file of files) {
    try {
      pictures.push(await readable(file));
    } catch (error) {
      toast(wordsOf(error));
    }
  }
  showThumbs();
  text.focus();
}

function showThumbs() {
  thumbs.replaceChildren(...pictures.map(blob => h("figure", {}, thumb(blob),
    h("button", { type: "button", class: "icon", tLabel: "remove", onclick: () => { pictures = pictures.filter(p => p !== blob); showThumbs(); text.focus(); } }, sign("close")))));
}

async function showEarlier() {
  const chats = await conversation.all();
  earlierList.replaceChildren(h("option", { value: "", t: "earlier" }), ...chats.map(c => {
    const title = harmless(c.messages[0].text.slice(0, 48));
    return h("option", { value: c.id, t: title ? ["given", title] : "untitled" });
  }));
  earlierList.hidden = !chats.length;
}

async function open() {
  const id = earlierList.value;
  // What is being written is stored first: it may be of the same conversation.
  await settle();
  const chat = (await conversation.all()).find(c => c.id === id);
  if (!chat) return;
  isEditing = false;
  talk = chat;
  show();
}

function begin() {
  settle();
  isEditing = false;
  clear();
  text.focus();
}

async function forget() {
  if (!await confirmed("forgetAsk", "forget")) return;
  // First nothing of before is stored any more, then what is begun is new.
  const isDone = store.clear("chats");
  clear();
  await isDone;
  text.focus();
}

/** Ends what runs without keeping it, and begins a conversation. A question that was taken back goes, too. */
function clear() {
  drop();
  if (isEditing) {
    text.value = "";
    pictures = [];
    showThumbs();
    fit();
  }
  isEditing = false;
  talk = conversation.fresh();
  hideToast();
  show();
}

function show() {
  list.replaceChildren(...talk.messages.map(item));
  empty.hidden = Boolean(talk.messages.length);
  note(notice, null);
  showEarlier();
}

function item(message, index) {
  const body = h("div", { class: "body" }, ...(message.role === "user" ? [harmless(message.text)] : markdown(message.text)));
  const act = (key, action) => h("button", { class: "plain", t: key, onclick: action });
  const isLast = index === talk.messages.length - 1;
  return h("li", { class: `said ${message.role}` },
    h("span", { class: "hidden", t: message.role === "user" ? "you" : "assistant" }),
    message.pictures?.length ? h("div", { class: "thumbs" }, ...message.pictures.map(thumb)) : null,
    body,
    h("div", { class: "actions" },
      message.role === "user" ? act("edit", () => edit(index)) : act("copy", () => copy(message.text, ["assistant"])),
      message.role === "user" && isLast && !run ? act("again", () => answer()) : null,
      message.role === "assistant" && isLast ? act("regenerate", () => answer(talk.messages.pop())) : null));
}

/** Takes a question back to be changed. What followed it stays stored until the changed one is sent. */
function edit(index) {
  settle();
  isEditing = true;
  const message = talk.messages[index];
  talk.messages.length = index;
  text.value = message.text;
  pictures = [...message.pictures ?? []];
  show();
  showThumbs();
  fit();
  text.focus();
}

function say() {
  const question = text.value.trim();
  if ((!question && !pictures.length) || run) return;
  isEditing = false;
  conversation.add(talk, { role: "user", text: question, pictures });
  text.value = "";
  pictures = [];
  showThumbs();
  fit();
  keep(talk);
  answer();
}

/** Stores a conversation, and says so if another tab went on with it, too. */
async function keep(own) {
  if (await conversation.keep(own)) toast("apart");
  showEarlier();
}

function stop() {
  if (!run) return;
  settle();
  announce(t("stopped"));
}

/** Ends the answer that is being written; what there is of it is kept. What comes for it later is dropped. */
function settle() {
  const ended = run;
  if (!ended) return null;
  drop();
  // What was there stays, where nothing came in its place.
  if (ended.text) conversation.add(ended.talk, { role: "assistant", text: ended.text });
  else if (ended.old) conversation.add(ended.talk, ended.old);
  const isKept = keep(ended.talk);
  if (ended.talk === talk) show();
  return isKept;
}

function drop() {
  run?.control.abort();
  run = null;
  work.hidden = true;
  sendButton.disabled = false;
}

/** Gets an answer. In place of an `old` one another is drawn, since the most likely one would be the same again. */
async function answer(old = null) {
  if (run) return;
  const own = run = { control: new AbortController(), talk, text: "", old };
  show();
  const body = h("div", { class: "body" });
  list.append(h("li", { class: "said assistant" }, h("span", { class: "hidden", t: "assistant" }), body));
  work.hidden = false;
  sendButton.disabled = true;
  put(words, "t", "sending");
  announce(t("answering"));
  let isDue = false, isWhole = false, failure = null;
  const draw = () => {
    isDue = false;
    const nearEnd = innerHeight + scrollY > document.body.scrollHeight - 160;
    body.replaceChildren(...markdown(own.text));
    if (nearEnd) scrollTo(0, document.body.scrollHeight);
  };
  try {
    const messages = await Promise.all([...talk.messages].map(async m => ({
      role: m.role,
      content: m.pictures?.length
        ? [...await Promise.all(m.pictures.map(async p => ({ type: "image_url", image_url: { url: await dataURL(p) } }))), { type: "text", text: m.text }]
        : m.text,
    })));
    own.control.signal.throwIfAborted();
    const request = { messages, seed: Math.floor(Math.random() * 2 ** 31), temperature: old ? .7 : 0 };
    await stream("/v1/chat/completions", request, own.control.signal, event => {
      if (run !== own) return;
      const choice = event.choices?.[0];
      if (choice?.finish_reason) isWhole = true;
      const piece = choice?.delta?.content;
      if (!piece) return;
      own.text += piece;
      put(words, "t", "answering");
      if (!isDue) { isDue = true; requestAnimationFrame(draw); }
    }, comment => {
      const state = progressOf(comment);
      if (state?.words) put(words, "t", state.words);
      if (state?.kind === "prompt") put(words, "t", "thinking");
    });
    if (!isWhole) throw new Told("eBroken");
    if (!own.text) throw new Told("noAnswer");
  } catch (error) {
    failure = wordsOf(error);
  }
  // Stopped, or left for another conversation.
  if (run !== own) return;
  settle();
  note(notice, failure);
  if (!failure) announce(own.text);
}
