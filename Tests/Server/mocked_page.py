"""A page behind a proxy that makes the answers, and what a check of it needs: its history, drops, the mouse, words."""

import base64
import time
from pathlib import Path

from selenium.webdriver.common.keys import Keys

from page import Page

# A picture of one point.
DOT = base64.b64encode(base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")).decode()
DROP = """
const transfer = new DataTransfer();
for (const [data, name, type] of arguments[0])
  transfer.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name, { type }));
document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
"""
STORED = """
const [kind, done] = arguments;
const open = indexedDB.open("janus-lite", 1);
open.onsuccess = () => {
  const all = open.result.transaction(kind).objectStore(kind).getAll();
  all.onsuccess = () => { open.result.close(); done(JSON.parse(JSON.stringify(all.result))); };
};
"""
STORE = """
const [kind, entries, done] = arguments;
const open = indexedDB.open("janus-lite", 1);
open.onsuccess = () => {
  const transaction = open.result.transaction(kind, "readwrite");
  for (const entry of entries) {
    if (entry.blob) entry.blob = new Blob([Uint8Array.from(atob(entry.blob), c => c.charCodeAt(0))], { type: "image/png" });
    transaction.objectStore(kind).put(entry);
  }
  transaction.oncomplete = () => { open.result.close(); done(); };
};
"""
WIPE = """
const done = arguments[0], open = indexedDB.open("janus-lite", 1);
open.onsuccess = () => {
  const kinds = [...open.result.objectStoreNames], transaction = open.result.transaction(kinds, "readwrite");
  for (const kind of kinds) transaction.objectStore(kind).clear();
  transaction.oncomplete = () => { open.result.close(); localStorage.clear(); done(); };
};
"""


class MockedPage(Page):
    """A page behind a proxy, with what the checks below need."""

    def __init__(self, proxy, picture):
        super().__init__(proxy.address)
        self.proxy = proxy
        self.picture = base64.b64encode(Path(picture).read_bytes()).decode()
        self.driver.set_script_timeout(10)

    def begin(self, place):
        """An empty history, no mocks, the place."""
        self.proxy.mocks.clear()
        self.proxy.is_down = False
        self.driver.execute_async_script(WIPE)
        self.load(place)
        self.proxy.requests.clear()

    def load(self, place=None):
        self.driver.get("about:blank")
        self.driver.get(self.address + (f"/#{place}" if place else ""))
        self.wait(lambda: self.script("return document.querySelector('#state-text')?.textContent"))
        time.sleep(0.1)

    def stored(self, kind):
        return self.driver.execute_async_script(STORED, kind)

    def store(self, kind, *entries):
        self.driver.execute_async_script(STORE, kind, list(entries))

    def drop(self, *files):
        self.script(DROP, files)

    def drop_picture(self):
        self.drop([self.picture, "formula.png", "image/png"])

    def texts(self, selector):
        return self.script("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def text(self, selector):
        return (self.texts(selector) or [""])[0]

    def button(self, text, scope="main section:not([hidden])"):
        return self.wait(lambda: next(
            (b for b in self.all(f"{scope} button") if b.text.strip() == text and b.is_displayed()), None), 5, f"a button {text}")

    def forget(self):
        self.button("Forget everything").click()
        assert self.focus() == "Cancel", "Enter does no harm"
        self.button("Forget everything", "dialog").click()

    def latex(self):
        return self.script("return [...document.querySelectorAll('.card textarea')].map(e => e.value)")

    def is_read(self):
        return self.script("return document.querySelectorAll('.card').length > 0"
                           " && [...document.querySelectorAll('.card .work')].every(e => e.parentElement.hidden)")

    def focus(self):
        return self.script("const e = document.activeElement; return e.getAttribute('aria-label') ?? (e.textContent || e.tagName)")

    def ask(self, text):
        self.find("#chat .compose textarea").send_keys(text, Keys.ENTER)

    def said(self):
        return self.script("return [...document.querySelectorAll('.said')].map("
                           "e => [e.className.slice(5), e.querySelector('.body').textContent.trim()])")

    def is_answered(self):
        return self.all(".said.assistant .actions") and not self.find("#chat .work").is_displayed()

    def clipboard(self):
        return self.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], e => arguments[0]('' + e))")

    def mouse(self, *points):
        """Presses at the first point, moves through the others, lets go at the last."""
        def event(kind, point, **more):
            self.command("Input.dispatchMouseEvent", type=kind, x=point[0], y=point[1], **more)

        event("mouseMoved", points[0])
        event("mousePressed", points[0], button="left", buttons=1, clickCount=1)
        for point in points[1:]:
            event("mouseMoved", point, button="left", buttons=1)
        event("mouseReleased", points[-1], button="left", buttons=0, clickCount=1)

    def box(self, selector):
        return self.script("const r = document.querySelector(arguments[0]).getBoundingClientRect();"
                           "return [r.x, r.y, r.width, r.height]", selector)
