/// Which pairs of tokens merge into which, and in what order of preference.
///
/// One flat hash table keyed by both ids; a merge's rank is its index in the file.
package struct MergeRanks: Sendable {
  /// `left << 32 | right`, or all ones.
  private var pairs: [UInt64]
  private var ranks: [UInt32]
  /// The token that each merge makes.
  private(set) var results: [UInt32] = []
  /// Random, so that no file can be made whose pairs fall into the same slots.
  private let seed = UInt64.random(in: 0...UInt64.max)
  private let factor = UInt64.random(in: 0...UInt64.max) | 1

  /// `merges` are "left right" in the byte alphabet. Where a pair occurs twice the later one counts,
  /// as in `tokenizers`.
  init(_ merges: some ByteStrings, _ vocabulary: Vocabulary) throws(TokenizerError) {
    guard merges.count <= TokenizerLimits.merges else {
      throw .limit(of: "merges", found: merges.count, limit: TokenizerLimits.merges)
    }
    let size = Vocabulary.tableSize(merges.count)
    pairs = Array(repeating: .max, count: size)
    ranks = Array(repeating: 0, count: size)
    results.reserveCapacity(merges.count)
    var spelling: [UInt8] = []
    for rank in 0..<merges.count {
      let parsed = merges.withBytes(rank) { text in
        Self.parse(text, vocabulary, &spelling)
      }
      switch parsed {
      case .success(let merge):
        insert(UInt64(merge.left) << 32 | UInt64(merge.right), rank: UInt32(rank))
        results.append(UInt32(merge.result))
      case .failure(let flaw):
        let text = merges.withBytes(rank) { String(decoding: $0, as: UTF8.self) }
        throw .merge(index: rank, text: text, reason: flaw.rawValue)
      }
    }
  }

  private typealias Merge = (left: Int, right: Int, result: Int)

  private enum Flaw: String, Error {
    case form = "is not two tokens with a space between"
    case parts = "has a part that is no token"
    case whole = "makes what is no token"
  }

  private static func parse(
    _ text: UnsafeRawBufferPointer, _ vocabulary: Vocabulary, _ spelling: inout [UInt8]
  ) -> Result<Merge, Flaw> {
    guard let space = text.firstIndex(of: 0x20) else { return .failure(.form) }
    spelling.removeAll(keepingCapacity: true)
    let left = UnsafeRawBufferPointer(rebasing: text[..<space])
    let right = UnsafeRawBufferPointer(rebasing: text[(space + 1)...])
    guard ByteAlphabet.decode(left, into: &spelling) else { return .failure(.parts) }
    let middle = spelling.count
    guard ByteAlphabet.decode(right, into: &spelling) else { return .failure(.parts) }
    return spelling.withUnsafeBufferPointer { bytes in
      guard let left = vocabulary.id(of: bytes.part(0..<middle)),
        let right = vocabulary.id(of: bytes.part(middle..<bytes.count))
      else { return .failure(.parts) }
      guard let result = vocabulary.id(of: bytes) else { return .failure(.whole) }
      return .success((left, right, result))
    }
  }

  private mutating func insert(_ pair: UInt64, rank: UInt32) {
    var slot = slot(of: pair)
    while pairs[slot] != .max, pairs[slot] != pair { slot = (slot + 1) & (pairs.count - 1) }
    pairs[slot] = pair
    ranks[slot] = rank
  }

  @inline(__always)
  private func slot(of pair: UInt64) -> Int {
    var hash = (pair ^ seed) &* factor
    hash = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & (pairs.count - 1)
  }

  /// The rank of the merge of two tokens, nil when they do not merge.
  @inline(__always)
  func rank(_ left: Int, _ right: Int) -> Int? {
    let pair = UInt64(left) << 32 | UInt64(right)
    var slot = slot(of: pair)
    while pairs[slot] != .max {
      if pairs[slot] == pair { return Int(ranks[slot]) }
      slot = (slot + 1) & (pairs.count - 1)
    }
    return nil
  }
}
