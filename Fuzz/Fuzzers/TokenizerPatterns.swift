@testable import JanusWords

extension FuzzTarget {
  /// A regular expression, up to the first line feed, and a text that it splits.
  static let pattern = FuzzTarget("pattern", mostBytes: 128) { input in
    let parts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1)
    guard let expression = parts.first, !hasManyRepeats(expression) else { return }
    let text = parts.count > 1 ? Array(parts[1]) : Array("don't  stop 12 Ünïcödé\r\n".utf8)
    do throws(TokenizerError) {
      let pattern = try Pattern(String(decoding: expression, as: UTF8.self))
      // Splitting is defined for UTF-8.
      check(Array(String(decoding: text, as: UTF8.self).utf8)) { pattern.split($0, $1) }
    } catch {
      checkMessage(error)
    }
  }

  /// The JSON of tokenizer.json's "pre_tokenizer", with a text that it splits.
  static let preTokenizer = FuzzTarget("pre-tokenizer", mostBytes: 512) { input in
    guard !hasManyRepeats(input[...]) else { return }
    do throws(TokenizerError) {
      let splitter = try PreTokenizer(json: String(decoding: input, as: UTF8.self))
      Array("it's 3 o'clock \u{4E2D}\u{6587}".utf8).withUnsafeBufferPointer { text in
        splitter.split(text) { _ in }
      }
    } catch {
      checkMessage(error)
    }
  }

  /// The JSON of tokenizer.json's "added_tokens", with a text in which they are found.
  static let addedTokens = FuzzTarget("added-tokens", mostBytes: 1024) { input in
    do throws(TokenizerError) {
      let added = try AddedTokens(json: String(decoding: input, as: UTF8.self))
      let text = Array(added.tokens.map(\.content).joined(separator: " a ").utf8)
      text.withUnsafeBufferPointer { text in
        for special in [true, false] { added.split(text, special: special) { _ in } }
      }
    } catch {
      checkMessage(error)
    }
  }

  /// The pieces must be the text.
  private static func check(
    _ text: [UInt8],
    _ split: (UnsafeBufferPointer<UInt8>, (UnsafeBufferPointer<UInt8>) -> Void) -> Void
  ) {
    var joined: [UInt8] = []
    text.withUnsafeBufferPointer { split($0) { joined += $0 } }
    precondition(joined == text)
  }

  /// Whether a count of repeats has three digits: automata of such patterns are large by nature and take seconds here.
  private static func hasManyRepeats(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    var digits = 0
    for byte in bytes {
      digits = (0x30...0x39).contains(byte) ? digits + 1 : 0
      if digits >= 3 { return true }
    }
    return false
  }
}
