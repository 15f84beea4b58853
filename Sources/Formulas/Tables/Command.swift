/// What a command may do, and where it may stand. The parser asks for these alone.
package struct CommandRole: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// An atom without arguments: `\alpha`, `\leq`, `\sin`.
  static let symbol = CommandRole(rawValue: 1 << 0)
  /// An atom with arguments: `\frac`, `\hat`, `\text`.
  static let construct = CommandRole(rawValue: 1 << 1)
  static let space = CommandRole(rawValue: 1 << 2)
  /// A font, colour or size until the group ends.
  static let font = CommandRole(rawValue: 1 << 3)
  /// `\displaystyle` and its like.
  static let style = CommandRole(rawValue: 1 << 4)
  /// `\over` and its like.
  static let infix = CommandRole(rawValue: 1 << 5)
  static let left = CommandRole(rawValue: 1 << 6)
  static let right = CommandRole(rawValue: 1 << 7)
  static let middle = CommandRole(rawValue: 1 << 8)
  static let begin = CommandRole(rawValue: 1 << 9)
  static let end = CommandRole(rawValue: 1 << 10)
  /// The end of a row.
  static let newline = CommandRole(rawValue: 1 << 11)
  static let limits = CommandRole(rawValue: 1 << 12)
  /// A rule between the rows of an array.
  static let rowStart = CommandRole(rawValue: 1 << 13)
  /// `\multicolumn`.
  static let cellStart = CommandRole(rawValue: 1 << 14)
  /// `\intertext`.
  static let rowText = CommandRole(rawValue: 1 << 15)
  static let tag = CommandRole(rawValue: 1 << 16)
  /// `\label`, `\nonumber`: prints nothing.
  static let mark = CommandRole(rawValue: 1 << 17)
  static let delimiter = CommandRole(rawValue: 1 << 18)
  /// May stand in text.
  static let textual = CommandRole(rawValue: 1 << 19)
  /// May stand in a formula.
  static let mathematical = CommandRole(rawValue: 1 << 20)
  /// `\(` and `\[`, which open a formula in text.
  static let mathOpen = CommandRole(rawValue: 1 << 21)
  /// `\)` and `\]`, which close one.
  static let mathClose = CommandRole(rawValue: 1 << 22)
}

/// TeX's class of an atom, which decides the space around it.
package enum AtomClass: UInt8, Sendable {
  case ordinary, operators, binary, relation, opening, closing, punctuation, inner, fence, function
}

/// An argument of a command or an environment; see `ConstructData`.
package enum Slot: UInt8, Sendable {
  case math, text, bracedText, optionalMath, delimiter, bracedDelimiter, dimension, muDimension
  case bracedDimension, optionalDimension, raw, optionalRaw, number, optionalPlace, star, columns
  case rows, style, bareDimension, bareMuDimension

  /// Whether the argument may be absent.
  var isOptional: Bool {
    switch self {
    case .optionalMath, .optionalDimension, .optionalRaw, .optionalPlace, .star: true
    default: false
    }
  }

  init?(letter: UInt8) {
    switch letter {
    case UInt8(ascii: "m"): self = .math
    case UInt8(ascii: "t"): self = .text
    case UInt8(ascii: "T"): self = .bracedText
    case UInt8(ascii: "o"): self = .optionalMath
    case UInt8(ascii: "d"): self = .delimiter
    case UInt8(ascii: "q"): self = .bracedDelimiter
    case UInt8(ascii: "D"): self = .dimension
    case UInt8(ascii: "M"): self = .muDimension
    case UInt8(ascii: "b"): self = .bracedDimension
    case UInt8(ascii: "L"): self = .optionalDimension
    case UInt8(ascii: "u"): self = .bareDimension
    case UInt8(ascii: "v"): self = .bareMuDimension
    case UInt8(ascii: "r"): self = .raw
    case UInt8(ascii: "R"): self = .optionalRaw
    case UInt8(ascii: "n"): self = .number
    case UInt8(ascii: "p"): self = .optionalPlace
    case UInt8(ascii: "s"): self = .star
    case UInt8(ascii: "c"): self = .columns
    case UInt8(ascii: "w"): self = .rows
    case UInt8(ascii: "y"): self = .style
    default: return nil
    }
  }
}

/// The number of a command in the table.
package struct CommandID: Hashable, Sendable {
  let index: UInt16
}

/// A command of LaTeX, as the table knows it.
package struct Command: Sendable {
  /// Without the backslash.
  package let name: String
  var roles: CommandRole
  package let slots: [Slot]
  /// What it prints, where it prints one symbol or a function's name.
  package var glyph = ""
  package var atom = AtomClass.ordinary
  /// The spelling that canonical LaTeX has; nil for its own.
  var canonical: CommandID?
  /// The package that a document needs for it beside amsmath and amssymb.
  package var package: String?
  /// For a function: whether scripts stand below and above in displays.
  var takesLimits = false
}

