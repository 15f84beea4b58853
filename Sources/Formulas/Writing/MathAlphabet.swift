/// The alphabets that formulas have letters in, and the characters of Unicode for them.
package enum MathAlphabet: Sendable {
  case normal, upright, bold, italic, boldItalic, script, boldScript, fraktur, doubleStruck, sans
  case monospace

  /// The alphabet that a command sets its letters in, by the command's name.
  init?(command name: String) {
    switch name {
    case "mathrm", "rm", "textrm", "textnormal", "textup", "rmfamily", "operatorname", "mathup":
      self = .upright
    case "mathbf", "bf", "bold", "textbf", "bfseries": self = .bold
    case "mathit", "it", "textit", "itshape", "mathnormal", "mit", "sl", "emph", "em", "textsl":
      self = .italic
    case "boldsymbol", "bm", "pmb": self = .boldItalic
    case "mathcal", "cal", "mathscr": self = .script
    case "mathfrak", "frak": self = .fraktur
    case "mathbb", "Bbb", "mathds", "mathbbm": self = .doubleStruck
    case "mathsf", "sf", "textsf", "sffamily": self = .sans
    case "mathtt", "tt", "texttt", "ttfamily": self = .monospace
    default: return nil
    }
  }

  /// The letter in this alphabet; nil where Unicode has none, or for what is no letter.
  package func character(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    let value = scalar.value
    switch value {
    case 0x41...0x5A: return letter(Int(value) - 0x41, scalar)
    case 0x61...0x7A: return letter(Int(value) - 0x61 + 26, scalar)
    case 0x30...0x39: return digit(value - 0x30)
    case 0x391...0x3A9, 0x3B1...0x3C9: return greek(value)
    default: return special(scalar)
    }
  }

  private func letter(_ index: Int, _ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    let exceptions: [Unicode.Scalar: Unicode.Scalar]
    let base: UInt32
    switch self {
    case .normal, .upright: return nil
    case .bold: (base, exceptions) = (0x1D400, [:])
    case .italic: (base, exceptions) = (0x1D434, ["h": "ℎ"])
    case .boldItalic: (base, exceptions) = (0x1D468, [:])
    case .script:
      base = 0x1D49C
      exceptions = [
        "B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ",
        "g": "ℊ", "o": "ℴ",
      ]
    case .boldScript: (base, exceptions) = (0x1D4D0, [:])
    case .fraktur:
      base = 0x1D504
      exceptions = ["C": "ℭ", "H": "ℌ", "I": "ℑ", "R": "ℜ", "Z": "ℨ"]
    case .doubleStruck:
      base = 0x1D538
      exceptions = ["C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"]
    case .sans: (base, exceptions) = (0x1D5A0, [:])
    case .monospace: (base, exceptions) = (0x1D670, [:])
    }
    return exceptions[scalar] ?? Unicode.Scalar(base + UInt32(index))
  }

  private func digit(_ value: UInt32) -> Unicode.Scalar? {
    let base: UInt32? =
      switch self {
      case .bold, .boldItalic: 0x1D7CE
      case .doubleStruck: 0x1D7D8
      case .sans: 0x1D7E2
      case .monospace: 0x1D7F6
      default: nil
      }
    return base.flatMap { Unicode.Scalar($0 + value) }
  }

  private func greek(_ value: UInt32) -> Unicode.Scalar? {
    let base: UInt32
    switch self {
    case .bold: base = 0x1D6A8
    case .italic: base = 0x1D6E2
    case .boldItalic: base = 0x1D71C
    default: return nil
    }
    // Capitals, nabla, small letters: the blocks follow the order of the Greek one.
    return Unicode.Scalar(value < 0x3B1 ? base + value - 0x391 : base + 26 + value - 0x3B1)
  }

  private func special(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    let names: [Unicode.Scalar] = ["∂", "ϵ", "ϑ", "ϰ", "ϕ", "ϱ", "ϖ"]
    if scalar == "ı" || scalar == "ȷ" {
      guard self == .italic else { return nil }
      return scalar == "ı" ? "𝚤" : "𝚥"
    }
    guard let index = names.firstIndex(of: scalar) else {
      if scalar == "∇", self == .bold || self == .boldItalic { return self == .bold ? "𝛁" : "𝜵" }
      return nil
    }
    let base: UInt32
    switch self {
    case .bold: base = 0x1D6DB
    case .italic: base = 0x1D715
    case .boldItalic: base = 0x1D74F
    default: return nil
    }
    return Unicode.Scalar(base + UInt32(index))
  }

  /// This alphabet inside of another: bold inside of italic is bold italic.
  func inside(_ outer: MathAlphabet) -> MathAlphabet {
    switch (outer, self) {
    case (.boldItalic, .upright), (.boldItalic, .bold): .bold
    case (.boldItalic, .script): .boldScript
    default: self
    }
  }
}
