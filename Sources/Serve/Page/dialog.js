// Questions that wait for an answer. The only button that submits is the main one: Enter in a field takes it.

import { h, note } from "./dom.js";

/** Shows `contents` and buttons; the main one's `check` may refuse to close. True if the main one was taken. */
export function ask(label, contents, button, { check = () => true, isHarmless = true } = {}) {
  return new Promise(resolve => {
    const dialog = h("dialog", { tLabel: label },
      h("form", { method: "dialog", onsubmit: event => { if (!check()) event.preventDefault(); } },
        ...contents,
        h("div", { class: "row end" },
          // What cannot be undone is not begun by a second Enter.
          h("button", { type: "button", t: "cancel", autofocus: !isHarmless, onclick: () => dialog.close() }),
          h("button", { value: "yes", class: "main", t: button }))));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks before something that cannot be undone. */
export function confirmed(text, button) {
  return ask(button, [h("p", { t: text })], button, { isHarmless: false });
}

/** Gets the server's key, or null. `problem` says why it is asked for again. */
export async function askForKey(problem, isSendable) {
  const field = h("input", { type: "password", autocomplete: "current-password", required: true, autofocus: true });
  const notice = h("p", { class: "notice", role: "alert" });
  note(notice, problem);
  const check = () => {
    if (isSendable(field.value.trim())) return true;
    note(notice, "keyLetters");
    field.select();
    return false;
  };
  const isGiven = await ask("keyTitle",
    [h("label", { class: "field" }, h("span", { t: "keyTitle" }), field), notice], "keySave", { check });
  return isGiven ? field.value.trim() : null;
}
