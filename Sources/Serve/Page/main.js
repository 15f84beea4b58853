// The page as a whole: places, palette, language, the server's state, paste and drop.

import { announce, toast } from "./dom.js";
import { t, put, setLanguage, preferred } from "./text.js";
import { askForKey } from "./dialog.js";
import * as api from "./api.js";
import { isPicture } from "./picture.js";
import * as read from "./read.js";
import * as paint from "./paint.js";
import * as chat from "./chat.js";

const places = { read, paint, chat };
const element = id => document.getElementById(id);

// Language and palette.
setLanguage(preferred());
element("language").value = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
element("language").addEventListener("change", event => {
  localStorage.setItem("janus-language", event.target.value);
  setLanguage(event.target.value);
  document.title = t("title", t(current));
});
function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  element("theme").value = theme ?? "auto";
}
setTheme(localStorage.getItem("janus-theme") ?? "auto");
element("theme").addEventListener("change", event => {
  localStorage.setItem("janus-theme", event.target.value);
  setTheme(event.target.value);
});

// Places.
for (const [name, place] of Object.entries(places)) place.setUp(element(name));
let current;
function go() {
  const name = location.hash.slice(1) in places ? location.hash.slice(1) : "read";
  if (name === current) return;
  const isFirst = current === undefined;
  current = name;
  for (const other of Object.keys(places)) element(other).hidden = other !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = t("title", t(name));
  scrollTo(0, 0);
  if (!isFirst) element("main").focus();
  for (const area of document.querySelectorAll(`#${name} textarea`)) area.dispatchEvent(new Event("fit"));
}
addEventListener("hashchange", go);
go();

// The gesture is paste: anywhere, a picture is read; in Chat it goes into the question. What is no picture is refused
// in words by either.
function take(files) {
  if (!files.length) return false;
  if (current === "chat") chat.add(files);
  else {
    if (files.some(isPicture)) location.hash = "#read";
    read.add(files);
  }
  return true;
}
document.addEventListener("paste", event => {
  if (take([...(event.clipboardData?.files ?? [])])) event.preventDefault();
});
document.addEventListener("drop", event => { take([...(event.dataTransfer?.files ?? [])]); });

document.addEventListener("unstored", () => toast("eStore"));

// The server's state, looked at now and then while the page is looked at.
let state = { status: "" };
let hasModel = false, isLocked = false;
function showState() {
  const [kind, words] = state.status === "ok"
    ? isLocked ? ["off", "locked"] : state.running ? ["busy", ["busy", state.running, state.waiting]] : ["ok", "ready"]
    : state.status === "loading" ? ["busy", "loading"]
    : state.status === "stopping" ? ["off", "stopping"]
    : state.status === "off" ? ["off", "off"] : ["", ["given", ""]];
  const { dataset } = element("state");
  put(element("state-text"), "t", words);
  // That others come and go is no news for who listens.
  if (kind === "off" || dataset.state === "off") announce(element("state-text").textContent);
  dataset.state = kind;
}
async function look() {
  try {
    state = await api.health();
    if (state.status === "ok" && !hasModel && !isLocked) {
      showState();
      await showModel();
    }
  } catch {
    hasModel = false;
    state = { status: "off" };
  }
  showState();
}
/** The model's name. A key that was not given is asked for again when something is to be done, not by itself. */
async function showModel() {
  try {
    const model = (await api.get("/v1/models")).data[0];
    hasModel = true;
    element("model").textContent = model.summary ? `${model.id}: ${model.summary}` : model.id;
    element("model").title = element("model").textContent;
    paint.setModel(model);
  } catch (error) {
    if (error.status !== 401) throw error;
    isLocked = true;
  }
}
api.setKeyAsker(askForKey);
document.addEventListener("key", () => { isLocked = false; if (!hasModel) look(); });
async function watch() {
  if (document.visibilityState === "visible") await look();
  setTimeout(watch, state.status === "ok" && !state.running && (hasModel || isLocked) ? 10000 : 2000);
}
watch();
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });
