/// The most that a file may ask of its tokenizer. Each limit is checked before the work that depends on it, so that
/// no file takes long to open or to be refused.
///
/// DeepSeek's tokenizer has 7 stages, a pattern of 1,500 bytes, 102,400 tokens, 99,757 merges and 818 added tokens.
package enum TokenizerLimits {
  package static let tokens = 1 << 20
  package static let merges = 1 << 20
  package static let stages = 16
  /// Of the JSON text of a pre-tokenizer.
  package static let preTokenizerBytes = 1 << 18
  /// Nested arrays and objects in the JSON text of a pre-tokenizer or of added tokens.
  package static let jsonDepth = 16
  /// Of a regular expression or of a text to split at, in UTF-8.
  package static let patternBytes = 4096
  /// Different sets of characters in one pattern.
  package static let patternSets = 512
  /// Ranges of characters between two brackets, before they are joined.
  package static let setRanges = 1 << 14
  /// Steps of building a pattern's automaton, each a few nanoseconds.
  package static let automatonSteps = 4_000_000
  package static let addedTokens = 1 << 15
  /// Of the JSON text of all added tokens.
  package static let addedTokensBytes = 1 << 22
  /// Of the text of an added token, which is looked for at every place of a text.
  package static let addedTokenBytes = 256

  /// Checks a JSON text before a decoder reads it: its size, and how deep its arrays and objects are nested.
  static func checkJSON(
    _ text: String, part: String, bytes: Int
  ) throws(TokenizerError) {
    guard text.utf8.count <= bytes else {
      throw .limit(of: "bytes of \(part)", found: text.utf8.count, limit: bytes)
    }
    var (depth, deepest, isString, isEscaped) = (0, 0, false, false)
    for byte in text.utf8 {
      switch byte {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isString: isEscaped = true
      case UInt8(ascii: "\""): isString.toggle()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if !isString { depth += 1 }
        deepest = max(deepest, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if !isString { depth -= 1 }
      default: break
      }
    }
    guard deepest <= jsonDepth else {
      throw .limit(of: "nested levels of \(part)", found: deepest, limit: jsonDepth)
    }
  }
}
