import GGUF
import JanusSystem

/// Why a tokenizer or a prompt cannot be made from what a file or a caller gives.
package enum TokenizerError: Error, Equatable, CustomStringConvertible, Sendable {
  /// A key of the model file is missing or of the wrong type.
  case container(ContainerError.Problem)
  /// JSON of `part` that cannot be read.
  case malformed(part: String, reason: String)
  /// Well-formed, but outside of what this tokenizer does.
  case unsupported(part: String, feature: String)
  /// A regular expression that is wrong or outside of the supported subset.
  case pattern(String, reason: String)
  case count(of: String, found: Int, expected: String)
  /// More than one of `TokenizerLimits`.
  case limit(of: String, found: Int, limit: Int)
  case identifier(of: String, found: Int, tokenCount: Int)
  /// No token stands for this byte, so that some text could not be encoded.
  case missingByte(UInt8)
  /// A merge that is not two tokens whose concatenation is a token.
  case merge(index: Int, text: String, reason: String)
  /// `added_tokens` and the vocabulary do not agree.
  case addedToken(id: Int, content: String, vocabulary: String)
  /// A text that must be one token, such as the placeholder of a picture, but is not.
  case noToken(key: String, text: String)
  /// A text that cannot hold a picture, such as the system prompt, has picture placeholders.
  case imageTokens(found: Int, expected: Int)

  package var description: String {
    switch self {
    case .container(let problem):
      problem.description
    case .malformed(let part, let reason):
      "\(part) cannot be read: \(DisplayText.line(reason, limit: 300))"
    case .unsupported(let part, let feature):
      "\(part) asks for \(feature), which is not supported"
    case .pattern(let pattern, let reason):
      "the regular expression \(Self.quote(pattern)) is not supported: \(reason)"
    case .count(let what, let found, let expected):
      "\(found) \(what), expected \(expected)"
    case .limit(let what, let found, let limit):
      "\(found) \(what), expected at most \(limit)"
    case .identifier(let what, let found, let tokenCount):
      "\(what) is \(found), expected an id below \(tokenCount)"
    case .missingByte(let byte):
      "no token for the byte 0x\(String(byte, radix: 16)), expected one for each byte "
        + "of UTF-8 text; only byte-level vocabularies are supported"
    case .merge(let index, let text, let reason):
      "merge \(index) \(Self.quote(text)) \(reason)"
    case .addedToken(let id, let content, let vocabulary):
      "added token \(Self.quote(content)) has id \(id), where the vocabulary has "
        + Self.quote(vocabulary)
    case .noToken(let key, let text):
      "\(key) is \(Self.quote(text)), expected the text of a token"
    case .imageTokens(let found, let expected):
      "the prompt has \(found) image tokens, expected \(expected) for its pictures: what the model "
        + "is told, or a word of its prompt format, holds a picture placeholder"
    }
  }

  /// Text from a file on one line and not endless; what `DisplayText` takes away is shown as escapes.
  static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars.prefix(60) {
      quoted +=
        DisplayText.isShownInLine(scalar) ? String(scalar) : scalar.escaped(asASCII: true)
    }
    return quoted + (text.unicodeScalars.count > 60 ? "…\"" : "\"")
  }
}
