/// Why a tokenizer cannot be built from what a file states.
public enum TokenizerError: Error, Equatable, CustomStringConvertible, Sendable {
  /// JSON of `part` that cannot be read.
  case malformed(part: String, reason: String)
  /// Well-formed, but outside of what this tokenizer does.
  case unsupported(part: String, feature: String)
  /// A regular expression that is wrong or outside of the supported subset.
  case pattern(String, reason: String)
  case count(of: String, found: Int, expected: String)
  case identifier(of: String, found: Int, tokenCount: Int)
  /// No token stands for this byte, so that some text could not be encoded.
  case missingByte(UInt8)
  /// A merge that is not two tokens whose concatenation is a token.
  case merge(index: Int, text: String, reason: String)
  /// `added_tokens` and the vocabulary do not agree.
  case addedToken(id: Int, content: String, vocabulary: String)

  public var description: String {
    switch self {
    case .malformed(let part, let reason):
      "tokenizer: \(part) cannot be read: \(reason)"
    case .unsupported(let part, let feature):
      "tokenizer: \(part) asks for \(feature), which is not supported"
    case .pattern(let pattern, let reason):
      "tokenizer: the regular expression \(Self.quote(pattern)) is not supported: \(reason)"
    case .count(let what, let found, let expected):
      "tokenizer: \(found) \(what), expected \(expected)"
    case .identifier(let what, let found, let tokenCount):
      "tokenizer: \(what) is \(found), expected an id below \(tokenCount)"
    case .missingByte(let byte):
      "tokenizer: no token for the byte 0x\(String(byte, radix: 16)), expected one for each byte "
        + "of UTF-8 text; only byte-level vocabularies are supported"
    case .merge(let index, let text, let reason):
      "tokenizer: merge \(index) \(Self.quote(text)) \(reason)"
    case .addedToken(let id, let content, let vocabulary):
      "tokenizer: added token \(Self.quote(content)) has id \(id), where the vocabulary has "
        + Self.quote(vocabulary)
    }
  }

  /// Text from a file on one line, without control characters, and not endless.
  static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars.prefix(60) {
      quoted +=
        scalar.properties.generalCategory == .control
        ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return quoted + (text.unicodeScalars.count > 60 ? "…\"" : "\"")
  }
}
