"""Trees of real formulas, read from LaTeX as authors write it; marking.py writes them.

The parser knows what formulas of papers and documentation hold and raises `Unreadable` at anything else; what leaves no ink of
its own (spaces, sizes of brackets that grow by themselves, \\label) is dropped.
"""

import re
from dataclasses import dataclass, field

from symbols import ACCENT_OF, BIG, FONT_OF, FUNCTIONS, LEAVES, OPERATORS, RELATIONS, SAME, SWITCHES, TEXTUAL

LEXER = re.compile(r"\\[A-Za-z]+\*?|\\.|[^\\]", re.S)
DEEPEST = 12


class Unreadable(ValueError):
    """The formula holds what the reader has no token for."""


@dataclass
class Node:
    """`kind`: leaf, font, script, frac, binom, sqrt, accent, fence, grid, over, under, arrow.

    `text` is the token or the command's name, `slots` the rows inside, None where one is left out. A script's slots are the
    nucleus (a row of one or none), what is below and what is above; `marks` counts its primes.
    """

    kind: str
    text: str = ""
    slots: list = field(default_factory=list)
    marks: int = 0
    tex: str = ""  # where the source set it otherwise than the token says: \\bigl(, \\dfrac
    close: str = ""

    def copy(self) -> "Node":
        return Node(self.kind, self.text, [None if s is None else [n.copy() for n in s] for s in self.slots], self.marks, self.tex,
                    self.close)


Row = list

SPACES = set("! , : ; > / enspace quad qquad thinspace medspace thickspace negthinspace negmedspace enskip space hfill noindent null "
             "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits displaylimits nonumber notag relax protect "
             "allowbreak nobreak normalsize small large mathstrut strut centering".split())
SIZES = re.compile(r"^(big|Big|bigg|Bigg)[lrm]?$")
DROPPED = {"label": 1, "hspace": 1, "vspace": 1, "mspace": 1, "phantom": 1, "hphantom": 1, "vphantom": 1, "tag": 1, "color": 1}
KEPT = set("mathop mathrel mathbin mathord mathopen mathclose mathpunct mathinner ensuremath smash boxed".split())
ROWS = set("align aligned alignat alignedat split gather gathered eqnarray multline equation".split())
MATRICES = {"matrix": "matrix", "smallmatrix": "matrix", "array": "matrix", "pmatrix": "pmatrix", "bmatrix": "bmatrix",
            "vmatrix": "vmatrix", "cases": "cases", "dcases": "cases"}
KNOWN = set(LEAVES)
GROWING = {"<": "\\langle", ">": "\\rangle", "\\vert": "|", "\\Vert": "\\|", "\\lvert": "|", "\\rvert": "|", "\\lVert": "\\|",
           "\\rVert": "\\|", "\\lbrace": "\\{", "\\rbrace": "\\}", "\\lbrack": "[", "\\rbrack": "]", "\\mid": "|"}
DELIMITERS = set("( ) [ ] | / .".split()) | {"\\{", "\\}", "\\|", "\\langle", "\\rangle", "\\lfloor", "\\rfloor", "\\lceil", "\\rceil"}


def leaf(token: str, tex: str = "") -> Node:
    return Node("leaf", token, tex=tex)


def tall(row: Row) -> bool:
    """Whether brackets around it grow."""
    for node in row:
        if node.kind in ("frac", "binom", "grid", "fence") or node.kind == "leaf" and node.text in BIG:
            return True
        if node.kind in ("sqrt", "accent", "font") and tall(node.slots[0]):
            return True
        if node.kind == "script" and node.slots[0] and tall(node.slots[0]):
            return True
    return False


