"""What once went wrong in Read. Each function is one fault; its name says what must hold."""

import base64
import json
import time

from selenium.webdriver.common.keys import Keys

from proxy import FORMULAS, RENDER, reads, send, stream


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
        "const done = arguments[0]; import('/page/export.js').then(m => done(['=1+1', '+x', '-x', '@x', \"'a\", 'a=b', '\"=1\"', '\\\\alpha', ' =x'].map(m.cell)))")
    assert cells == ["'=1+1", "'+x", "'-x", "'@x", "''a", "a=b", "'\"=1\"", "\\alpha", "' =x"], cells


CHECKS = [
    a_drag_over_a_picture_crops_it,
    a_card_that_was_removed_can_be_called_back,
    a_formula_beside_its_picture_has_no_bar,
    a_phone_is_not_told_of_keys,
    a_correction_outlives_another_reading,
    nothing_is_lost,
    a_full_disk_is_told,
    what_the_browser_cannot_draw_goes_to_the_server,
    what_is_copied_is_of_the_text_as_it_is,
    an_export_begins_no_formula_of_a_spreadsheet,
]
