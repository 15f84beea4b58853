/// What commands print, for all writers.
enum Glyphs {
  /// Accents as the characters that stand above, and whether they stretch.
  static let accents: [String: (sign: String, combining: String, stretches: Bool)] = [
    "hat": ("^", "\u{0302}", false), "widehat": ("^", "\u{0302}", true),
    "check": ("ˇ", "\u{030C}", false), "widecheck": ("ˇ", "\u{030C}", true),
    "tilde": ("~", "\u{0303}", false), "widetilde": ("~", "\u{0303}", true),
    "acute": ("´", "\u{0301}", false), "grave": ("`", "\u{0300}", false),
    "dot": ("˙", "\u{0307}", false), "ddot": ("¨", "\u{0308}", false),
    "dddot": ("⃛", "\u{20DB}", false), "ddddot": ("⃜", "\u{20DC}", false),
    "breve": ("˘", "\u{0306}", false), "bar": ("¯", "\u{0304}", false),
    "vec": ("→", "\u{20D7}", false), "mathring": ("˚", "\u{030A}", false),
    "overline": ("¯", "\u{0305}", true),
    "overrightarrow": ("→", "\u{20D7}", true), "overleftarrow": ("←", "\u{20D6}", true),
    "overleftrightarrow": ("↔", "\u{20E1}", true), "overbrace": ("⏞", "", true),
    "overbracket": ("⎴", "", true), "overparen": ("⏜", "", true),
  ]

  /// What stands below.
  static let underAccents: [String: (sign: String, combining: String)] = [
    "underline": ("_", "\u{0332}"), "underbar": ("_", "\u{0332}"), "underbrace": ("⏟", ""),
    "underbracket": ("⎵", ""), "underparen": ("⏝", ""), "underrightarrow": ("→", "\u{20EF}"),
    "underleftarrow": ("←", "\u{20EE}"), "underleftrightarrow": ("↔", "\u{034D}"),
  ]

  /// Arrows that grow with what stands on them.
  static let arrows: [String: String] = [
    "xrightarrow": "→", "xleftarrow": "←", "xleftrightarrow": "↔", "xRightarrow": "⇒",
    "xLeftarrow": "⇐", "xLeftrightarrow": "⇔", "xmapsto": "↦", "xhookrightarrow": "↪",
    "xhookleftarrow": "↩", "xrightleftharpoons": "⇌", "xleftrightharpoons": "⇋",
    "xlongequal": "=",
  ]

  /// Widths of spaces, in em.
  static let spaces: [String: Double] = [
    ",": 0.1667, "thinspace": 0.1667, ":": 0.2222, ">": 0.2222, "medspace": 0.2222, ";": 0.2778,
    "thickspace": 0.2778, "!": -0.1667, "negthinspace": -0.1667, "negmedspace": -0.2222,
    "negthickspace": -0.2778, "enspace": 0.5, "enskip": 0.5, "quad": 1, "qquad": 2, " ": 0.3333,
    "space": 0.3333, "hfill": 1, "hfil": 1, "*": 0, "-": 0, "/": 0, "@": 0,
  ]

  /// Sizes of `\big` and its like.
  static let sizes: [String: Double] = [
    "big": 1.2, "bigl": 1.2, "bigr": 1.2, "bigm": 1.2, "Big": 1.8, "Bigl": 1.8, "Bigr": 1.8,
    "Bigm": 1.8, "bigg": 2.4, "biggl": 2.4, "biggr": 2.4, "biggm": 2.4, "Bigg": 3, "Biggl": 3,
    "Biggr": 3, "Biggm": 3,
  ]

  /// Relations with a stroke through them.
  static let negated: [String: String] = [
    "=": "≠", "<": "≮", ">": "≯", "∈": "∉", "∋": "∌", "⊂": "⊄", "⊃": "⊅", "⊆": "⊈", "⊇": "⊉",
    "≡": "≢", "∼": "≁", "≃": "≄", "≈": "≉", "≅": "≇", "≤": "≰", "≥": "≱", "∣": "∤", "|": "∤",
    "∥": "∦", "→": "↛", "←": "↚", "⇒": "⇏", "⇐": "⇍", "⇔": "⇎", "∃": "∄", "≺": "⊀", "≻": "⊁",
    "⊢": "⊬", "⊨": "⊭", "⪯": "⋠", "⪰": "⋡", "⊑": "⋢", "⊒": "⋣", "↔": "↮",
  ]

