/// A prompt under construction: text that is encoded in runs as long as possible, and tokens between.
///
/// Text of the template and text of the user are joined before they are encoded, because a merge
/// may cross the border between them.
package struct Prompt {
  private let tokenizer: Tokenizer
  private var parts: [TextFragment] = []

  init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  /// Text of the format itself, in which special tokens are meant.
  mutating func add(template: String) {
    for fragment in tokenizer.fragments(template) { add(fragment) }
  }

  /// Text that somebody has said, in which special tokens are not.
  mutating func add(text: String) { add(.text(text)) }

  mutating func add(token: Int) { add(.token(token)) }

  mutating func add(_ other: Prompt) {
    for fragment in other.parts { add(fragment) }
  }

  private mutating func add(_ fragment: TextFragment) {
    if case .text(let more) = fragment, case .text(let open)? = parts.last {
      parts[parts.count - 1] = .text(open + more)
    } else {
      parts.append(fragment)
    }
  }

  /// Removes white space from both ends, as far as no token stands there.
  mutating func strip() {
    if case .text(let text)? = parts.first { parts[0] = .text(text.strippedAtStart) }
    if case .text(let text)? = parts.last { parts[parts.count - 1] = .text(text.strippedAtEnd) }
  }

  func finished() -> [Int] {
    parts.flatMap { part in
      switch part {
      case .token(let id): [id]
      case .text(let text): tokenizer.encode(text, specialTokens: .asText)
      }
    }
  }
}

/// White space as Python's `str.strip` knows it: Unicode's, and the four information separators.
extension String {
  package var stripped: String { strippedAtStart.strippedAtEnd }

  var strippedAtStart: String {
    String(unicodeScalars.drop { $0.isPythonSpace })
  }

  var strippedAtEnd: String {
    guard let last = unicodeScalars.lastIndex(where: { !$0.isPythonSpace }) else { return "" }
    return String(unicodeScalars[...last])
  }
}

extension Unicode.Scalar {
  fileprivate var isPythonSpace: Bool {
    properties.isWhitespace || (0x1C...0x1F).contains(value)
  }
}
