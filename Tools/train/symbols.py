"""What the reader writes: the tokens of real formulas, and how LaTeX's many names for one print become one of them."""

from formulas import CAPITALS, DIGITS, GREEK, LETTERS
from formulas import INKED as FIRST

# By classes, so that a formula can be varied: a relation stays a relation.
VARIABLES = [*"abcdefghijklmnopqrstuvwxyz", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
GREEK_SMALL = [f"\\{name}" for name in (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho "
    "sigma varsigma tau upsilon phi varphi chi psi omega").split()]
GREEK_CAPITAL = [f"\\{name}" for name in "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()]
SIGNS = [f"\\{name}" for name in (
    "infty partial nabla ell hbar imath jmath wp Re Im aleph emptyset forall exists neg top bot angle dagger ddagger star "
    "bullet square lozenge triangle sharp flat prime cdots ldots vdots ddots").split()]
OPERATORS = ["+", "-", "*", "/", *(f"\\{name}" for name in (
    "cdot times pm mp div circ otimes oplus ominus odot wedge vee cap cup setminus sqcup sqcap uplus rtimes ltimes amalg bmod"
).split())]
RELATIONS = ["=", "<", ">", *(f"\\{name}" for name in (
    "leq geq neq equiv approx sim simeq cong propto ll gg in ni notin subset subseteq subsetneq supset supseteq prec succ "
    "preceq succeq perp vdash models asymp doteq triangleq lesssim gtrsim leqslant geqslant").split())]
ARROWS = [f"\\{name}" for name in (
    "rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow mapsto longmapsto longrightarrow longleftarrow "
    "Longrightarrow Longleftarrow Longleftrightarrow uparrow downarrow hookrightarrow nearrow rightharpoonup").split()]
BIG = [f"\\{name}" for name in (
    "sum prod int oint coprod bigcup bigcap bigoplus bigotimes bigwedge bigvee bigsqcup").split()]
FUNCTIONS = [f"\\{name}" for name in (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp min max sup inf lim limsup liminf det dim "
    "ker hom deg gcd arg Pr").split()]
OPENING = ["(", "[", "\\{", "\\langle", "\\lfloor", "\\lceil"]
CLOSING = [")", "]", "\\}", "\\rangle", "\\rfloor", "\\rceil"]
BARS = ["|", "\\|"]
MARKS = [",", ".", ";", ":", "!", "?", "'", "\"", "`", "@", "\\_", "\\%", "\\#", "\\&", "\\$"]
ACCENTS = [f"\\{name}{{" for name in (
    "hat tilde bar vec dot ddot check breve widehat widetilde overline underline overrightarrow overbrace underbrace").split()]
FONTS = [f"\\{name}{{" for name in (
    "mathrm text mathbf boldsymbol mathbb mathcal mathfrak mathsf mathtt mathscr").split()]
GRIDS = ["matrix", "pmatrix", "bmatrix", "vmatrix", "cases", "aligned"]

LEAVES = [*DIGITS, *VARIABLES, *GREEK_SMALL, *GREEK_CAPITAL, *SIGNS, *OPERATORS, *RELATIONS, *ARROWS, *BIG, *FUNCTIONS, *OPENING,
          *CLOSING, *BARS, *MARKS]
HEADS = ["\\frac{", "\\sqrt{", "\\sqrt[", "\\binom{", "\\overset{", "\\underset{", "\\xrightarrow{", *ACCENTS, *FONTS,
         *(f"\\begin{{{name}}}" for name in GRIDS)]
# Tokens that leave ink, or at whose place ink of theirs begins; the vision tower learns to name these.
INKED = list(dict.fromkeys([*FIRST, *LEAVES, *HEADS]))
SILENT = ["_{", "^{", "}", "}{", "]{", " ", "\\left", "\\right", "\\\\", "&", *(f"\\end{{{name}}}" for name in GRIDS)]
TOKENS = [*INKED, *SILENT]
assert all(token in INKED for token in [*DIGITS, *LETTERS, *CAPITALS, *(f"\\{name}" for name in GREEK)])

# Names that print the same.
SAME = dict(pair.split("=", 1) for pair in r"""
le=\leq ge=\geq ne=\neq to=\rightarrow gets=\leftarrow lbrace=\{ rbrace=\} lbrack=[ rbrack=] vert=| lvert=| rvert=| mid=| Vert=\| lVert=\| rVert=\|
parallel=\| land=\wedge lor=\vee lnot=\neg owns=\ni colon=: lt=< gt=> ast=* centerdot=\cdot cdotp=\cdot ldotp=. dotsc=\ldots dotso=\ldots
hdots=\ldots mathellipsis=\ldots textellipsis=\ldots dotsb=\cdots dotsm=\cdots dotsi=\cdots implies=\Longrightarrow impliedby=\Longleftarrow
iff=\Longleftrightarrow backslash=\setminus smallsetminus=\setminus dag=\dagger ddag=\ddagger hslash=\hbar varnothing=\emptyset bigstar=\star
vartriangle=\triangle Box=\square Diamond=\lozenge restriction=\uparrow coloneqq=:= textless=< textgreater=> textbar=| textendash=- real=\Re
doublecap=\cap diamond=\lozenge bigcirc=\circ lvertneqq=\leq lhd=< rhd=> Pr=\Pr infin=\infty isin=\in thickapprox=\approx thicksim=\sim
vdots=\vdots injlim=\lim textasteriskcentered=* textbackslash=\setminus textunderscore=\_ lgroup=( rgroup=) lbbrack=[ slash=/
""".split())
# With arguments of their own.
ACCENT_OF = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "bar", "overline": "bar", "vec": "vec",
    "overrightarrow": "vec", "dot": "dot", "ddot": "ddot", "check": "check", "widecheck": "check", "breve": "breve",
    "underline": "underline", "underbar": "underline", "overbrace": "overbrace", "underbrace": "underbrace",
}
WIDE = {"hat": "widehat", "tilde": "widetilde", "bar": "overline", "vec": "overrightarrow"}
FONT_OF = {
    **{name: "mathrm" for name in "mathrm operatorname rm roman textup mathup textnormal textrm mbox hbox text up".split()},
    **{name: "mathbf" for name in "mathbf textbf bf".split()}, **{name: "boldsymbol" for name in "boldsymbol bm pmb mathbfit".split()},
    "mathbb": "mathbb", "Bbb": "mathbb", "mathcal": "mathcal", "cal": "mathcal", "mathscr": "mathscr", "mathfrak": "mathfrak",
    "frak": "mathfrak", "mathsf": "mathsf", "textsf": "mathsf", "sf": "mathsf", "mathtt": "mathtt", "texttt": "mathtt", "tt": "mathtt",
    "mathit": "", "textit": "", "it": "", "emph": "", "mathnormal": "", "textsc": "mathrm", "sc": "mathrm",
}
TEXTUAL = set("text textrm textnormal textup textbf textit textsf texttt textsc emph mbox hbox".split())
SWITCHES = set("rm bf it cal sf tt sc frak".split())
