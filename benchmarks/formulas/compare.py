"""Compares the converter of formulas with others, and has its output read by the programs that it is for.

    compare.py COMMAND FORMULAS [--count 1000] [--seed 28] [--json FILE]

COMMAND is `janus-lite` (its `formula` subcommand is used); FORMULAS has one formula of LaTeX a line. README.md says what
is measured and what must be installed.
"""

import argparse
import collections
import html
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lxml import etree

MATHML = "{http://www.w3.org/1998/Math/MathML}"


def convert(command, latex, *options):
    done = subprocess.run(
        [command, "formula", *options], input=latex, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout.strip("\n"), done.stderr.strip()


def ours(command, latex):
    row = {"latex": latex}
    row["status"], _, row["problem"] = convert(command, latex, "--check")
    row["canonical"] = convert(command, latex, "--to", "latex")[1]
    for form in ("mathml", "typst", "text"):
        row[form] = convert(command, latex, "--to", form)[1]
    return row


# Others' MathML


def pandoc(latex):
    done = subprocess.run(
        ["pandoc", "-f", "markdown", "-t", "html", "--mathml"],
        input="$$" + latex + "$$\n", capture_output=True, text=True, timeout=60,
    )
    found = re.search(r"<math.*</math>", done.stdout, re.S)
    return found[0] if found else None


def latex2mathml(latex):
    from latex2mathml.converter import convert as other

    try:
        return other(latex, display="block")
    except Exception:
        return None


# One normal form of MathML: wrappers, spaces and attributes go; signs that look the same are the same.

WRAPPERS = {"mrow", "mstyle", "mpadded", "semantics", "math", "mphantom", "menclose"}
SAME = str.maketrans({"−": "-", "⁡": "", "⁢": "", "′": "'", "∗": "*", "⋅": "·", "…": "...", "∣": "|", "∥": "‖", "⟂": "⊥",
                      "ϵ": "ε", "ϕ": "φ", "¯": "‾", "―": "‾", "^": "ˆ", "~": "˜", "∖": "\\", "⟨": "〈", "⟩": "〉", "\u00a0": " ",
                      "⃗": "→", "˙": ".", "∙": "•", "⋆": "*", "‵": "`", "‾": "‾", "_": "‾", "`": "‘", "\u2009": " ", "\u0338": "/"})


def text_of(element):
    text = unicodedata.normalize("NFKC", "".join(element.itertext()).translate(SAME))
    return text.translate(SAME).replace(" ", "").replace("''", "″").replace("′", "'")


def normal(element):
    """A list of items: characters, or (name, [arguments])."""
    name = etree.QName(element).localname
    if name in ("annotation", "mspace", "none", "mprescripts"):
        return []
    if name in ("mi", "mo", "mn", "mtext", "ms"):
        return list(text_of(element))
    children = [child for child in element if isinstance(child.tag, str)]
    if name in WRAPPERS:
        return [item for child in children for item in normal(child)]
    if name == "mtd":
        return [("cell", [[item for child in children for item in normal(child)]])]
    if name in ("mtable", "mtr"):
        return [(name, [[item for child in children for item in normal(child)]])]
    if name in ("munder", "mover", "munderover"):
        # Below and above, or at the side: the place depends on the line, and converters differ in who decides.
        name = {"munder": "msub", "mover": "msup", "munderover": "msubsup"}[name]
    arguments = [normal(child) for child in children]
    if name in ("msub", "msup", "msubsup") and arguments:
        return script(name, arguments)
    if name == "msqrt":
        return [("msqrt", [[item for argument in arguments for item in argument]])]
    return [(name, arguments)]


def script(name, arguments):
    # A script belongs to the last item of its base, whatever else stands in one row with it.
    base = arguments[0]
    return base[:-1] + [(name, [base[-1:], *arguments[1:]])]


def shape(markup):
    try:
        root = etree.fromstring(markup.encode(), etree.XMLParser(recover=False, resolve_entities=False))
    except etree.XMLSyntaxError:
        try:
            root = etree.fromstring(re.sub(r"&(?!amp;|lt;|gt;|quot;|#)(\w+);", lambda m: html.unescape(m[0]), markup).encode())
        except etree.XMLSyntaxError:
            return None
    return normal(root)


def flat(items):
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            yield item[0]
            for argument in item[1]:
                yield from flat(argument)


def kind(mine, other):
    """Why two shapes differ, in a word."""
    a, b = collections.Counter(flat(mine)), collections.Counter(flat(other))
    if a == b:
        return "the same parts, nested or ordered otherwise"
    missing, more = b - a, a - b
    names = {"msub", "msup", "msubsup", "mfrac", "mtable", "mtr", "cell", "msqrt", "mroot", "mmultiscripts"}
    tags = sorted((set(missing) | set(more)) & names)
    if not tags:
        signs = "".join(sorted(missing)[:3]) + " / " + "".join(sorted(more)[:3])
        return f"signs: theirs {signs}".replace(" / ", ", ours ")
    return "elements: " + ", ".join(tags)


def compare(rows, converter, name):
    """Rows of a table: how many are the same, and the rest by kind."""
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda row: converter(row["latex"]), rows))
    same, failed, kinds, examples = 0, 0, collections.Counter(), {}
    for row, other in zip(rows, others):
        theirs = shape(other) if other else None
        if theirs is None:
            failed += 1
            continue
        mine = shape(row["mathml"])
        if mine == theirs:
            same += 1
            continue
        word = kind(mine or [], theirs)
        kinds[word] += 1
        examples.setdefault(word, row["latex"])
    print(f"\n## {name}: {same} the same, {sum(kinds.values())} differ, {failed} that it does not read, of {len(rows)}")
    for word, count in kinds.most_common(25):
        print(f"{count:5}  {word}    e.g. {examples[word][:110]}")
    return {"same": same, "differ": sum(kinds.values()), "failed": failed, "kinds": kinds.most_common()}