class Parser:
    def __init__(self, text: str):
        self.tokens = LEXER.findall(text)
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        while self.at < len(self.tokens) and (self.tokens[self.at].isspace() or self.tokens[self.at] == "~"):
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            raise Unreadable("more expected")
        self.at += 1
        return token

    def raw(self) -> str:
        """The text of a group, or one token."""
        if self.peek() != "{":
            return self.take()
        self.at += 1
        start, depth = self.at, 1
        while self.at < len(self.tokens):
            depth += {"{": 1, "}": -1}.get(self.tokens[self.at], 0)
            self.at += 1
            if not depth:
                return "".join(self.tokens[start:self.at - 1])
        raise Unreadable("a group without its end")

    def option(self) -> str | None:
        if self.peek() != "[":
            return None
        start = self.at + 1
        depth = 0
        for index in range(start, len(self.tokens)):
            depth += {"{": 1, "}": -1}.get(self.tokens[index], 0)
            if self.tokens[index] == "]" and not depth:
                self.at = index + 1
                return "".join(self.tokens[start:index])
        raise Unreadable("an option without its end")

    def argument(self, font: str) -> Row:
        if self.peek() == "{":
            self.at += 1
            return self.row(font, ("}",))
        return self.atom(font)

    def row(self, font: str, ends: tuple[str, ...]) -> Row:
        """Everything up to one of `ends`, which is taken."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("nested too deep")
        result: Row = []
        while True:
            token = self.peek()
            if token in ends:
                self.at += 1
                self.depth -= 1
                return result
            if token in ("", "}", "&"):
                raise Unreadable(f"{token or 'the end'} where {ends[0]} was expected")
            name = token[1:] if len(token) > 1 and token[0] == "\\" else ""
            if name in ("over", "atop", "choose"):
                self.at += 1
                bottom = self.row(font, ends)
                self.depth -= 1
                if name == "atop":
                    raise Unreadable("\\atop")
                return [Node("frac" if name == "over" else "binom", slots=[result, bottom])]
            if name in SWITCHES:
                self.at += 1
                font = FONT_OF[name]
            elif token in ("_", "^", "'"):
                self.scripts(font, result)
            else:
                result += self.atom(font)

    def scripts(self, font: str, result: Row) -> None:
        below, above, marks = None, None, 0
        while True:
            token = self.peek()
            if token == "'":
                self.at += 1
                marks += 1
            elif token in ("_", "^"):
                self.at += 1
                part = self.argument("" if font in ("mathrm", "text") else font)
                if token == "_":
                    below = (below or []) + part
                else:
                    above = (above or []) + part
            elif token in ("\\limits", "\\nolimits", "\\displaylimits"):
                self.at += 1
            else:
                break
        if above and all(n.kind == "leaf" and n.text == "\\prime" for n in above):
            marks, above = marks + len(above), None
        if above:
            above = [leaf("\\prime") for _ in range(marks)] + above
            marks = 0
        if not below and not above and not marks:
            return
        nucleus: Row = []
        if result and not (result[-1].kind == "leaf" and result[-1].text in RELATIONS):
            nucleus = [result.pop()]
            if nucleus[0].kind == "script":
                old = nucleus[0]
                # Scripts one after the other on one nucleus: {x_i}^2.
                if old.slots[1] and below or old.slots[2] and (above or marks) or old.marks and (above or marks):
                    result.append(old)
                    nucleus = []
                else:
                    below, above, marks = below or old.slots[1], above or old.slots[2], marks or old.marks
                    nucleus = old.slots[0]
        result.append(Node("script", slots=[nucleus, below or None, above or None], marks=marks))

    def dressed(self, token: str, font: str) -> Row:
        if token not in KNOWN:
            raise Unreadable(f"{token} is not among the tokens")
        one = leaf(token)
        letter = len(token) == 1 and token.isalpha()
        greek = token.startswith("\\") and token[1:].isalpha()
        if font == "mathrm" and letter or font in ("mathbf", "mathsf", "mathtt") and (letter or token.isdigit()):
            return [Node("font", font, [[one]])]
        if font in ("mathbf", "boldsymbol") and (greek and token not in FUNCTIONS + BIG) or font == "boldsymbol" and (letter or token.isdigit()):
            return [Node("font", "boldsymbol", [[one]])]
        if font in ("mathcal", "mathscr", "mathbb") and letter and token.isupper() or font == "mathfrak" and letter:
            return [Node("font", font, [[one]])]
        if font in ("mathcal", "mathscr", "mathbb", "mathfrak") and (letter or token.isdigit()):
            raise Unreadable(f"\\{font}{{{token}}}")
        return [one]

    def atom(self, font: str) -> Row:
        token = self.take()
        if token == "{":
            return self.row(font, ("}",))
        if token == "%":
            raise Unreadable("a comment")
        if token in "$^_&}" or not token.isascii():
            raise Unreadable(f"{token} out of place")
        if token[0] != "\\":
            return self.dressed(token, font)
        name = token[1:]
        starred = name.endswith("*")
        if starred and name != "*":
            name = name[:-1]
            token = "\\" + name
            if name not in FONT_OF and name not in DROPPED and name not in MATRICES:
                self.at -= 1
                self.tokens[self.at] = "*"
        if name == "*" or name.isspace() or name in SPACES:
            return []
        if SIZES.match(name):
            bracket = self.delimiter()
            return [leaf(bracket, f"\\{name}{bracket}")] if bracket != "." else []
        if name in ("left", "right", "middle"):
            if name == "left":
                return self.fence(font)
            if name == "middle" and self.depth:
                return [leaf(self.delimiter())]
            raise Unreadable(f"\\{name} out of place")
        if name in DROPPED:
            for _ in range(DROPPED[name]):
                self.raw()
            return []
        if name in KEPT:
            return self.argument(font)
        if name in TEXTUAL:
            return words(self.raw(), FONT_OF[name])
        if name in FONT_OF:
            return joined(self.argument(FONT_OF[name]))
        if name == "begin":
            return self.environment(font)
        if name == "pmod":
            return [leaf("("), leaf("\\bmod"), *self.argument(font), leaf(")")]
        if name == "mod":
            return [leaf("\\bmod")]
        if name in ("iint", "iiint"):
            return [leaf("\\int") for _ in range(len(name) - 2)]
        if name == "not":
            inner = self.atom(font)
            made = {"=": "\\neq", "\\in": "\\notin"}.get(inner[0].text if len(inner) == 1 else "")
            if not made:
                raise Unreadable("\\not")
            return [leaf(made)]
        if name in ("frac", "dfrac", "tfrac", "cfrac", "binom", "dbinom", "tbinom"):
            parts = [self.argument(font), self.argument(font)]
            kind = "binom" if name.endswith("binom") else "frac"
            return [Node(kind, slots=parts, tex="\\" + name if name[0] in "dt" else "")]
        if name == "sqrt":
            option = self.option()
            index = Parser(option).whole(font) if option else None
            return [Node("sqrt", slots=[self.argument(font), index])]
        if name in ACCENT_OF:
            return [Node("accent", ACCENT_OF[name], [self.argument(font)])]
        if name in ("overset", "stackrel", "underset"):
            script, body = self.argument(font), self.argument(font)
            return [Node("under" if name == "underset" else "over", slots=[script, body])]
        if name == "xrightarrow":
            return [Node("arrow", slots=[self.argument(font)])]
        if name == "dots":
            following = SAME.get(self.peek()[1:], self.peek())
            return [leaf("\\cdots" if following in OPERATORS + RELATIONS + BIG else "\\ldots")]
        result: Row = []
        same = SAME.get(name, token)
        for one in [same] if same[0] == "\\" else same:
            result += self.dressed(one, font)
        return result

    def delimiter(self) -> str:
        token = self.take()
        token = GROWING.get(token, token)
        if token not in DELIMITERS:
            raise Unreadable(f"{token} as a bracket")
        return token

    def fence(self, font: str) -> Row:
        opening = self.delimiter()
        body = self.row(font, ("\\right",))
        closing = self.delimiter()
        if tall(body):
            return [Node("fence", opening, [body], close=closing)]
        ends = [[leaf(one)] if one != "." else [] for one in (opening, closing)]
        return [*ends[0], *body, *ends[1]]

    def environment(self, font: str) -> Row:
        name = self.raw().rstrip("*")
        if name in ("array", "alignat", "alignedat"):
            self.option()
            self.raw()
        elif name in ROWS or name in MATRICES:
            self.option() if self.tokens[self.at:self.at + 1] == ["["] else None
        if name not in ROWS and name not in MATRICES:
            raise Unreadable(f"environment {name}")
        rows, cells = [], []
        while True:
            cell, end = self.cell(font)
            cells.append(cell)
            if end == "&":
                continue
            rows.append(cells)
            cells = []
            if end == "\\end":
                break
        self.raw()
        while rows and not any(rows[-1]):
            rows.pop()
        if name in ROWS:
            lines = [[node for cell in cells for node in cell] for cells in rows]
            lines = [line for line in lines if line]
            return lines[0] if len(lines) == 1 else stacked(lines)
        if len(rows) == 1 and len(rows[0]) == 1 and name in ("array", "matrix"):
            return rows[0][0]
        return [grid(MATRICES[name], rows)]

    def cell(self, font: str) -> tuple[Row, str]:
        """One cell, and what ended it."""
        start = self.at
        depth = groups = 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == "\\begin":
                depth += 1
            elif token == "\\end":
                if not depth:
                    break
                depth -= 1
            groups += {"{": 1, "}": -1}.get(token, 0)
            if token in ("&", "\\\\", "\\cr", "\\\\*") and not depth and not groups:
                break
            self.at += 1
        else:
            raise Unreadable("an environment without its end")
        inner = Parser("")
        inner.tokens, inner.depth = self.tokens[start:self.at], self.depth
        end = "\\\\" if self.tokens[self.at] in ("\\cr", "\\\\*") else self.tokens[self.at]
        self.at += 1
        if end == "\\\\" and self.at < len(self.tokens) and self.tokens[self.at] == "[":
            if re.match(r"\[-?[\d.]+ *[a-z]+\]", "".join(self.tokens[self.at:self.at + 12])):
                self.option()
        inner.tokens = [t for t in inner.tokens if t not in ("\\hline",)]
        return inner.whole(font), end

    def whole(self, font: str = "") -> Row:
        self.tokens.append("")
        result = self.row_to_end(font)
        return result

    def row_to_end(self, font: str) -> Row:
        self.tokens[-1] = "\0"
        return self.row(font, ("\0",))


def grid(name: str, rows: list[list[Row]]) -> Node:
    """Slots are the cells in order; `marks` is the number of columns."""
    columns = max(map(len, rows), default=0)
    if not columns or columns > 12 or len(rows) > 12:
        raise Unreadable("a grid of odd size")
    return Node("grid", name, [cell for cells in rows for cell in [*cells, *[[] for _ in range(columns - len(cells))]]], columns)


def stacked(lines: list[Row]) -> Row:
    if not lines:
        raise Unreadable("nothing")
    # Aligned lines within lines are one list.
    flat = []
    for line in lines:
        if len(line) == 1 and line[0].kind == "grid" and line[0].text == "aligned":
            flat += line[0].slots
        else:
            flat.append(line)
    return [Node("grid", "aligned", flat, 1)]


def words(text: str, font: str) -> Row:
    """\\text{…}: words in a font; $…$ inside is mathematics again."""
    result: Row = []
    for index, part in enumerate(re.split(r"(?<!\\)\$", text)):
        if index % 2:
            result += Parser(part).whole()
            continue
        part = re.sub(r"\s+|~|\\[ ,;:!]|\\q?quad(?![A-Za-z])", " ", part).strip()
        if not re.fullmatch(r"(?:[A-Za-z0-9 ,.;:!?()\[\]'/*+=<>`\"@-]|\\[_%#&])*", part):
            raise Unreadable(f"text {part}")
        leaves = [leaf(token) for token in LEXER.findall(part)]
        if not leaves:
            continue
        if font == "":
            result += [one for one in leaves if one.text != " "]
        elif font in ("mathrm",):
            result.append(Node("font", "text" if " " in part else "mathrm", [leaves]))
        else:
            result += [Node("font", font, [[one]]) if one.text.isalnum() else one for one in leaves if one.text != " "]
    return result


def joined(row: Row) -> Row:
    """Runs of letters in one font are one word; a function's name is that function."""
    result: Row = []
    for node in row:
        node.slots = [None if slot is None else joined(slot) for slot in node.slots]
        last = result[-1] if result else None
        if (node.kind == "font" and last is not None and last.kind == "font" and last.text == node.text and node.text != "text"
                and all(n.text.isalnum() for n in last.slots[0] + node.slots[0])):
            last.slots[0] += node.slots[0]
        else:
            result.append(node)
    for number, node in enumerate(result):
        node = named(node)
        if node.kind == "script" and node.slots[0]:
            node.slots[0] = [named(node.slots[0][0])]
        result[number] = node
    dots: Row = []
    for node in result:
        dots.append(node)
        if len(dots) >= 3 and all(n.kind == "leaf" and n.text == "." for n in dots[-3:]):
            dots[-3:] = [leaf("\\ldots", "...")]
    return dots


def named(node: Node) -> Node:
    if node.kind == "font" and node.text == "mathrm":
        name = "\\" + "".join(n.text for n in node.slots[0])
        if name in FUNCTIONS:
            return leaf(name)
        if name == "\\mod":
            return leaf("\\bmod")
    return node


DEFINING = re.compile(r"\\(re|provide)?newcommand|\\def(?![A-Za-z])|\\let(?![A-Za-z])|\\hbox to|\\kern|\\hskip|\\mkern|\\mskip|\\color|\\href|\\rule|\\tag")


def parsed(text: str) -> Row:
    """Raises Unreadable."""
    if DEFINING.search(text):
        raise Unreadable("TeX that is no formula")
    text = text.strip()
    bare = re.sub(r"\\begin\{.*\\end\{[a-z*]+\}", "", text, flags=re.S)
    if "\\\\" in bare or "&" in bare.replace("\\&", ""):
        text = f"\\begin{{aligned}}{text}\\end{{aligned}}"
    row = joined(Parser(text).whole())
    if not row:
        raise Unreadable("nothing")
    return row
