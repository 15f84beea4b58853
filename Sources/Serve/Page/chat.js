// Chat: questions with pictures, answers as they come.

import { h, sign, announce, copy, confirmed, readable, dataURL, toast } from "./dom.js";
import { t } from "./text.js";
import { stream, progressOf } from "./api.js";
import { markdown } from "./markdown.js";
import * as store from "./store.js";

let list, empty, words, work, notice, text, thumbs, sendButton, stopButton, earlier, earlierList;
let talk = fresh();
let pictures = [];
let control = null;

function fresh() { return { id: store.newID(), time: Date.now(), messages: [] }; }

export function setUp(section) {
  list = h("ol", { class: "talk", tLabel: "chat" });
  empty = h("p", { class: "quiet", t: "noChats" });
  words = h("p", { class: "words", role: "status" });
  stopButton = h("button", { t: "stop", onclick: () => control?.abort() });
  work = h("div", { class: "work", hidden: true }, words, stopButton);
  notice = h("p", { class: "notice", role: "alert", hidden: true });
  thumbs = h("div", { class: "thumbs" });
  text = h("textarea", { rows: 1, tLabel: "say", tPlaceholder: "sayHint", oninput: fit });
  text.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); say(); }
    if (event.key === "Escape") control?.abort();
  });
  sendButton = h("button", { class: "main icon", tLabel: "send", tTitle: "send" }, sign("send"));
  const attach = h("label", { class: "button icon", tTitle: "attach" }, sign("picture"),
    h("input", { type: "file", accept: "image/*", multiple: true, tLabel: "attach", onchange: event => { add([...event.target.files]); event.target.value = ""; } }));
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
  store.all("chats").then(chats => {
    if (chats.length && !talk.messages.length) talk = chats[0];
    show();
  });
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
      toast(error.message);
    }
  }
  showThumbs();
  text.focus();
}

function image(blob) {
  const url = URL.createObjectURL(blob);
  return h("img", { src: url, alt: t("picture"), onload: () => URL.revokeObjectURL(url) });
}

function showThumbs() {
  thumbs.replaceChildren(...pictures.map(blob => h("figure", {}, image(blob),
    h("button", { type: "button", class: "icon", tLabel: "remove", onclick: () => { pictures = pictures.filter(p => p !== blob); showThumbs(); text.focus(); } }, sign("close")))));
}

async function showEarlier() {
  const chats = await store.all("chats");
  const title = chat => chat.messages[0]?.text.slice(0, 48) || t("untitled");
  earlierList.replaceChildren(h("option", { value: "", t: "earlier" }), ...chats.map(c => h("option", { value: c.id }, title(c))));
  earlierList.hidden = chats.length < 1;
}

async function open() {
  const chat = (await store.all("chats")).find(c => c.id === earlierList.value);
  if (!chat) return;
  control?.abort();
  talk = chat;
  show();
}

function begin() {
  control?.abort();
  talk = fresh();
  show();
  text.focus();
}

async function forget() {
  if (!await confirmed("forgetAsk", "forget")) return;
  await store.clear("chats");
  begin();
}

function show() {
  list.replaceChildren(...talk.messages.map(item));
  empty.hidden = Boolean(talk.messages.length);
  notice.hidden = true;
  showEarlier();
}

function item(message, index) {
  const body = h("div", { class: "body" }, ...(message.role === "user" ? [message.text] : markdown(message.text)));
  const act = (key, action) => h("button", { class: "plain", t: key, onclick: action });
  const isLast = index === talk.messages.length - 1;
  return h("li", { class: `said ${message.role}` },
    h("span", { class: "hidden", t: message.role === "user" ? "you" : "assistant" }),
    message.pictures?.length ? h("div", { class: "thumbs" }, ...message.pictures.map(image)) : null,
    body,
    h("div", { class: "actions" },
      message.role === "user" ? act("edit", () => edit(index)) : act("copy", () => copy(message.text, t("assistant"))),
      message.role === "user" && isLast && !control ? act("again", () => answer()) : null,
      message.role === "assistant" && isLast ? act("regenerate", () => answer(talk.messages.pop())) : null));
}

function edit(index) {
  control?.abort();
  const message = talk.messages[index];
  talk.messages.length = index;
  text.value = message.text;
  pictures = message.pictures ?? [];
  show();
  showThumbs();
  fit();
  text.focus();
}

function say() {
  const question = text.value.trim();
  if ((!question && !pictures.length) || control) return;
  talk.messages.push({ role: "user", text: question, pictures });
  text.value = "";
  pictures = [];
  showThumbs();
  fit();
  answer();
}

/** Gets an answer. In place of an `old` one another is drawn, since the most likely one would be the same again. */
async function answer(old = null) {
  if (control) return;
  control = new AbortController();
  show();
  const { signal } = control;
  const own = talk;
  const message = { role: "assistant", text: "" };
  const body = h("div", { class: "body" });
  list.append(h("li", { class: "said assistant" }, body));
  work.hidden = false;
  sendButton.disabled = true;
  words.textContent = t("sending");
  let isDue = false;
  const draw = () => {
    isDue = false;
    const nearEnd = innerHeight + scrollY > document.body.scrollHeight - 160;
    body.replaceChildren(...markdown(message.text));
    if (nearEnd) scrollTo(0, document.body.scrollHeight);
  };
  try {
    const messages = await Promise.all(own.messages.map(async m => ({
      role: m.role,
      content: m.pictures?.length
        ? [...await Promise.all(m.pictures.map(async p => ({ type: "image_url", image_url: { url: await dataURL(p) } }))), { type: "text", text: m.text }]
        : m.text,
    })));
    await stream("/v1/chat/completions", { messages, seed: Math.floor(Math.random() * 2 ** 31), temperature: old ? .7 : 0 }, signal, event => {
      const piece = event.choices?.[0]?.delta?.content;
      if (!piece) return;
      message.text += piece;
      words.textContent = "";
      if (!isDue) { isDue = true; requestAnimationFrame(draw); }
    }, note => {
      const state = progressOf(note);
      if (state?.text) words.textContent = state.text;
      if (state?.kind === "prompt") words.textContent = t("thinking");
    });
    announce(message.text);
  } catch (error) {
    if (error.name !== "AbortError") { notice.textContent = error.message; notice.hidden = false; }
    else announce(t("stopped"));
  }
  control = null;
  work.hidden = true;
  sendButton.disabled = false;
  // What was there stays, where nothing came in its place.
  if (message.text) own.messages.push(message);
  else if (old) own.messages.push(old);
  own.time = Date.now();
  await store.put("chats", own);
  if (own !== talk) return;
  const wasHidden = notice.hidden;
  show();
  notice.hidden = wasHidden;
}
