/// A unit of LaTeX, as TeX's eyes and mouth see it.
enum Lexeme: Equatable, Sendable {
  case character(Unicode.Scalar)
  case command(CommandID)
  /// A control word that the table does not know.
  case unknown
  /// A run of white space.
  case space
  /// A blank line.
  case paragraph
}

/// Cuts bytes of UTF-8 into lexemes, one byte at a time.
///
/// Comments give nothing. Spaces behind a control word give nothing either, as in TeX.
struct Lexer: Sendable {
  enum State: Equatable, Sendable {
    case ready
    case backslash
    /// A control word so far; the node of its letters.
    case word(UInt16)
    case unknownWord
    /// Behind a control word, whose spaces do not count.
    case afterWord
    /// White space, and how many line ends it had.
    case space(newlines: UInt8)
    case comment
    /// The start of a character of several bytes: its bits so far, and how many bytes are missing.
    case character(bits: UInt32, missing: UInt8, least: UInt32)
  }

  private(set) var state = State.ready

  /// At most two lexemes come of one byte: the end of one and a whole other one.
  struct Output {
    var first: Lexeme?
    var second: Lexeme?
    /// Whether `second` began with the byte before this one.
    var isValid = true

    fileprivate mutating func add(_ lexeme: Lexeme) {
      if first == nil { first = lexeme } else { second = lexeme }
    }
  }

  @inline(__always)
  mutating func push(_ byte: UInt8) -> Output {
    var output = Output()
    switch state {
    case .ready: start(byte, &output)
    case .afterWord:
      if !Self.isSpace(byte) { start(byte, &output) } else { spaceAfterWord(byte) }
    case .space(let newlines):
      if Self.isSpace(byte) {
        state = .space(newlines: min(2, newlines + (byte == 0x0A ? 1 : 0)))
      } else {
        output.add(newlines > 1 ? .paragraph : .space)
        start(byte, &output)
      }
    case .backslash: escape(byte, &output)
    case .word(let node):
      if CommandTable.isLetter(byte) {
        if let next = CommandTable.shared.words.child(of: node, byte) {
          state = .word(next)
        } else {
          state = .unknownWord
        }
      } else {
        output.add(Self.word(node))
        state = .afterWord
        if Self.isSpace(byte) { spaceAfterWord(byte) } else { start(byte, &output) }
      }
    case .unknownWord:
      if !CommandTable.isLetter(byte) {
        output.add(.unknown)
        state = .afterWord
        if Self.isSpace(byte) { spaceAfterWord(byte) } else { start(byte, &output) }
      }
    case .comment:
      if byte == 0x0A { state = .space(newlines: 0) }
    case .character(let bits, let missing, let least):
      guard byte & 0xC0 == 0x80 else {
        output.isValid = false
        return output
      }
      let value = bits << 6 | UInt32(byte & 0x3F)
      if missing > 1 {
        state = .character(bits: value, missing: missing - 1, least: least)
      } else if value >= least, let scalar = Unicode.Scalar(value) {
        state = .ready
        output.add(.character(scalar))
      } else {
        output.isValid = false
      }
    }
    return output
  }

  /// What the text's end makes of a lexeme that is under way; `isValid` is false for half a one.
  func finished() -> Output {
    var output = Output()
    switch state {
    case .word(let node): output.add(Self.word(node))
    case .unknownWord: output.add(.unknown)
    case .backslash, .character: output.isValid = false
    case .ready, .afterWord, .space, .comment: break
    }
    return output
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  private static func word(_ node: UInt16) -> Lexeme {
    let id = CommandTable.shared.words.value[Int(node)]
    return id == NameTree.none ? .unknown : .command(CommandID(index: id))
  }

  private mutating func spaceAfterWord(_ byte: UInt8) {
    // A second line end is still a paragraph.
    if byte == 0x0A { state = .space(newlines: 1) }
  }

  private mutating func start(_ byte: UInt8, _ output: inout Output) {
    switch byte {
    case UInt8(ascii: "\\"): state = .backslash
    case UInt8(ascii: "%"): state = .comment
    case _ where Self.isSpace(byte): state = .space(newlines: byte == 0x0A ? 1 : 0)
    case 0..<0x80:
      state = .ready
      output.add(.character(Unicode.Scalar(byte)))
    case 0xC2...0xDF: state = .character(bits: UInt32(byte & 0x1F), missing: 1, least: 0x80)
    case 0xE0...0xEF: state = .character(bits: UInt32(byte & 0x0F), missing: 2, least: 0x800)
    case 0xF0...0xF4: state = .character(bits: UInt32(byte & 0x07), missing: 3, least: 0x10000)
    default: output.isValid = false
    }
  }

  private mutating func escape(_ byte: UInt8, _ output: inout Output) {
    if CommandTable.isLetter(byte) {
      if let node = CommandTable.shared.words.child(of: NameTree.root, byte) {
        state = .word(node)
      } else {
        state = .unknownWord
      }
      return
    }
    state = .ready
    let name = Self.isSpace(byte) ? UInt8(ascii: " ") : byte
    if let id = CommandTable.shared.symbol(name) {
      output.add(.command(id))
    } else {
      // The character may be the start of several bytes: the full parser looks at it again.
      output.add(.unknown)
      if byte >= 0x80 { start(byte, &output) }
    }
  }
}
