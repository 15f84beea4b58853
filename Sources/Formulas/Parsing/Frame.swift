/// What the grammar is inside of: one level of a formula that is still open.
struct Frame: Sendable, Equatable {
  enum Kind: UInt8, Sendable {
    /// The whole formula.
    case top
    /// `{…}` of a formula.
    case group
    /// `[…]` with a formula, as of a root's index.
    case bracket
    /// `\left…\right`.
    case fenced
    /// Rows and cells of an environment.
    case cells
    /// `{…}` with rows, as of `\substack`.
    case rows
    /// `$…$` or `\(…\)` in text.
    case inlineMath
    /// `{…}` of text.
    case text
    /// A command or an environment that waits for arguments.
    case command
    /// `^` or `_`, which wait for one.
    case script
    /// Behind `\begin`.
    case beginName
    /// Behind `\end`.
    case endName
    /// An argument of plain words: a length, a number, a column's letters.
    case raw
    /// `@{…}` between the columns of an array.
    case gap

    /// Whether it holds a list of atoms.
    @inline(__always)
    var isMathList: Bool { rawValue <= Kind.inlineMath.rawValue }
  }

  struct Flags: OptionSet, Sendable {
    let rawValue: UInt16
    /// The last atom has a subscript, a superscript.
    static let sub = Flags(rawValue: 1)
    static let sup = Flags(rawValue: 2)
    /// The superscript so far consists of primes, to which `^` may add.
    static let prime = Flags(rawValue: 4)
    /// The last atom is an operator, which `\limits` may follow.
    static let operators = Flags(rawValue: 8)
    /// The list has its `\over`.
    static let infix = Flags(rawValue: 16)
    static let rowStart = Flags(rawValue: 32)
    static let cellStart = Flags(rawValue: 64)
    /// A displayed environment has been closed: nothing may follow.
    static let sealed = Flags(rawValue: 128)
    static let hasContent = Flags(rawValue: 256)
    static let tagged = Flags(rawValue: 512)
    /// The list began with a dollar sign.
    static let dollar = Flags(rawValue: 1024)
    /// The frame is an argument of the one below.
    static let argument = Flags(rawValue: 2048)
    /// A command frame that is an environment's.
    static let environment = Flags(rawValue: 4096)
    /// The first dollar sign of the closing two was read.
    static let halfClosed = Flags(rawValue: 8192)
    /// The list has an atom of its own.
    static let hasAtom = Flags(rawValue: 16384)

    /// What belongs to the last atom.
    static let atom: Flags = [.sub, .sup, .prime, .operators]
    static let start: Flags = [.rowStart, .cellStart]
  }

  var kind: Kind
  /// The slot that is awaited, the part of `\left…\right` that is, or the state of a raw argument.
  var step: UInt8 = 0
  var flags: Flags = []
  /// The command or the environment; a script's place (0 below, 1 above).
  var id: UInt16 = 0
  /// A node of names, a count of columns, a byte of a unit.
  var value: UInt16 = 0
  /// How many columns the frame has declared, or how often a part of them counts.
  var count: UInt16 = 0

  init(_ kind: Kind, id: UInt16 = 0, flags: Flags = [], step: UInt8 = 0) {
    self.kind = kind
    self.id = id
    self.flags = flags
    self.step = step
  }
}

/// What ends a formula from outside.
package enum FormulaEnd: UInt8, Sendable {
  /// The text's end.
  case text
  case dollar, twoDollars, parenthesis, bracket
}
