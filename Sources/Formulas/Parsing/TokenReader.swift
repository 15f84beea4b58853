/// A lexeme with the bytes that it was read from.
struct Token: Sendable {
  var lexeme: Lexeme
  var range: Range<Int>
}

/// Reads a text's lexemes one after the other, and looks ahead in its bytes.
struct TokenReader {
  let bytes: [UInt8]
  /// The next byte to be read.
  private(set) var index = 0
  private var lexer = Lexer()
  private var start = 0
  private var second: Token?

  /// Where everything closes; only for a reader that was made to know.
  private let closers: Closers?

  /// - Parameter findsClosers: whether `closer(of:)` and `end(ofGroups:from:)` will be asked.
  init(_ bytes: [UInt8], findsClosers: Bool = false) {
    self.bytes = bytes
    closers = findsClosers ? Closers(bytes) : nil
  }

  /// The position of the brace or bracket that closes the one at `position`, however far.
  func closer(of position: Int) -> Int? { closers?[position] }

  /// The next lexeme; nil at the end. Bytes that no lexeme has give one that is unknown.
  mutating func next() -> Token? {
    if let token = second {
      second = nil
      return token
    }
    while index < bytes.count {
      let position = index
      let wasOpen: Bool
      switch lexer.state {
      case .ready, .afterWord, .comment:
        wasOpen = false
        start = position
      default: wasOpen = true
      }
      let wasComment = lexer.state == .comment
      let output = lexer.push(bytes[position])
      Work.add(1)
      index += 1
      guard output.isValid else {
        lexer = Lexer()
        return Token(lexeme: .character("\u{FFFD}"), range: start..<index)
      }
      if let first = output.first {
        // What was under way ended before this byte, or with it.
        let endsBefore = wasOpen && endsBefore(first, position)
        let token = Token(lexeme: first, range: start..<(endsBefore ? position : index))
        if let other = output.second {
          second = Token(lexeme: other, range: position..<index)
        }
        start = endsBefore ? position : index
        return token
      }
      if wasComment, lexer.state != .comment { start = position }
    }
    let output = lexer.finished()
    lexer = Lexer()
    if let last = output.first { return Token(lexeme: last, range: start..<bytes.count) }
    if !output.isValid, start < bytes.count {
      return Token(lexeme: .unknown, range: start..<bytes.count)
    }
    return nil
  }

  /// Whether a lexeme that was under way ended before the byte that completed it.
  private func endsBefore(_ lexeme: Lexeme, _ position: Int) -> Bool {
    switch lexeme {
    case .space, .paragraph: return true
    case .character: return false
    case .command(let id):
      guard let letter = CommandTable.shared[id].name.utf8.first else { return false }
      return CommandTable.isLetter(letter)
    // A backslash takes one character of ASCII with it, or a word.
    case .unknown: return position > start + 1 || bytes[position] >= 0x80
    }
  }

  /// Goes on at a byte further on; only between lexemes.
  mutating func skip(to position: Int) {
    second = nil
    lexer = Lexer()
    index = min(max(position, 0), bytes.count)
    start = index
  }

  /// Where the lexeme behind `token` begins: bytes are looked at from there.
  func position(behind token: Token) -> Int { token.range.upperBound }

  func skippingSpaces(from position: Int) -> Int {
    var position = position
    let start = position
    while position < bytes.count, Lexer.isSpace(bytes[position]) { position += 1 }
    Work.add(position - start)
    return position
  }

  /// The position of the brace or bracket that closes the one at `position`, at most `limit` bytes on.
  func closer(of position: Int, limit: Int) -> Int? {
    guard position < bytes.count else { return nil }
    let isBrace = bytes[position] == UInt8(ascii: "{")
    var depth = 0
    var index = position
    defer { Work.add(index - position) }
    let end = min(bytes.count, position + limit)
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "%"): index = Self.endOfComment(in: bytes, from: index, limit: end)
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth < 0 { return nil }
        if isBrace, depth == 0 { return index }
      case UInt8(ascii: "]"): if !isBrace, depth == 0 { return index }
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The end of the line in which a comment stands, or `limit`.
  static func endOfComment(in bytes: [UInt8], from start: Int, limit: Int) -> Int {
    var index = start
    while index < limit, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    Work.add(index - start)
    return index
  }

  /// The position of the brace that closes the columns of an array, which begin at `position`. Letters alone
  /// may be many; with anything else among them they are short, so that a brace that is missing takes
  /// little of the formula with it.
  func closer(ofColumns position: Int) -> Int? {
    var index = position + 1
    while index < bytes.count, "lcr|".utf8.contains(bytes[index]) { index += 1 }
    Work.add(index - position)
    if index < bytes.count, bytes[index] == UInt8(ascii: "}") { return index }
    return closer(of: position, limit: 400)
  }

  func text(_ range: Range<Int>) -> String {
    Work.add(range.count)
    return String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
  }

  /// The name in braces behind `\begin` or `\end`, cleaned of blanks, and where it ends.
  func environmentName(from position: Int) -> (name: String, end: Int)? {
    var index = skippingSpaces(from: position)
    guard index < bytes.count, bytes[index] == UInt8(ascii: "{") else { return nil }
    index += 1
    var name: [UInt8] = []
    while index < bytes.count, name.count < 40 {
      let byte = bytes[index]
      if CommandTable.isLetter(byte) || byte == UInt8(ascii: "*") {
        name.append(byte)
      } else if !Lexer.isSpace(byte) {
        // A wrong bracket at the end of a name is taken for the brace.
        let closes =
          byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: ")")
        return (String(decoding: name, as: UTF8.self), closes ? index + 1 : index)
      }
      index += 1
    }
    return (String(decoding: name, as: UTF8.self), index)
  }

  /// Where `count` groups end that stand behind `position`, with stars and brackets before them.
  func end(ofGroups count: Int, from position: Int) -> Int {
    var end = position
    var left = count
    while true {
      let next = skippingSpaces(from: end)
      guard next < bytes.count else { return end }
      switch bytes[next] {
      case UInt8(ascii: "*") where left == count && end == position: end = next + 1
      case UInt8(ascii: "["):
        guard left > 0 || end > position, let closer = closer(of: next) else {
          return end
        }
        end = closer + 1
      case UInt8(ascii: "{") where left > 0:
        guard let closer = closer(of: next) else { return end }
        end = closer + 1
        left -= 1
      case UInt8(ascii: "#") where left > 0 && left < count:
        // \def\name#1#2{…}: parameters.
        guard next + 1 < bytes.count, (0x31...0x39).contains(bytes[next + 1]) else { return end }
        end = next + 2
      case UInt8(ascii: "\\") where left > 1:
        // \newcommand\name{…}: a name without braces.
        var stop = next + 1
        while stop < bytes.count, CommandTable.isLetter(bytes[stop]) { stop += 1 }
        guard stop > next + 1 else { return end }
        end = stop
        left -= 1
      default: return end
      }
    }
  }
}
