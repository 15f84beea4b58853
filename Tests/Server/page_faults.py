"""What once went wrong in the page as a whole, in Chat and in Paint. Each function is one fault; its name says what
must hold.
"""

import json
import time

from selenium.webdriver.common.keys import Keys

from mocked_page import DOT
from proxy import CHAT, FORMULAS, PAINT, reads, says, send, stream


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
    # So does a question that was taken back to be changed.
    page.button("Edit").click()
    page.forget()
    page.wait(lambda: not page.stored("chats") and not page.find("#chat .compose textarea").get_property("value"), 5)


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
    def choose(conversation):
        page.script("const s = document.querySelector('#chat select'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))", conversation["id"])

    during(lambda: choose(two), "four")
    page.wait(lambda: page.said() and page.said()[0][1] == "two")
    page.proxy.requests.clear()
    page.ask("five")
    page.wait(lambda: any(r[0] == CHAT for r in page.proxy.requests) and page.is_answered())
    assert [m["role"] for m in json.loads(next(r for r in page.proxy.requests if r[0] == CHAT)[1])["messages"]] == ["user", "assistant", "user"]
    during(lambda: choose(two), "six")
    page.wait(lambda: len(page.said()) == 6 and page.said()[-1][1])
    page.ask("seven")
    page.wait(lambda: len(page.said()) == 8 and page.is_answered())
    assert not page.find("#toast").is_displayed(), "it is one conversation"
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


CHECKS = [
    what_is_forgotten_stays_forgotten,
    messages_take_turns_whatever_is_done_during_an_answer,
    a_key_is_asked_for_until_it_is_right,
    what_is_too_wide_scrolls_in_its_own_box,
    a_painting_is_not_removed_by_two_enters,
    two_tabs_lose_no_message,
    a_screen_reader_hears_the_beginning_and_the_end,
    another_language_reaches_every_word,
    markdown_has_tables_quotes_and_lists_in_a_row,
    a_damaged_entry_hides_no_other,
]