/// The states of the grammar that a command fits. Where a state allows one of these, and one only, the
/// names that begin as a half-written one does tell whether it can still become valid.
struct CommandUse: OptionSet, Sendable {
  let rawValue: UInt32

  static let mathSymbol = CommandUse(rawValue: 1 << 0)
  static let mathConstruct = CommandUse(rawValue: 1 << 1)
  /// A construct that may be another's argument without braces.
  static let argument = CommandUse(rawValue: 1 << 2)
  static let mathSpace = CommandUse(rawValue: 1 << 3)
  static let mathSpaceWithSlots = CommandUse(rawValue: 1 << 4)
  static let mathFont = CommandUse(rawValue: 1 << 5)
  static let mathFontWithSlots = CommandUse(rawValue: 1 << 6)
  static let infix = CommandUse(rawValue: 1 << 7)
  static let infixWithSlots = CommandUse(rawValue: 1 << 8)
  static let left = CommandUse(rawValue: 1 << 9)
  static let right = CommandUse(rawValue: 1 << 10)
  static let middle = CommandUse(rawValue: 1 << 11)
  static let begin = CommandUse(rawValue: 1 << 12)
  static let end = CommandUse(rawValue: 1 << 13)
  static let newline = CommandUse(rawValue: 1 << 14)
  static let newlineWithSlots = CommandUse(rawValue: 1 << 15)
  static let limits = CommandUse(rawValue: 1 << 16)
  static let rowStart = CommandUse(rawValue: 1 << 17)
  static let rowStartWithSlots = CommandUse(rawValue: 1 << 18)
  static let cellStart = CommandUse(rawValue: 1 << 19)
  static let rowText = CommandUse(rawValue: 1 << 20)
  static let tag = CommandUse(rawValue: 1 << 21)
  static let mark = CommandUse(rawValue: 1 << 22)
  static let markWithSlots = CommandUse(rawValue: 1 << 23)
  static let delimiter = CommandUse(rawValue: 1 << 24)
  static let text = CommandUse(rawValue: 1 << 25)
  static let textWithSlots = CommandUse(rawValue: 1 << 26)
  /// One symbol that may be the argument of a command of text without braces.
  static let textSymbol = CommandUse(rawValue: 1 << 27)
  static let mathOpen = CommandUse(rawValue: 1 << 28)
  static let mathClose = CommandUse(rawValue: 1 << 29)

  /// What needs room for frames of its own.
  static let nesting: CommandUse = [
    .mathConstruct, .argument, .mathSpaceWithSlots, .mathFontWithSlots, .infixWithSlots, .left,
    .begin, .newlineWithSlots, .rowStartWithSlots, .cellStart, .rowText, .tag, .markWithSlots,
    .textWithSlots, .mathOpen, .end,
  ]

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(_ command: Command) {
    let roles = command.roles
    let hasSlots = !command.slots.isEmpty
    var uses: CommandUse = []
    if roles.contains(.mathematical) {
      if roles.contains(.symbol) { uses.insert(.mathSymbol) }
      if roles.contains(.construct) {
        uses.insert(.mathConstruct)
        if command.slots != [.delimiter] { uses.insert(.argument) }
      }
      if roles.contains(.space) { uses.insert(hasSlots ? .mathSpaceWithSlots : .mathSpace) }
      if !roles.isDisjoint(with: [.font, .style]) {
        uses.insert(hasSlots ? .mathFontWithSlots : .mathFont)
      }
      let single: [(CommandRole, CommandUse)] = [
        (.left, .left), (.right, .right), (.middle, .middle), (.begin, .begin), (.end, .end),
        (.limits, .limits), (.cellStart, .cellStart), (.rowText, .rowText), (.tag, .tag),
        (.infix, hasSlots ? .infixWithSlots : .infix),
        (.newline, hasSlots ? .newlineWithSlots : .newline),
        (.rowStart, hasSlots ? .rowStartWithSlots : .rowStart),
        (.mark, hasSlots ? .markWithSlots : .mark),
      ]
      for (role, use) in single where roles.contains(role) { uses.insert(use) }
    }
    if roles.contains(.textual) {
      let isLeaf = !hasSlots || roles.contains(.newline)
      uses.insert(isLeaf ? .text : .textWithSlots)
      if roles.contains(.symbol), !hasSlots { uses.insert(.textSymbol) }
    }
    if roles.contains(.delimiter) { uses.insert(.delimiter) }
    if roles.contains(.mathOpen) { uses.insert(.mathOpen) }
    if roles.contains(.mathClose) { uses.insert(.mathClose) }
    self = uses
  }
}
