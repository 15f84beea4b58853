import Foundation

/// Splits text into the pieces that are encoded one by one; no merge crosses a border of pieces.
///
/// Stages in the order of tokenizer.json's "pre_tokenizer": each splits every piece of the one before.
package struct PreTokenizer: Sendable {
  private enum Stage: Sendable {
    case split(Pattern)
    /// Each digit a piece of its own, or each run of digits.
    case digits(individual: Bool)
    /// A space in front of a piece that does not begin with one.
    case prefixSpace
  }

  private let stages: [Stage]

  /// GPT-2's pattern, which ByteLevel applies with "use_regex".
  private static let byteLevelPattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// From the JSON of tokenizer.json's "pre_tokenizer"; its last stage must be ByteLevel.
  init(json: String) throws(TokenizerError) {
    try TokenizerLimits.checkJSON(
      json, part: Self.part, bytes: TokenizerLimits.preTokenizerBytes)
    let description: Description
    do {
      description = try JSONDecoder().decode(Description.self, from: Data(json.utf8))
    } catch {
      throw .malformed(part: Self.part, reason: "\(error)")
    }
    var stages: [Stage] = []
    let flat = description.flattened
    guard flat.count <= TokenizerLimits.stages else {
      throw .limit(
        of: "stages of \(Self.part)", found: flat.count, limit: TokenizerLimits.stages)
    }
    for (index, stage) in flat.enumerated() {
      guard (stage.type == "ByteLevel") == (index == flat.count - 1) else {
        throw .unsupported(part: Self.part, feature: "ByteLevel elsewhere than at its end")
      }
      stages += try Self.stages(stage)
    }
    guard !flat.isEmpty else {
      throw .unsupported(part: Self.part, feature: "no stage at all")
    }
    self.stages = stages
  }

  private static let part = "pre_tokenizer"

  private static func stages(_ stage: Description) throws(TokenizerError) -> [Stage] {
    switch stage.type {
    case "Split":
      guard stage.behavior == "Isolated" else {
        let behavior = TokenizerError.quote(stage.behavior ?? "")
        throw .unsupported(part: part, feature: "the behavior \(behavior)")
      }
      if let expression = stage.pattern?.regex {
        return [.split(try Pattern(expression))]
      }
      guard let text = stage.pattern?.string else {
        throw .malformed(part: part, reason: "a Split without pattern")
      }
      return [.split(try Pattern(literal: text))]
    case "Digits":
      return [.digits(individual: stage.individualDigits ?? false)]
    case "ByteLevel":
      var stages: [Stage] = stage.addPrefixSpace ?? true ? [.prefixSpace] : []
      if stage.useRegex ?? true { stages.append(.split(try Pattern(byteLevelPattern))) }
      return stages
    default:
      let type = TokenizerError.quote(stage.type)
      throw .unsupported(part: part, feature: "the type \(type)")
    }
  }

  /// Calls `body` with each piece of `text`, which is valid UTF-8.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    split(text, stages[...], body)
  }

  private func split(
    _ text: UnsafeBufferPointer<UInt8>, _ stages: ArraySlice<Stage>,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard let stage = stages.first else { return body(text) }
    let rest = stages.dropFirst()
    switch stage {
    case .split(let pattern):
      pattern.split(text) { split($0, rest, body) }
    case .digits(let individual):
      Self.splitDigits(text, individual: individual) { split($0, rest, body) }
    case .prefixSpace where text.first != 0x20:
      ([0x20] + Array(text)).withUnsafeBufferPointer { split($0, rest, body) }
    case .prefixSpace:
      split(text, rest, body)
    }
  }

  private static func splitDigits(
    _ text: UnsafeBufferPointer<UInt8>, individual: Bool,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var start = 0
    var inDigits = false
    var position = 0
    while position < text.count {
      let (value, length) = text.scalar(at: position)
      let isDigit = isNumeric(value)
      if position > start, isDigit != inDigits || (isDigit && individual) {
        body(text.part(start..<position))
        start = position
      }
      inDigits = isDigit
      position += length
    }
    if start < text.count { body(text.part(start..<text.count)) }
  }

  /// Whether the scalar's general category is Nd, Nl or No.
  private static func isNumeric(_ value: UInt32) -> Bool {
    if value < 0x80 { return (0x30...0x39).contains(value) }
    switch Unicode.Scalar(value)?.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }
}

/// A pre-tokenizer as tokenizer.json writes it.
private struct Description: Decodable {
  let type: String
  let pretokenizers: [Description]?
  let pattern: Expression?
  let behavior: String?
  let individualDigits: Bool?
  let addPrefixSpace: Bool?
  let useRegex: Bool?

  struct Expression: Decodable {
    let regex: String?
    let string: String?

    enum CodingKeys: String, CodingKey {
      case regex = "Regex"
      case string = "String"
    }
  }

  enum CodingKeys: String, CodingKey {
    case type, pretokenizers, pattern, behavior
    case individualDigits = "individual_digits"
    case addPrefixSpace = "add_prefix_space"
    case useRegex = "use_regex"
  }

  var flattened: [Description] {
    type == "Sequence" ? (pretokenizers ?? []).flatMap(\.flattened) : [self]
  }
}
