// The page as a whole: places, palette, language, the server's state, paste and drop.

import { h } from "./dom.js";
import { t, setLanguage, preferred } from "./text.js";
import * as api from "./api.js";
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
  showState();
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
  document.title = `${t(name)} – janus-lite`;
  scrollTo(0, 0);
  if (!isFirst) element("main").focus();
  for (const area of document.querySelectorAll(`#${name} textarea`)) area.dispatchEvent(new Event("fit"));
}
addEventListener("hashchange", go);
go();

// The gesture is paste: anywhere, a picture is read; in Chat it goes into the question.
function take(files) {
  const pictures = files.filter(file => file.type.startsWith("image/"));
  if (!pictures.length) return false;
  if (current === "chat") chat.add(pictures);
  else { location.hash = "#read"; read.add(pictures); }
  return true;
}
document.addEventListener("paste", event => {
  if (take([...(event.clipboardData?.files ?? [])])) event.preventDefault();
});
document.addEventListener("drop", event => { take([...(event.dataTransfer?.files ?? [])]); });

// The key, if the server wants one.
api.setKeyAsker(() => new Promise(resolve => {
  const field = h("input", { type: "password", autocomplete: "current-password", required: true });
  const dialog = h("dialog", { tLabel: "keyTitle" },
    h("form", { method: "dialog" },
      h("label", { class: "field" }, h("span", { t: "keyTitle" }), field),
      h("div", { class: "row end" },
        h("button", { value: "no", t: "cancel", formNoValidate: true }),
        h("button", { value: "yes", class: "main", t: "keySave" }))));
  dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes" ? field.value : null); });
  document.body.append(dialog);
  dialog.showModal();
}));

// The server's state, looked at now and then while the page is looked at.
let state = { status: "" };
let hasModel = false;
function showState() {
  const [kind, text] = state.status === "ok"
    ? state.running ? ["busy", t("busy", state.running, state.waiting)] : ["ok", t("ready")]
    : state.status === "loading" ? ["busy", t("loading")]
    : state.status === "stopping" ? ["off", t("stopping")]
    : state.status === "off" ? ["off", t("off")] : ["", ""];
  element("state").dataset.state = kind;
  if (element("state-text").textContent !== text) element("state-text").textContent = text;
}
async function look() {
  if (document.visibilityState === "visible") {
    try {
      state = await api.health();
      if (state.status === "ok" && !hasModel) {
        hasModel = true;
        const model = (await api.get("/v1/models")).data[0];
        element("model").textContent = model.summary ? `${model.id}: ${model.summary}` : model.id;
        element("model").title = element("model").textContent;
        paint.setModel(model);
      }
    } catch {
      if (state.status !== "ok" || !hasModel) hasModel = false;
      state = { status: "off" };
    }
    showState();
  }
  setTimeout(look, state.status === "ok" && !state.running ? 10000 : 2000);
}
look();
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") api.health().then(s => { state = s; showState(); }, () => {}); });
