/// Byte-pair encoding of one piece of text: from its bytes to tokens.
///
/// The best pair is merged until none is left. A linked list of symbols and a heap of candidates keep
/// this at n log n for a piece of n bytes, however long a run of one letter is. The scratch space is
/// kept from piece to piece.
package struct PairMerging {
  private let merges: MergeRanks
  /// The token of each byte.
  private let byteTokens: [Int]
  /// Token of each symbol, -1 when it was merged into the one before.
  private var symbols: [Int] = []
  private var previous: [Int] = []
  private var following: [Int] = []
  /// A binary heap, smallest first: `rank << 40 | position of the left symbol`.
  private var candidates: [UInt64] = []

  init(_ merges: MergeRanks, byteTokens: [Int]) {
    self.merges = merges
    self.byteTokens = byteTokens
  }

  mutating func encode(_ piece: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    symbols.removeAll(keepingCapacity: true)
    for byte in piece { symbols.append(byteTokens[Int(byte)]) }
    if symbols.count > 1 { merge() }
    for symbol in symbols where symbol >= 0 { ids.append(symbol) }
  }

  private mutating func merge() {
    let count = symbols.count
    previous.removeAll(keepingCapacity: true)
    following.removeAll(keepingCapacity: true)
    for position in 0..<count {
      previous.append(position - 1)
      following.append(position + 1)
      propose(position)
    }
    while let candidate = popCandidate() {
      let left = Int(candidate & 0xFF_FFFF_FFFF)
      let result = Int(merges.results[Int(candidate >> 40)])
      let right = following[left]
      // A candidate is stale when a neighbour has changed since it was proposed.
      guard symbols[left] >= 0, right < count,
        let rank = merges.rank(symbols[left], symbols[right]), merges.results[rank] == result
      else { continue }
      symbols[left] = result
      symbols[right] = -1
      following[left] = following[right]
      if following[left] < count { previous[following[left]] = left }
      propose(left)
      if previous[left] >= 0 { propose(previous[left]) }
    }
  }

  private mutating func propose(_ left: Int) {
    let right = following[left]
    guard right < symbols.count, let rank = merges.rank(symbols[left], symbols[right]) else {
      return
    }
    candidates.append(UInt64(rank) << 40 | UInt64(left))
    var child = candidates.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard candidates[child] < candidates[parent] else { break }
      candidates.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func popCandidate() -> UInt64? {
    guard let best = candidates.first, let last = candidates.popLast() else { return nil }
    guard !candidates.isEmpty else { return best }
    candidates[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < candidates.count else { break }
      if child + 1 < candidates.count, candidates[child + 1] < candidates[child] { child += 1 }
      guard candidates[child] < candidates[parent] else { break }
      candidates.swapAt(child, parent)
      parent = child
    }
    return best
  }
}
