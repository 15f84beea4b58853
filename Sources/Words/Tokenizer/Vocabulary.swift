/// Strings of a file by index, as bytes; those of a memory-mapped file need no copy.
package protocol ByteStrings {
  var count: Int { get }
  func withBytes<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result
}

extension [String]: ByteStrings {
  package func withBytes<Result>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    var text = self[index]
    return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }
}

/// The bytes that each token stands for, and the token that stands for given bytes.
///
/// One flat buffer and one flat hash table: a vocabulary of 100,000 tokens is ready in milliseconds.
package struct Vocabulary: Sendable {
  private var bytes: [UInt8] = []
  /// Where each token's bytes begin, and the end of the last.
  private var offsets: [Int] = [0]
  /// Open addressing; a token's id, or -1.
  private var slots: [Int32]

  var count: Int { offsets.count - 1 }

  /// Of the token with the most bytes.
  private(set) var longest = 1

  /// A token outside of the byte alphabet ("<｜end▁of▁sentence｜>") stands for its own text, as
  /// `tokenizers` decodes it, and is not found by its bytes.
  init(_ tokens: some ByteStrings) {
    slots = Array(repeating: -1, count: Self.tableSize(tokens.count))
    bytes.reserveCapacity(8 * tokens.count)
    offsets.reserveCapacity(tokens.count + 1)
    for id in 0..<tokens.count {
      let isSpelled = tokens.withBytes(id) { text in
        if ByteAlphabet.decode(text, into: &bytes) { return true }
        bytes.append(contentsOf: text)
        return false
      }
      longest = max(longest, bytes.count - offsets[id])
      offsets.append(bytes.count)
      if isSpelled { insert(id) }
    }
  }

  /// A power of two that leaves half of the table empty.
  static func tableSize(_ count: Int) -> Int {
    1 << (Int.bitWidth - (2 * count).leadingZeroBitCount)
  }

  func bytes(of id: Int) -> ArraySlice<UInt8> { bytes[offsets[id]..<offsets[id + 1]] }

  func id(of spelling: UnsafeBufferPointer<UInt8>) -> Int? {
    var slot = Self.hash(spelling) & (slots.count - 1)
    while slots[slot] >= 0 {
      let id = Int(slots[slot])
      if matches(id, spelling) { return id }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func matches(_ id: Int, _ spelling: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = offsets[id]
    guard offsets[id + 1] - start == spelling.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      spelling.indices.allSatisfy { bytes[start + $0] == spelling[$0] }
    }
  }

  /// Of two tokens with the same spelling the first is found.
  private mutating func insert(_ id: Int) {
    let range = offsets[id]..<offsets[id + 1]
    let hash = bytes.withUnsafeBufferPointer { Self.hash($0.part(range)) }
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 {
      if bytes(of: Int(slots[slot])) == bytes[range] { return }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(truncatingIfNeeded: id)
  }

  /// Swift's own (SipHash), which begins elsewhere in every process: no file can be made whose tokens
  /// fall into the same slots.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    return hasher.finalize()
  }
}
