"""What once went wrong in the page: faults.py COMMAND MODEL.gguf PICTURE.png [--page FOLDER]

A proxy makes answers slow, wrong or broken, so that nothing here waits for a model. With --page the page's files come
from that folder instead of from the command. Each function is one fault; its name says what must hold.
"""

import argparse
import base64
import json
import time

from selenium.webdriver.common.keys import Keys

from mocked_page import MockedPage
from proxy import Proxy, reads, says, send, stream
from server import serving

CHAT, FORMULAS, PAINT, RENDER = "/v1/chat/completions", "/v1/formulas", "/v1/images/generations", "/v1/formulas/render"
DOT = base64.b64encode(base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")).decode()


def a_drag_over_a_picture_crops_it(page):
    page.begin("read")
    page.proxy.mocks[FORMULAS] = reads("a")
    page.drop_picture()
    page.wait(page.is_read)
    assert page.script("return document.querySelector('.card textarea').spellcheck") is False, "spellcheck is off"
    page.find(".card .on-white").click()
    page.wait(lambda: page.box(".crop img")[2] > 0)
    x, y, w, h = page.box(".crop")
    page.mouse(*((x + w * part, y + h * part) for part in (.1, .2, .3, .4, .5, .6)))
    frame = page.script("const s = document.querySelector('.crop .box').style; return [s.left, s.top, s.width, s.height].map(parseFloat)")
    assert all(abs(a - b) < 2 for a, b in zip(frame, (10, 10, 50, 50))), frame
    page.keys(Keys.ESCAPE)
    time.sleep(0.2)
    assert len(page.all(".card")) == 1, "nothing was dropped"
    page.find(".card .on-white").click()
    page.wait(lambda: page.focus().startswith("Drag"))
    page.keys(Keys.ENTER)
    page.wait(lambda: len(page.all(".card")) == 2 and page.is_read())
    page.button("Remove").click()
    # Nor is a picture of the page that is dragged over it.
    page.script("const e = document.querySelector('.card img'), d = new DataTransfer();"
                "d.items.add(new File(['x'], 'own.png', { type: 'image/png' }));"
                "for (const kind of ['dragstart', 'dragover', 'drop', 'dragend'])"
                "  e.dispatchEvent(new DragEvent(kind, { dataTransfer: d, bubbles: true, cancelable: true }))")
    time.sleep(0.2)
    assert len(page.all(".card")) == 1, "an own picture is no dropped file"


def what_is_forgotten_stays_forgotten(page):
    page.begin("chat")
    page.proxy.mocks[CHAT] = says(*["secret "] * 30, pause=0.03)
    page.ask("a secret")
    page.wait(lambda: len(page.said()) == 2 and page.said()[1][1])
    page.forget()
    page.go("read")
    page.proxy.mocks[FORMULAS] = reads("secret", ": prompt 1 of 3", 0.6)
    page.drop_picture()
    page.wait(lambda: page.stored("formulas"), what="a card that is stored while it is read")
    page.forget()
    page.go("paint")
    part = {"type": "image_generation.partial_image", "image_index": 0, "b64_json": DOT, "output_format": "png"}
    page.proxy.mocks[PAINT] = stream(
        part, 0.6, *({**part, "type": "image_generation.completed", "image_index": i, "seed": i} for i in range(4)))
    page.find("#prompt").send_keys("a secret", Keys.ENTER)
    page.wait(lambda: page.all(".tile img:not([hidden])"))
    page.forget()
    time.sleep(1)
    for reload in (False, True):
        if reload:
            page.load("read")
        for kind in ("chats", "formulas", "paintings"):
            assert not page.stored(kind), f"{kind} are forgotten"
        assert not page.all(".said, .card, .tile"), "nothing of it is shown"
    # What is begun afterwards is kept.
    page.proxy.mocks[CHAT] = says("yes")
    page.go("chat")
    page.ask("after")
    page.wait(page.is_answered)
    page.wait(lambda: [len(c["messages"]) for c in page.stored("chats")] == [2])


def messages_take_turns_whatever_is_done_during_an_answer(page):
    page.begin("chat")
    slow, quick = says(*["part "] * 40, pause=0.05), says("whole")

    def during(action, question):
        page.proxy.mocks[CHAT] = slow
        page.ask(question)
        page.wait(lambda: page.said() and page.said()[-1][0] == "assistant" and page.said()[-1][1])
        page.proxy.mocks[CHAT] = quick
        action()

    during(lambda: page.button("Edit").click(), "one")
    assert page.said() == [], page.said()
    page.ask(" changed")
    page.wait(page.is_answered)
    assert page.said() == [["user", "one changed"], ["assistant", "whole"]], page.said()
    page.button("New conversation").click()
    during(lambda: page.button("New conversation").click(), "two")
    assert page.said() == []
    page.ask("three")
    page.wait(page.is_answered)
    # Stop keeps what there is, and sends nothing that is being written.
    during(lambda: None, "more")
    page.find("#chat .compose textarea").send_keys("draft")
    page.button("Stop").click()
    assert [role for role, _ in page.said()] == ["user", "assistant"] * 2, page.said()
    page.find("#chat .compose textarea").clear()
    two = next(c for c in page.stored("chats") if c["messages"][0]["text"] == "two")
    assert [m["role"] for m in two["messages"]] == ["user", "assistant"], two
    during(lambda: page.script(
        "const s = document.querySelector('#chat select'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))", two["id"]), "four")
    page.wait(lambda: page.said() and page.said()[0][1] == "two")
    page.proxy.requests.clear()
    page.ask("five")
    page.wait(lambda: any(r[0] == CHAT for r in page.proxy.requests) and page.is_answered())
    assert [m["role"] for m in json.loads(next(r for r in page.proxy.requests if r[0] == CHAT)[1])["messages"]] == ["user", "assistant", "user"]
    # A conversation that was stored in disorder is mended.
    page.store("chats", {"id": "1-x", "time": 1e15, "messages": [
        {"role": "assistant", "text": "orphan"}, None, {"role": "user", "text": "q", "pictures": []}, {"role": "assistant", "text": "a"}]})
    page.load("chat")
    page.wait(lambda: page.said() == [["user", "q"], ["assistant", "a"]], 5)


def a_key_is_asked_for_until_it_is_right(page):
    page.begin("read")
    right = "right-key-1"

    def models(handler, _):
        if handler.headers.get("authorization") != f"Bearer {right}":
            return send(handler, 401, {"error": {"code": "invalid_api_key", "message": "no"}})
        send(handler, 200, {"data": [{"id": "nano", "summary": "reads", "painting": {"lines": 24}}]})

    page.proxy.mocks["/v1/models"] = models
    page.load("read")
    field = page.wait(lambda: page.all("dialog input") and page.find("dialog input"))
    field.send_keys("密钥", Keys.ENTER)
    page.wait(lambda: "cannot be sent" in page.text("dialog .notice"), 5, "a word about the letters")
    assert page.script("return localStorage.getItem('janus-key')") is None
    field.clear()
    field.send_keys("wrong", Keys.ENTER)
    page.wait(lambda: "does not know" in page.text("dialog .notice"), 5, "a word about the wrong key")
    page.find("dialog input").send_keys(right, Keys.ENTER)
    page.wait(lambda: page.text("#model") == "nano: reads" and page.text("#state-text") == "Ready", 5, "the model's name")
    assert page.script("return localStorage.getItem('janus-key')") == right
    # One that an earlier version stored is not sent.
    page.script("localStorage.setItem('janus-key', '密钥')")
    page.load("read")
    page.wait(lambda: page.all("dialog input"))
    page.keys(Keys.ESCAPE)
    page.wait(lambda: "wants a key" in page.text("#state-text"), 5)
    time.sleep(2.3)
    assert not page.all("dialog"), "it is not asked for again by itself"
    page.driver.get_log("browser")


def what_is_too_wide_scrolls_in_its_own_box(page):
    page.begin("chat")
    wide = "abc " * 42
    page.proxy.mocks[CHAT] = says(f"```\n{wide}\n```\n{'x' * 300}\n\n| {' | '.join(['long'] * 40)} |\n{'|---' * 40}|\n\n$$" + "x+" * 200 + "x$$")
    page.ask("u" * 300)
    page.wait(page.is_answered)
    for width in (360, 720, 1440):
        page.command("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 720)
        over = page.script("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert over[0] <= over[1], f"{over} at {width}"
    page.command("Emulation.setDeviceMetricsOverride", width=1440, height=900, deviceScaleFactor=1, mobile=False)


def a_painting_is_not_removed_by_two_enters(page):
    page.begin("paint")
    page.store("paintings", *({"id": f"{i}-x", "time": i, "prompt": f"p{i}\u202e", "seed": i, "cfg": 5, "blob": DOT} for i in (1, 2, 3)))
    page.load("paint")
    page.wait(lambda: len(page.all(".tile")) == 3)
    tile = page.find(".tile button")
    tile.send_keys(Keys.ENTER)
    page.wait(lambda: page.all("dialog"))
    assert page.focus() == "Close", page.focus()
    page.keys(Keys.ENTER)
    assert len(page.stored("paintings")) == 3
    assert page.focus() == "Open: p3[U+202E], seed 3", page.focus()
    # Nor does it go to Read when it is dragged a little.
    x, y, *_ = page.box(".tile img")
    page.mouse(*((x + 20 + 10 * i, y + 20 + 4 * i) for i in range(8)))
    time.sleep(0.2)
    assert page.driver.current_url.endswith("#paint") and not page.all(".card, dialog")
    tile.send_keys(Keys.ENTER)
    page.button("Remove", "dialog").click()
    assert page.focus().startswith("Open: p2"), page.focus()
    page.wait(lambda: len(page.stored("paintings")) == 2)
    page.button("Undo", "#toast").click()
    page.wait(lambda: len(page.stored("paintings")) == 3 and len(page.all(".tile")) == 3)
    assert page.focus().startswith("Open: p3"), page.focus()


def a_card_that_was_removed_can_be_called_back(page):
    page.begin("read")
    for latex in ("a", "b", "c"):
        page.proxy.mocks[FORMULAS] = reads(latex)
        page.drop_picture()
        page.wait(lambda: page.latex()[:1] == [latex] and page.is_read())
    next(b for b in page.all(".card:nth-child(2) button") if b.text == "Remove").click()
    page.wait(lambda: len(page.stored("formulas")) == 2)
    assert page.latex() == ["c", "a"] and page.focus().startswith("LaTeX of formula 1"), page.focus()
    page.button("Undo", "#toast").click()
    page.wait(lambda: len(page.stored("formulas")) == 3)
    assert page.latex() == ["c", "b", "a"] and page.focus().startswith("LaTeX of formula 2"), page.focus()
    # What was forgotten since is not called back.
    page.button("Remove").click()
    page.forget()
    assert not page.find("#toast").is_displayed() and not page.all(".card")


def a_formula_beside_its_picture_has_no_bar(page):
    page.begin("read")
    page.drop_picture()
    page.wait(lambda: page.is_read() and page.all(".card math"))
    for latex in (r"\cdot", r"nd-\phi=\sqrt{b^{6}b}+7\cdot\frac{6}{5}", r"\int_0^1\frac{x}{y}"):
        page.script("const a = document.querySelector('.card textarea'); a.value = arguments[0]; a.dispatchEvent(new Event('input'))", latex)
        page.wait(lambda: [e["isUndrawn"] for e in page.stored("formulas")] == [False], 5)
        bars = page.script("return [...document.querySelectorAll('.pane, .pane .formula')].map(e => [e.offsetWidth - e.clientWidth, e.offsetHeight - e.clientHeight])")
        assert all(bar == [0, 0] for bar in bars), (latex, bars)


def a_phone_is_not_told_of_keys(page):
    page.begin("read")
    page.command("Emulation.setTouchEmulationEnabled", enabled=True)
    page.command("Emulation.setEmulatedMedia", features=[{"name": "pointer", "value": "coarse"}])
    page.command("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
    page.load("read")
    words = page.text(".drop")
    assert "Take a photo, or" in words and "Ctrl" not in words, words
    page.command("Emulation.setTouchEmulationEnabled", enabled=False)
    page.command("Emulation.setDeviceMetricsOverride", width=1440, height=900, deviceScaleFactor=1, mobile=False)


def a_correction_outlives_another_reading(page):
    page.begin("read")
    page.proxy.mocks[FORMULAS] = reads("a")
    page.drop_picture()
    page.wait(page.is_read)
    page.find(".card textarea").send_keys(Keys.END, "+b")
    page.proxy.mocks[FORMULAS] = stream({"type": "formula.delta", "delta": "x"})
    page.button("Again").click()
    page.wait(lambda: "broke off" in page.text(".card .notice"), 5, "a word about a stream without a result")
    assert page.latex() == ["a+b"], page.latex()
    page.proxy.mocks[FORMULAS] = reads("c")
    page.button("Again").click()
    page.wait(lambda: page.latex() == ["c"])
    page.load("read")
    page.button("Back to the text before").click()
    assert page.latex() == ["a+b"], page.latex()
    page.wait(lambda: [e["latex"] for e in page.stored("formulas")] == ["a+b"])


def nothing_is_lost(page):
    page.begin("read")
    page.proxy.mocks[FORMULAS] = stream(": prompt 1 of 3", 5)
    page.drop_picture()
    page.wait(lambda: page.stored("formulas"))
    page.load("read")
    page.wait(lambda: "not been read" in page.text(".card .notice"), 5)
    assert page.script("return document.querySelector('.card img').naturalWidth") > 0, "the picture is there"
    page.proxy.mocks[FORMULAS] = lambda handler, _: send(handler, 429, {"error": {"code": "queue_full", "message": "full"}}, **{"Retry-After": "7"})
    page.button("Again").click()
    page.wait(lambda: "7 s" in page.text(".card .notice"), 5)
    page.load("read")
    page.wait(lambda: "7 s" in page.text(".card .notice"), 5)
    page.proxy.mocks[FORMULAS] = reads("a")
    page.button("Again").click()
    page.wait(lambda: page.latex() == ["a"])
    # An edit while the server is away is stored; its forms come when it is back.
    page.proxy.mocks[RENDER] = lambda handler, _: setattr(handler, "close_connection", True)
    page.find(".card textarea").send_keys(Keys.END, "+1")
    page.wait(lambda: [e["latex"] for e in page.stored("formulas")] == ["a+1"], 2)
    page.wait(lambda: "does not answer" in page.text(".card .notice"), 5)
    del page.proxy.mocks[RENDER]
    page.load("read")
    page.wait(lambda: "1" in page.text(".card math"), 5)
    page.driver.get_log("browser")


def a_full_disk_is_told(page):
    page.begin("read")
    page.script("IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }")
    page.proxy.mocks[FORMULAS] = reads("a")
    page.drop_picture()
    page.wait(lambda: "could not store" in page.text("#toast"), 5)
    page.wait(lambda: page.latex() == ["a"], 5)


def two_tabs_lose_no_message(page):
    page.begin("chat")
    page.proxy.mocks[CHAT] = says("answer")
    page.ask("one")
    page.wait(page.is_answered)
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    second = page.driver.current_window_handle
    page.load("chat")
    page.wait(lambda: len(page.said()) == 2)
    # One that looks on goes along.
    page.ask("two")
    page.wait(lambda: len(page.said()) == 4 and page.is_answered())
    page.driver.switch_to.window(first)
    page.wait(lambda: len(page.said()) == 4, 5, "the other tab's messages")
    # Both at once: each is kept.
    page.proxy.mocks[CHAT] = says("slow", pause=0.5)
    page.ask("three")
    page.driver.switch_to.window(second)
    page.script("document.querySelector('#chat .compose textarea').value = 'four'; document.querySelector('#chat form').requestSubmit()")
    page.driver.switch_to.window(first)
    page.wait(page.is_answered)
    page.driver.switch_to.window(second)
    page.wait(page.is_answered)
    texts = lambda: [[m["text"] for m in c["messages"]] for c in page.stored("chats")]
    page.wait(lambda: sum("slow" in t for t in texts()) >= 1)
    time.sleep(0.3)
    everything = {text for conversation in texts() for text in conversation}
    assert everything >= {"one", "two", "three", "four", "answer", "slow"}, texts()
    # Forgotten in one, forgotten in the other.
    page.forget()
    page.driver.switch_to.window(first)
    page.wait(lambda: page.said() == [], 5)
    page.driver.switch_to.window(second)
    page.driver.close()
    page.driver.switch_to.window(first)


def what_the_browser_cannot_draw_goes_to_the_server(page):
    page.begin("read")
    page.proxy.mocks[FORMULAS] = reads("a")
    page.drop([base64.b64encode(b"II*\0junk").decode(), "scan.tiff", "image/tiff"])
    page.drop([base64.b64encode(b"\0\0\0\x18ftypheic").decode(), "photo.heic", ""])
    page.wait(lambda: page.latex() == ["a", "a"] and page.is_read())
    assert len(page.texts(".card .undrawn")) == 2
    sent = json.loads(next(body for path, body, _ in page.proxy.requests if path == FORMULAS))["image"]
    assert base64.b64decode(sent.split(",")[1]) == b"II*\0junk", "as it is"
    page.find(".card .on-white").click()
    page.wait(lambda: "no part of it" in page.text("#toast"), 5, "a word about cropping")
    for name in ("a.txt", "a.pdf"):
        page.drop([base64.b64encode(b"%PDF").decode(), name, "application/pdf" if name == "a.pdf" else "text/plain"])
        page.wait(lambda: f"no picture: {name}" in page.text("#toast"), 5)
    assert len(page.all(".card")) == 2
    time.sleep(2.7)
    assert page.find("#toast").is_displayed(), "it can be read"


def a_screen_reader_hears_the_beginning_and_the_end(page):
    page.begin("read")
    page.script("""window.heard = [];
      new MutationObserver(records => {
        for (const { target } of records) {
          const live = (target.closest ?? target.parentElement.closest).call(target.closest ? target : target.parentElement, "[aria-live], [role=status], [role=alert]");
          if (live?.textContent.trim()) heard.push(live.textContent);
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true });""")
    page.proxy.mocks[FORMULAS] = reads("abc", *({"type": "formula.delta", "delta": "x"} for _ in range(20)))
    page.drop_picture()
    page.wait(page.is_read)
    heard = page.script("return heard")
    assert len(heard) <= 3 and any("abc" in h for h in heard), heard
    page.script("heard.length = 0")
    page.drop_picture()
    page.wait(lambda: len(page.latex()) == 2 and page.is_read())
    names = page.script("return [...document.querySelectorAll('.card')].map(e => e.ariaLabel)")
    assert names == ["Formula 2: abc", "Formula 1: abc"], names
    page.go("chat")
    page.script("heard.length = 0")
    page.proxy.mocks[CHAT] = says(*["word "] * 20, pause=0.01)
    page.ask("q")
    page.wait(page.is_answered)
    assert len(page.script("return heard")) <= 3, page.script("return heard")


def another_language_reaches_every_word(page):
    page.begin("read")
    page.proxy.mocks[FORMULAS] = lambda handler, _: send(handler, 500, {"error": {"code": "internal"}})
    page.drop_picture()
    page.wait(page.is_read)
    page.proxy.mocks[FORMULAS] = reads("a", confidence=.5)
    page.drop_picture()
    page.wait(page.is_read)
    page.go("chat")
    page.proxy.mocks[CHAT] = says("42", is_whole=False)
    page.ask("7")
    page.wait(page.is_answered)
    page.script("const l = document.querySelector('#language'); l.value = 'zh'; l.dispatchEvent(new Event('change'))")
    left = page.script(r"""
      const found = [document.title];
      for (const e of document.querySelectorAll("main *, footer *, #toast")) {
        for (const n of e.childNodes) if (n.nodeType === 3 && !e.closest("textarea, .marks, math")) found.push(n.data);
        for (const a of ["aria-label", "title", "placeholder", "alt"]) if (e.hasAttribute(a)) found.push(e.getAttribute(a));
      }
      const names = /LaTeX|MathML|Word|Typst|Markdown|Ctrl|Shift|TSV|JSON|HTML|PNG|JPEG|TIFF|HEIC|PDF|janus-lite|formula\.png/g;
      return found.filter(text => /[A-Za-z]{3,}/.test(text.replace(names, "")));""")
    assert not left, left
    page.script("const l = document.querySelector('#language'); l.value = 'en'; l.dispatchEvent(new Event('change'))")
    page.driver.get_log("browser")


def what_is_copied_is_of_the_text_as_it_is(page):
    page.begin("read")
    page.proxy.mocks[FORMULAS] = reads("a")
    page.drop_picture()
    page.wait(page.is_read)
    page.find(".card textarea").send_keys(Keys.END, "+77")
    page.script("document.querySelector('.card [data-form=wordMath]').click()")
    page.wait(lambda: "77" in page.clipboard(), 5)
    page.find(".card textarea").send_keys("8")
    page.script("document.querySelector('.card [data-form=Typst]').click()")
    page.wait(lambda: "778" in page.clipboard() and "math" not in page.clipboard(), 5)
    # What the server does not make can be copied without it.
    page.proxy.mocks[RENDER] = stream(2)
    page.find(".card textarea").send_keys("9")
    page.script("document.querySelector('.card [data-form=LaTeX]').click()")
    page.wait(lambda: page.clipboard() == "a+7789", 1)
    del page.proxy.mocks[RENDER]
    page.find(".card textarea").send_keys(Keys.CONTROL, "a")
    page.find(".card textarea").send_keys(Keys.DELETE)
    time.sleep(0.4)
    assert page.script("return [...document.querySelectorAll('.copies button')].every(b => b.disabled)")


def an_export_begins_no_formula_of_a_spreadsheet(page):
    cells = page.driver.execute_async_script(
        "const done = arguments[0]; import('/page/export.js').then(m => done(['=1+1', '+x', '-x', '@x', \"'a\", 'a=b', '\\\\alpha', ' =x'].map(m.cell)))")
    assert cells == ["'=1+1", "'+x", "'-x", "'@x", "''a", "a=b", "\\alpha", "' =x"], cells


def markdown_has_tables_quotes_and_lists_in_a_row(page):
    page.begin("chat")
    page.proxy.mocks[CHAT] = says("| a | b |\n|---|:-:|\n| 1 | 2 |\n\n> quoted\n> **twice**\n\n- x\n- y\n1. n\n2. m\n\nin \\[c^2\\] line\n\n---\nbidi \u202eabc")
    page.ask("q\u202eq")
    page.wait(page.is_answered)
    page.wait(lambda: page.all(".said.assistant math"), 5)
    has = lambda selector: page.texts(f".said.assistant .body {selector}")
    assert has("td") == ["1", "2"] and has("th") == ["a", "b"], has("table")
    assert has("blockquote strong") == ["twice"] and has("ul li") == ["x", "y"] and has("ol li") == ["n", "m"]
    assert has("math") and has("hr") == [""]
    assert page.script("const f = document.querySelector('.formula.wide'); return f.offsetWidth - f.clientWidth") == 0, "no bar"
    assert "\u202e" not in page.script("return document.querySelector('main').textContent"), "nothing turns the text"


def a_damaged_entry_hides_no_other(page):
    page.begin("read")
    page.store("formulas",
               {"id": "1-a", "time": 9, "name": 5, "latex": {"x": 1}, "doubtful": "y", "warnings": 3, "before": "x", "failure": 1},
               {"id": "1-b", "time": 5, "name": "b", "latex": "b", "blob": page.picture})
    page.store("paintings", {"id": "1-a", "time": 9, "prompt": {}, "cfg": {}},
               {"id": "1-b", "time": 5, "prompt": "b", "seed": 1, "cfg": 5, "blob": DOT})
    page.store("chats", {"id": "1-a", "time": 9, "messages": 5}, {"id": "1-c", "messages": [{"role": "user", "text": 5}]},
               {"id": "1-b", "time": 5, "messages": [{"role": "user", "text": "b"}]})
    page.load("read")
    page.wait(lambda: page.latex()[-1:] == ["b"] and len(page.all(".tile")) == 1 and page.said() == [["user", "b"]], 5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("model")
    parser.add_argument("picture")
    parser.add_argument("--page", help="the folder that the page's files come from")
    parser.add_argument("--only", help="a part of the name of the checks to run")
    arguments = parser.parse_args()
    checks = [
        a_drag_over_a_picture_crops_it, what_is_forgotten_stays_forgotten,
        messages_take_turns_whatever_is_done_during_an_answer, a_key_is_asked_for_until_it_is_right,
        what_is_too_wide_scrolls_in_its_own_box, a_painting_is_not_removed_by_two_enters,
        a_card_that_was_removed_can_be_called_back, a_formula_beside_its_picture_has_no_bar, a_phone_is_not_told_of_keys,
        a_correction_outlives_another_reading, nothing_is_lost, a_full_disk_is_told, two_tabs_lose_no_message,
        what_the_browser_cannot_draw_goes_to_the_server, a_screen_reader_hears_the_beginning_and_the_end,
        another_language_reaches_every_word, what_is_copied_is_of_the_text_as_it_is,
        an_export_begins_no_formula_of_a_spreadsheet, markdown_has_tables_quotes_and_lists_in_a_row,
        a_damaged_entry_hides_no_other,
    ]
    failed = []
    with serving(arguments.command, arguments.model, "--log-level", "error") as (address, _):
        page = MockedPage(Proxy(address, arguments.page), arguments.picture)
        for check in checks:
            if arguments.only and arguments.only not in check.__name__:
                continue
            begin = time.monotonic()
            try:
                check(page)
                problems = page.problems()
                assert not problems, f"the console has {problems}"
            except Exception as error:  # Each is told, then all fail.
                failed.append(check.__name__)
                print(f"FAILED {check.__name__}: {type(error).__name__}: {error}")
                page.problems()
                if page.all("dialog"):
                    page.keys(Keys.ESCAPE)
            else:
                print(f"{time.monotonic() - begin:5.1f} s {check.__name__.replace('_', ' ')}")
        page.driver.quit()
    if failed:
        raise SystemExit(f"{len(failed)} faults")
    print("page: what went wrong before does not")


if __name__ == "__main__":
    main()