# Programs that read the output


def typst_compiles(rows):
    import typst

    def fails(subset):
        source = "\n\n".join("$ " + row["typst"] + " $" for row in subset)
        try:
            typst.compile(source.encode())
            return []
        except Exception as error:
            if len(subset) == 1:
                return [(subset[0], str(error))]
            middle = len(subset) // 2
            return fails(subset[:middle]) + fails(subset[middle:])

    bad = fails(rows)
    print(f"\n## Typst: {len(rows) - len(bad)} of {len(rows)} compile")
    for row, error in bad[:20]:
        print("   ", row["latex"][:100], "->", row["typst"][:100], ":", error.splitlines()[0][:100])
    return {"compiled": len(rows) - len(bad), "of": len(rows)}


def latex_compiles(rows):
    """Sets the canonical LaTeX with pdflatex, all formulas in one document; an error names its formula."""
    if not shutil.which("pdflatex"):
        return None
    head = r"""\documentclass{article}\usepackage{amsmath,amssymb,bm,mathtools,mathrsfs,cancel,xcolor,dsfont,stmaryrd,esint,mathdots}
\setcounter{MaxMatrixCols}{10}\begin{document}
"""
    body = "".join(f"\\typeout{{FORMULA {number}}}\n{displayed(row['canonical'])}\n\n" for number, row in enumerate(rows))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "all.tex").write_text(head + body + r"\end{document}")
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", "all.tex"],
            cwd=folder, capture_output=True, timeout=1200,
        )
    number, bad = None, {}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("FORMULA "):
            number = int(line.split()[1])
        elif line.startswith("! "):
            bad.setdefault(number, line)
    print(f"\n## LaTeX: {len(rows) - len(bad)} of {len(rows)} compile")
    for number, line in list(bad.items())[:20]:
        print("   ", line, ":", rows[number]["canonical"][:150] if number is not None else "")
    return {"compiled": len(rows) - len(bad), "of": len(rows)}


