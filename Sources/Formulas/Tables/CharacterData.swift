/// Characters of Unicode that stand for something else in LaTeX.
enum CharacterData {
  /// Characters that a formula writes with several signs of LaTeX.
  static let composed: [Unicode.Scalar: String] = [
    "½": #"\frac{1}{2}"#, "⅓": #"\frac{1}{3}"#, "¼": #"\frac{1}{4}"#, "¾": #"\frac{3}{4}"#,
    "⅔": #"\frac{2}{3}"#, "⅕": #"\frac{1}{5}"#, "⅛": #"\frac{1}{8}"#, "°": #"^{\circ}"#,
    "″": "''", "‴": "'''", "≔": ":=", "≕": "=:", "∕": "/", "ℝ": #"\mathbb{R}"#,
    "ℕ": #"\mathbb{N}"#, "ℤ": #"\mathbb{Z}"#, "ℚ": #"\mathbb{Q}"#, "ℂ": #"\mathbb{C}"#,
    "ℙ": #"\mathbb{P}"#, "ℍ": #"\mathbb{H}"#, "ℒ": #"\mathcal{L}"#, "ℋ": #"\mathcal{H}"#,
    "ℱ": #"\mathcal{F}"#, "ℬ": #"\mathcal{B}"#, "ℰ": #"\mathcal{E}"#, "ℐ": #"\mathcal{I}"#,
    "ℳ": #"\mathcal{M}"#, "ℛ": #"\mathcal{R}"#, "ℎ": "h", "ⅆ": "d", "ⅇ": "e", "ⅈ": "i", "ⅉ": "j",
    "“": "``", "”": "''", "«": #"\ll"#, "»": #"\gg"#, "º": #"^{\circ}"#, "ª": "^{a}",
  ]

  static let superscripts: [Unicode.Scalar: String] = [
    "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8",
    "⁹": "9", "⁺": "+", "⁻": "-", "⁼": "=", "⁽": "(", "⁾": ")", "ⁿ": "n", "ⁱ": "i", "ᵀ": "T",
    "ˣ": "x", "ᵏ": "k", "ᵐ": "m", "ʲ": "j", "ᵃ": "a", "ᵇ": "b", "ᵗ": "t",
  ]

  static let subscripts: [Unicode.Scalar: String] = [
    "₀": "0", "₁": "1", "₂": "2", "₃": "3", "₄": "4", "₅": "5", "₆": "6", "₇": "7", "₈": "8",
    "₉": "9", "₊": "+", "₋": "-", "₌": "=", "₍": "(", "₎": ")", "ₐ": "a", "ₑ": "e", "ₒ": "o",
    "ₓ": "x", "ₖ": "k", "ₙ": "n", "ₘ": "m", "ᵢ": "i", "ⱼ": "j", "ᵣ": "r", "ₚ": "p", "ₛ": "s",
    "ₜ": "t",
  ]

  /// The letter or digit of ASCII that a mathematical one stands for, and its alphabet's command.
  static func plainLetter(_ scalar: Unicode.Scalar) -> (command: String?, letter: Unicode.Scalar)? {
    let value = scalar.value
    switch value {
    case 0x1D400...0x1D6A3:
      let alphabets: [String?] = [
        "mathbf", nil, "boldsymbol", "mathcal", "mathcal", "mathfrak", "mathbb", "mathfrak",
        "mathsf", "mathsf", "mathsf", "mathsf", "mathtt",
      ]
      let index = Int(value - 0x1D400)
      let letter = UInt32(index % 52)
      return Unicode.Scalar(letter < 26 ? 0x41 + letter : 0x61 + letter - 26)
        .map { (alphabets[index / 52], $0) }
    case 0x1D7CE...0x1D7FF:
      let alphabets = ["mathbf", "mathbb", "mathsf", "mathsf", "mathtt"]
      let index = Int(value - 0x1D7CE)
      return Unicode.Scalar(0x30 + UInt32(index % 10)).map { (alphabets[index / 10], $0) }
    case 0xFF21...0xFF3A, 0xFF41...0xFF5A, 0xFF10...0xFF19:
      return Unicode.Scalar(value - 0xFEE0).map { (nil, $0) }
    default: return nil
    }
  }

  /// The plain letter of a mathematical Greek one, such as 𝛼.
  static func greekLetter(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    guard (0x1D6A8...0x1D7C9).contains(scalar.value) else { return nil }
    let index = (scalar.value - 0x1D6A8) % 58
    switch index {
    case 0..<25: return Unicode.Scalar(0x391 + index)
    case 25: return "∇"
    case 26..<51: return Unicode.Scalar(0x3B1 + index - 26)
    default: return Array("∂ϵϑϰϕϱϖ".unicodeScalars)[Int(index - 51)]
    }
  }
}
