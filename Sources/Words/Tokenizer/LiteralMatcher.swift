/// Finds the leftmost of many literal strings, and of those that begin there the longest.
package struct LiteralMatcher: Sendable {
  /// Sorted by their bytes, so that strings with a common beginning are neighbours; each once.
  private let literals: [(bytes: [UInt8], id: Int)]
  private let beginsLiteral: [Bool]

  init(_ tokens: [(text: String, id: Int)]) {
    var literals: [(bytes: [UInt8], id: Int)] = []
    let sorted = tokens.filter { !$0.text.isEmpty }
      .map { (bytes: Array($0.text.utf8), id: $0.id) }
      .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    for literal in sorted where literal.bytes != literals.last?.bytes { literals.append(literal) }
    self.literals = literals
    var firstBytes = Array(repeating: false, count: 256)
    for literal in literals { firstBytes[Int(literal.bytes[0])] = true }
    beginsLiteral = firstBytes
  }

  enum Fragment {
    case token(Int)
    case text(UnsafeBufferPointer<UInt8>)
  }

  /// Calls `body` with the literals in `text` and the text between them, in order.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (Fragment) -> Void
  ) {
    var gap = 0
    var position = literals.isEmpty ? text.count : 0
    while position < text.count {
      guard beginsLiteral[Int(text[position])], let found = longest(text, at: position) else {
        position += 1
        continue
      }
      if gap < position { body(.text(text.part(gap..<position))) }
      body(.token(found.id))
      position += found.length
      gap = position
    }
    if gap < text.count { body(.text(text.part(gap..<text.count))) }
  }

  /// Narrows the range of literals that agree with the text, byte by byte.
  private func longest(
    _ text: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (id: Int, length: Int)? {
    var candidates = literals.startIndex..<literals.endIndex
    var best: (id: Int, length: Int)?
    var length = 0
    while start + length < text.count {
      let byte = text[start + length]
      let low = literals.partition(candidates) { $0.bytes[length] < byte }
      let high = literals.partition(low..<candidates.upperBound) { $0.bytes[length] <= byte }
      length += 1
      candidates = low..<high
      guard !candidates.isEmpty else { break }
      if literals[low].bytes.count == length {
        best = (literals[low].id, length)
        candidates = low + 1..<high
      }
    }
    return best
  }
}

/// A part of a text: a token that was found in it, or what lies between such tokens.
package enum TextFragment: Equatable {
  case token(Int)
  case text(String)

  init(_ fragment: LiteralMatcher.Fragment) {
    switch fragment {
    case .token(let id): self = .token(id)
    case .text(let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
    }
  }
}

extension Array {
  /// The first index of `range` for whose element `precedes` is false.
  fileprivate func partition(_ range: Range<Int>, _ precedes: (Element) -> Bool) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if precedes(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
