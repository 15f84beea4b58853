"""The page in a real browser: page.py COMMAND MODEL.gguf PICTURE.png EXPECTED_LATEX [--screens FOLDER] [--page FOLDER]

Pastes a picture and checks what is drawn and copied, paints and compares the bytes with `generate`'s, chats,
stops, reloads, walks by keyboard, and checks names, contrast and focus in both palettes.
"""

import argparse
import base64
import subprocess
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from proxy import Proxy
from server import serving

PASTE = """
const [data, type] = arguments;
const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
const transfer = new DataTransfer();
transfer.items.add(new File([bytes], "pasted.png", { type }));
(document.activeElement ?? document.body).dispatchEvent(
  new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
"""

# What a visitor who cannot see or point needs: every control has a name, every picture a text, every text
# a contrast of 7:1 (or 4.5:1 where it is large or cannot be used), no id comes twice.
CHECKS = r"""
const problems = [];
const shown = e => e.checkVisibility({ opacityProperty: false, visibilityProperty: true });
const name = e => (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || e.title
  || e.alt || e.closest("label")?.textContent || "").trim();
for (const e of document.querySelectorAll("button, a[href], select, textarea, input, [role], meter, progress")) {
  if (shown(e) && !name(e) && e.getAttribute("role") !== "status" && e.getAttribute("role") !== "alert")
    problems.push("no name: " + e.outerHTML.slice(0, 100));
}
for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) problems.push("no alt: " + e.outerHTML.slice(0, 80));
for (const e of document.querySelectorAll("button, .button, nav a, select")) {
  const box = e.getBoundingClientRect();
  if (shown(e) && (box.height < 43.5 || box.width < 43.5)) problems.push(`small (${box.width}x${box.height}): ` + e.outerHTML.slice(0, 80));
}
const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
for (const id of new Set(ids)) if (ids.filter(i => i === id).length > 1) problems.push("twice: " + id);
const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const rgb = colour => {
  context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
};
const light = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const ground = e => {
  for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c[3] > 200) return c;
  }
  return [255, 255, 255, 255];
};
for (const e of document.querySelectorAll("body *")) {
  const hasText = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  if (!hasText || !shown(e) || e.closest(".hidden, option, noscript, .marks, [aria-hidden]")) continue;
  const style = getComputedStyle(e);
  const [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < (e.closest(":disabled") ? 4.5 : 7)) problems.push(`contrast ${ratio.toFixed(1)}: ${e.outerHTML.slice(0, 90)}`);
}
return problems;
"""


class Page:
    def __init__(self, address, width=1440, height=900, dark=False, language="en"):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         f"--window-size={width},{height}", "--lang=en-US"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        self.address = address
        self.driver.get(address)
        if language != "en":
            self.script("localStorage.setItem('janus-language', arguments[0])", language)
            self.driver.get(address)

    def command(self, name, **parameters):
        self.driver.execute_cdp_cmd(name, parameters)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def go(self, place):
        self.script(f"location.hash = '#{place}'")
        self.wait(lambda: not self.script(f"return document.getElementById('{place}').hidden"))

    def paste(self, path):
        self.script(PASTE, base64.b64encode(Path(path).read_bytes()).decode(), "image/png")

    def wait(self, condition, seconds=60, what=None):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                value = condition()
            except (JavascriptException, NoSuchElementException, StaleElementReferenceException):
                value = None  # What it looks at is not there yet.
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"waited {seconds} s for {what or condition}; the page logs {self.problems()}")

    def problems(self):
        return [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def check(self, where):
        found = self.script(CHECKS)
        assert not found, f"{where}: " + "\n".join(found)

    def keys(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def screen(self, folder, name):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))

    def close(self):
        problems = self.problems()
        self.driver.quit()
        assert not problems, f"the console has {problems}"


def read(page, picture, expected, screens, look):
    page.go("read")
    page.check("read, empty")
    page.screen(screens, f"read-empty-{look}")
    page.paste(picture)
    text = page.wait(
        lambda: page.script(
            "const a = document.querySelector('.card textarea'), w = document.querySelector('.card .work');"
            "return a?.value && w.parentElement.hidden ? a.value : ''"), what="a formula")
    assert text == expected, f"read {text!r}, expected {expected!r}"
    assert page.script("return document.querySelector('.card math')?.childElementCount > 0"), "it is drawn"
    selected = page.script(
        "const a = document.activeElement; return a.tagName == 'TEXTAREA' ? a.value.slice(a.selectionStart, a.selectionEnd) : ''")
    assert selected == expected, "the result is selected"
    page.check("read, full")
    page.screen(screens, f"read-{look}")


def copies(page, expected):
    page.find(".copies [data-form='LaTeX']").click()
    clipboard = "const done = arguments[0]; navigator.clipboard.readText().then(done, e => done('' + e))"
    assert page.driver.execute_async_script(clipboard) == expected
    page.find(".copies [data-form='wordMath']").click()
    assert page.driver.execute_async_script(clipboard).startswith("<math"), "MathML is copied"
    # An edit is drawn, a wrong one is told, and undone.
    area = page.find(".card textarea")
    area.click()
    page.keys(Keys.END, "+1")
    page.wait(lambda: "1" in page.script("return document.querySelector('.card math').textContent"))
    page.keys("{")
    page.wait(lambda: page.find(".card .notice").is_displayed(), what="a word about the wrong LaTeX")
    page.keys(Keys.BACKSPACE)
    page.wait(lambda: not page.find(".card .notice").is_displayed())
    page.driver.refresh()
    kept = page.wait(lambda: page.script("return document.querySelector('.card textarea')?.value"), what="the history")
    assert kept == expected + "+1", "a reload keeps the history"