def displayed(latex):
    outer = re.match(r"\\begin\{(align|flalign|gather|multline|eqnarray|alignat|equation)\*?\}", latex)
    return latex if outer else "\\[" + latex + "\\]"


def schema_valid(rows, schema):
    """Validates with jing against the RelaxNG of MathML 3."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, row in enumerate(rows):
            path = Path(folder, f"{number}.xml")
            path.write_text(row["mathml"])
            files.append(str(path))
        bad = collections.Counter()
        failed = set()
        for start in range(0, len(files), 200):
            done = subprocess.run(["jing", *(["-c"] if schema.endswith(".rnc") else []), schema, *files[start : start + 200]],
                                  capture_output=True, text=True, timeout=600)
            for line in done.stdout.splitlines():
                found = re.match(r"(.*)/(\d+)\.xml:\d+:\d+: (.*)", line)
                if found:
                    failed.add(int(found[2]))
                    bad[found[3][:120]] += 1
    print(f"\n## RelaxNG: {len(rows) - len(failed)} of {len(rows)} valid")
    for word, count in bad.most_common(10):
        print(f"{count:5}  {word}")
    return {"valid": len(rows) - len(failed), "of": len(rows), "errors": bad.most_common(10)}


PAGE = """<!doctype html><meta charset="utf-8"><body>%s<pre id="r"></pre><script>
const all = [...document.querySelectorAll('math')];
const core = new Set('math semantics annotation mrow mi mo mn mtext mspace ms mfrac msqrt mroot mstyle mpadded mphantom merror msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd'.split(' '));
const odd = {};
let empty = 0, errors = document.querySelectorAll('merror').length;
all.forEach((m, i) => {
  const b = m.getBoundingClientRect();
  if (!(b.width > 0 && b.height > 0)) { empty++; (odd['empty ' + i] = 1); }
  m.querySelectorAll('*').forEach(e => { if (!core.has(e.localName)) odd[e.localName] = (odd[e.localName] || 0) + 1; });
});
document.getElementById('r').textContent = JSON.stringify({formulas: all.length, empty, errors, odd});
</script>"""


def rendered(rows):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        return None
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(PAGE % "".join(f"<p>{row['mathml']}</p>\n" for row in rows))
        done = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000",
             f"--user-data-dir={folder}/profile", "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=600,
        )
    found = re.search(r'<pre id="r">(.*?)</pre>', done.stdout, re.S)
    result = json.loads(html.unescape(found[1])) if found else {"error": done.stderr[-300:]}
    print("\n## chromium:", json.dumps(result))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("formulas")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=28)
    parser.add_argument("--json")
    parser.add_argument("--schema", help="RelaxNG of MathML 3, .rng or .rnc")
    arguments = parser.parse_args()
    lines = [line for line in Path(arguments.formulas).read_text().split("\n") if line.strip()]
    chosen = random.Random(arguments.seed).sample(lines, min(arguments.count, len(lines)))
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda latex: ours(arguments.command, latex), chosen))
    valid = [row for row in rows if row["status"] == 0]
    print(f"# {len(valid)} of {len(rows)} parsed as valid ({100 * len(valid) / len(rows):.1f} %)")
    for row in rows:
        if row["status"]:
            print("   ", row["problem"][:120], ":", row["latex"][:120])
    result = {"parsed": len(valid), "of": len(rows)}
    result["typst"] = typst_compiles(rows)
    result["latex"] = latex_compiles(rows)
    if arguments.schema:
        result["schema"] = schema_valid(rows, arguments.schema)
    result["chromium"] = rendered(rows)
    result["latex2mathml"] = compare(rows, latex2mathml, "latex2mathml")
    result["pandoc"] = compare(rows, pandoc, "pandoc")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    sys.exit(main())
