/// Formulas of the tests' own making, and strings made of pieces of formulas.
enum Samples {
  /// Valid formulas, in canonical spelling or not.
  static let formulas = [
    #"E = mc^2"#, #"\frac{a+b}{c-d}"#, #"\frac12 x"#, #"x_{n+1}=x_n-\frac{f(x_n)}{f'(x_n)}"#,
    #"\sqrt[3]{1+\sqrt{x}}"#, #"\int_0^\infty e^{-x^2}\,dx=\frac{\sqrt\pi}{2}"#,
    #"\sum\limits_{k=1}^{n}k=\binom{n+1}{2}"#, #"\lim_{h\to 0}\frac{f(x+h)-f(x)}{h}"#,
    #"\left(\frac{a}{b}\right)^{n}\left\{x\middle|x>0\right\}"#,
    #"\begin{pmatrix}1&0\\0&1\end{pmatrix}"#,
    #"\left[\begin{array}{c|cc}a&b&c\\\hline 1&2&3\\[2pt] 4&5&6\end{array}\right]"#,
    #"f(x)=\begin{cases}1&\text{if $x>0$}\\0&\text{otherwise}\end{cases}"#,
    #"\begin{align*}a&=b+c\\&=d\end{align*}"#, #"\begin{gathered}a\\b\end{gathered}"#,
    #"\overbrace{a+\cdots+a}^{n\text{ times}}"#, #"\hat{x}\tilde y\bar{z}\vec{v}\dot q\ddot{q}"#,
    #"\mathbb{R}^n\subseteq\mathcal{H}\oplus\mathfrak{g}"#, #"f''(x)+f'''_{xy}"#, #"x'^2_i"#,
    #"\operatorname{rank}A=\operatorname*{argmax}_{x\in X}f(x)"#, #"a\equiv b\pmod{n}"#,
    #"\not=\not\in\notin"#, #"{a \over b}+{n \choose k}"#, #"{\bf x}\cdot{\rm d}y"#,
    #"\displaystyle\sum_{i\ne j}a_{ij}"#, #"\sum_{\substack{i<n\\j<m}}c_{ij}"#,
    #"\Bigl(\bigl|x\bigr|\Bigr)"#, #"A\xrightarrow[f]{g}B"#, #"\overset{!}{=}\underset{x}{\max}"#,
    #"\hspace{1em}\kern3pt\mkern-2mu\quad\,\;\!"#, #"\genfrac{[}{]}{0pt}{1}{a}{b}"#,
    #"\sideset{_1^2}{_3^4}\prod"#, #"\phantom{x}\smash[b]{y}\boxed{z}"#,
    #"\text{a \textbf{b} \'e \"u $\frac{1}{2}$ 50\%}"#, #"\color{red}x+\textcolor{blue}{y}"#,
    #"\langle\psi|\phi\rangle\lfloor x\rfloor\|v\|"#, #"\{a,b\}\setminus\emptyset"#,
    #"\cfrac{1}{1+\cfrac{1}{x}}"#, #"\iint_D\oint_C\partial\nabla"#, #"1.5\times10^{-3}"#, "",
    #"\begin{alignedat}{2}a&=b&c&=d\end{alignedat}"#, #"\left.\frac{dy}{dx}\right|_{x=0}"#,
    #"\alpha\beta\Gamma\varepsilon\ldots\cdots\vdots\ddots"#, #"x\tag{1}"#,
    #"a_{b_{c_d}}^{e^{f^g}}"#,
    #"\begin{array}{*{3}{c}@{\,}l}1&2&3&4\end{array}"#,
    #"\begin{array}{cc}\multicolumn{2}{c}{a}\\b&c\end{array}"#, #"\mathop{\rm Res}\nolimits_{z=0}"#,
    #"x~y\ z"#, #"\boldsymbol{\alpha}\mathbf{Ab1}\mathsf{S}\mathtt{t}"#,
  ]

  /// Pieces that random strings are made of: parts of formulas, and what breaks them.
  static let pieces = [
    "a", "x", "1", "2", " ", "+", "=", "(", ")", "[", "]", "|", "'", ",", ".", "{", "}", "^", "_",
    "&", "\\\\", "\\\\[2pt]", "$", "#", "%", "~", "\n", "\n\n", "\\", "\\frac", "\\sqrt", "\\left",
    "\\right", "\\middle", "\\big", "\\{", "\\}", "\\alpha", "\\sum", "\\limits", "\\le", "\\not",
    "\\begin{matrix}", "\\end{matrix}", "\\begin{array}{cc}", "\\end{array}", "\\begin{align}",
    "\\end{align}", "\\begin{aligned}[t]", "\\end{aligned}", "\\begin{", "\\end{", "\\begin{foo}",
    "\\text{", "\\mbox", "\\hbox{", "\\mathrm", "\\bf", "\\over", "\\choose", "\\hline", "\\tag{1}",
    "\\hat", "\\operatorname*", "\\hspace{1em}", "\\kern", "3pt", "\\color{red}", "\\label{a}",
    "\\genfrac", "\\binom", "\\substack{", "\\underbrace", "\\displaystyle", "\\foo", "\\input",
    "\\def", "α", "≤", "中", "²", "\u{0}", "\u{202E}", "😀", "\\'", "\\ ", "\\,", "\\quad", "\\sin",
    "\\multicolumn{2}{c}", "\\cr", "\\nonumber", "\\sideset", "\\(", "\\)", "\\[", "\\]", "*", "``",
    "\\xrightarrow", "\\mspace{2mu}", "\\rule{1em}{2pt}", "\\phantom", "\\pmod", "<", ">", "&lt;",
  ]

  static func random(_ generator: inout SplitMix) -> String {
    var text = ""
    for _ in 0..<generator.below(14) + 1 { text += pieces[generator.below(pieces.count)] }
    return text
  }

  /// One of the formulas with a few bytes changed, taken away or put in.
  static func broken(_ generator: inout SplitMix) -> [UInt8] {
    var bytes = Array(formulas[generator.below(formulas.count)].utf8)
    for _ in 0..<generator.below(3) {
      let index = generator.below(bytes.count + 1)
      switch generator.below(3) {
      case 0: bytes.insert(contentsOf: Array(pieces[generator.below(pieces.count)].utf8), at: index)
      case 1: if index < bytes.count { bytes.remove(at: index) }
      default: if index < bytes.count { bytes[index] = UInt8(0x20 + generator.below(95)) }
      }
    }
    // Only whole characters: a text is UTF-8.
    return Array(String(decoding: bytes, as: UTF8.self).utf8)
  }
}

/// Random numbers that are the same in each run.
struct SplitMix {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
