/// Text that comes token by token, returned in whole characters only.
///
/// The pieces joined together are what `Tokenizer.decode` gives for all tokens at once.
package struct StreamingText: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecial: Bool
  /// The start of a character that is not complete yet: three bytes at most.
  private var pending: [UInt8] = []

  package init(_ tokenizer: Tokenizer, skipSpecial: Bool = true) {
    self.tokenizer = tokenizer
    self.skipSpecial = skipSpecial
  }

  /// The text that has become complete with this token, often empty.
  package mutating func append(_ id: Int) -> String {
    pending += tokenizer.bytes(of: id, skipSpecial: skipSpecial)
    let complete = pending.count - Self.incompleteSuffix(pending)
    defer { pending.removeFirst(complete) }
    return String(decoding: pending[..<complete], as: UTF8.self)
  }

  /// What is left when no token follows: empty, or U+FFFD for an incomplete character.
  package mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// Length of the longest end of `bytes` that could be the beginning of one character.
  private static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
    for length in stride(from: min(3, bytes.count), to: 0, by: -1) {
      let suffix = bytes.suffix(length)
      guard let lead = suffix.first, (0xC2...0xF4).contains(lead) else { continue }
      let needed = UTF8Scalar.length(lead)
      guard length < needed, suffix.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) else { continue }
      // The second byte decides about overlong forms, surrogates and what is beyond U+10FFFF.
      let second = suffix.dropFirst().first ?? (lead == 0xE0 || lead == 0xF0 ? 0xBF : 0x80)
      let allowed: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      if allowed.contains(second) { return length }
    }
    return 0
  }
}