  /// A delimiter's character; empty for the dot.
  static func delimiter(_ node: Node) -> String {
    switch node.kind {
    case .character("."): ""
    case .character("<"): "⟨"
    case .character(">"): "⟩"
    case .character(let scalar): String(Character(scalar))
    case .command(let id): CommandTable.shared[id].glyph
    default: ""
    }
  }

  /// The em of a length such as 3pt or 2mu; nil for none.
  static func em(_ length: String) -> Double? {
    let text = length.filter { $0 != " " }
    guard let unit = text.unicodeScalars.firstIndex(where: { ("a"..."z").contains($0) }),
      let value = number(text[..<unit])
    else { return nil }
    let factors: [String: Double] = [
      "em": 1, "ex": 0.43, "mu": 1.0 / 18, "pt": 0.1, "bp": 0.1004, "pc": 1.2, "cm": 2.845,
      "mm": 0.2845, "in": 7.227, "sp": 0, "dd": 0.107, "cc": 1.284,
    ]
    return factors[String(text[unit...])].map { min(max(-50, $0 * value), 50) }
  }

  private static func number(_ text: Substring) -> Double? {
    var digits = text
    if digits.first == "+" { digits = digits.dropFirst() }
    let isNegative = digits.first == "-"
    if isNegative { digits = digits.dropFirst() }
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first else { return nil }
    var value = 0.0
    for digit in whole.utf8 {
      guard (0x30...0x39).contains(digit) else { return nil }
      value = value * 10 + Double(digit - 0x30)
    }
    var scale = 0.1
    if parts.count == 2 {
      for digit in parts[1].utf8 {
        guard (0x30...0x39).contains(digit) else { return nil }
        value += Double(digit - 0x30) * scale
        scale /= 10
      }
    }
    return isNegative ? -value : value
  }

  /// A number with at most four digits behind the point, without zeros at its end.
  static func decimal(_ value: Double) -> String {
    let scaled = Int((value.magnitude * 10_000).rounded())
    var text = String(scaled / 10_000)
    var fraction = String(scaled % 10_000)
    while fraction.utf8.count < 4 { fraction = "0" + fraction }
    while fraction.hasSuffix("0") { fraction.removeLast() }
    if !fraction.isEmpty { text += "." + fraction }
    return (value < 0 && scaled > 0 ? "-" : "") + text
  }

  /// A colour by name or as six digits, as CSS knows it; nil for anything else.
  static func color(model: Argument, _ value: Argument) -> String? {
    guard case .raw(let text) = value else { return nil }
    let name = text.filter { $0 != " " }
    if case .raw(let model) = model {
      switch model {
      case "HTML": return isHex(name) ? "#" + name : nil
      case "rgb", "RGB":
        let parts = name.split(separator: ",")
        guard parts.count == 3 else { return nil }
        var result = "#"
        for part in parts {
          guard let value = number(part) else { return nil }
          let level = Int(min(255, max(0, model == "rgb" ? value * 255 : value)).rounded())
          let digits = String(level, radix: 16)
          result += digits.utf8.count == 1 ? "0" + digits : digits
        }
        return result
      default: return nil
      }
    }
    return name.utf8.allSatisfy(CommandTable.isLetter) && !name.isEmpty ? name : nil
  }

  private static func isHex(_ text: String) -> Bool {
    text.utf8.count == 6
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }
  }

  /// The letter with an accent of text, by the accent's name.
  static func accented(_ name: String, _ letter: String) -> String? {
    for (accent, code) in CommandTable.pairs(ConstructData.textAccents) where accent == name {
      guard let value = UInt32(code, radix: 16), let scalar = Unicode.Scalar(value) else {
        return nil
      }
      return letter + String(Character(scalar))
    }
    return nil
  }

  /// What a piece of text prints, formulas in it left to the caller.
  static func text(_ node: Node) -> String? {
    let table = CommandTable.shared
    switch node.kind {
    case .space: return " "
    case .character("~"): return "\u{A0}"
    case .character(let scalar): return String(Character(scalar))
    case .command(let id):
      let command = table[id]
      if !command.glyph.isEmpty { return command.glyph }
      if command.roles.contains(.space) { return (spaces[command.name] ?? 0) > 0 ? " " : "" }
      return command.roles.contains(.newline) ? " " : ""
    case .unknown(let name): return "\\" + name
    case .construct(let id, let arguments):
      let command = table[id]
      if command.slots == [.text], !command.roles.contains(.mathematical) {
        let inner = arguments.first?.nodes.compactMap(text).joined() ?? ""
        return accented(command.name, inner) ?? inner
      }
      return nil
    default: return nil
    }
  }
}