def paint(page, command, model, screens, look):
    page.go("paint")
    page.check("paint, empty")
    page.find("#prompt").send_keys("a red circle on a blue background")
    seed = page.find("#seed")
    seed.clear()
    seed.send_keys("1")
    page.find("#prompt").send_keys(Keys.ENTER)
    page.wait(lambda: page.all(".tile img:not([hidden])"), what="rows of a picture")
    page.screen(screens, f"paint-busy-{look}")
    page.wait(lambda: len(page.all(".tile button:not(:disabled)")) == 4, 180, "four pictures")
    page.check("paint, full")
    page.screen(screens, f"paint-{look}")
    read_blob = """
      const done = arguments[arguments.length - 1];
      fetch(document.querySelectorAll('.tile img')[0].src).then(r => r.arrayBuffer()).then(b => {
        let text = ''; for (const c of new Uint8Array(b)) text += String.fromCharCode(c); done(btoa(text)); });"""
    # The page's policy allows no fetch of its own blobs: a picture is read from the history instead.
    read_blob = """
      const done = arguments[arguments.length - 1];
      const open = indexedDB.open('janus-lite', 1);
      open.onsuccess = () => {
        const all = open.result.transaction('paintings').objectStore('paintings').getAll();
        all.onsuccess = async () => {
          const entry = all.result.find(e => e.seed === 1);
          let text = ''; for (const c of new Uint8Array(await entry.blob.arrayBuffer())) text += String.fromCharCode(c);
          done(btoa(text)); };
      };"""
    page.driver.set_script_timeout(30)
    painted = base64.b64decode(page.driver.execute_async_script(read_blob))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [command, "generate", "a red circle on a blue background", "--seed", "1", "-m", model,
             "-o", folder], check=True, capture_output=True)
        made = next(Path(folder).glob("*.png")).read_bytes()
    assert painted == made, "the page's picture is generate's, byte for byte"

    # Stop ends it at once.
    page.find("#prompt").send_keys(" again", Keys.ENTER)
    stop = page.wait(lambda: next((b for b in page.all("#paint .ask button") if b.text == "Stop" and b.is_displayed()), None))
    stop.click()
    page.wait(lambda: not stop.is_displayed(), 10, "the end of a stopped painting")


def chat(page, picture, screens, look):
    page.go("chat")
    page.check("chat, empty")
    page.find("#chat textarea").click()
    page.paste(picture)
    page.wait(lambda: page.all("#chat .compose .thumbs img"), what="the picture in the question")
    page.find("#chat textarea").send_keys("Which formula is this?", Keys.ENTER)

    def answered():
        return page.all(".said.assistant .actions") and not page.find("#chat .work").is_displayed()

    page.wait(answered, 120, "an answer")
    assert page.find(".said.assistant .body").text.strip(), "an answer has words"
    page.check("chat, full")
    page.screen(screens, f"chat-{look}")
    next(b for b in page.all(".said.assistant .actions button") if b.text == "Regenerate").click()
    page.wait(answered, 120, "another answer")
    assert len(page.all(".said.assistant")) == 1, "another answer takes the place of the one before"

    # A stopped answer stays as far as it came, or goes; either way the next question can be asked.
    page.find("#chat textarea").send_keys("Count to a thousand.", Keys.ENTER)
    page.find("#chat textarea").send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.find("#chat .work").is_displayed(), 10, "the end of a stopped answer")
    page.driver.refresh()
    page.wait(lambda: page.all("#chat .said.user"), what="the conversation after a reload")


def keyboard(page, picture):
    """A walk without a pointer: every place can be reached and left, and focus is seen."""
    page.driver.get(page.address)
    page.wait(lambda: page.all(".card"))
    seen = []
    for _ in range(60):
        page.keys(Keys.TAB)
        what = page.script(
            "const e = document.activeElement; if (e === document.body) return 'body';"
            "const s = getComputedStyle(e), l = getComputedStyle(e.closest('label') ?? e);"
            "return [s.outlineStyle !== 'none' || l.outlineStyle !== 'none', e.outerHTML.slice(0, 60)]")
        if what == "body":
            break
        assert what[0], f"focus is not seen at {what[1]}"
        seen.append(what[1])
    assert any("textarea" in s for s in seen) and any("#chat" in s for s in seen), seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("model")
    parser.add_argument("picture")
    parser.add_argument("expected")
    parser.add_argument("--screens")
    parser.add_argument("--page", help="a folder that the page's files come from, instead of from the command")
    arguments = parser.parse_args()
    with serving(arguments.command, arguments.model, "--log-level", "error") as (address, _):
        if arguments.page:
            address = Proxy(address, arguments.page).address
        for dark in (False, True):
            for width, height in ((1440, 900), (390, 844)):
                look = f"{'dark' if dark else 'light'}-{width}"
                page = Page(address, width, height, dark)
                read(page, arguments.picture, arguments.expected, arguments.screens, look)
                if width == 1440:
                    paint(page, arguments.command, arguments.model, arguments.screens, look)
                    chat(page, arguments.picture, arguments.screens, look)
                if look == "light-1440":
                    page.go("read")
                    copies(page, arguments.expected)
                    keyboard(page, arguments.picture)
                page.close()
        chinese = Page(address, language="zh")
        chinese.check("Chinese")
        assert "识别" in chinese.find("nav").text
        chinese.close()
    print("page: read, copied, painted, chatted, stopped, reloaded; names, contrast and focus are right")


if __name__ == "__main__":
    main()
