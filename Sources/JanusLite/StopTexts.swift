/// Watches an answer's text for the texts before which it is to end.
///
/// Text that could be the start of such a text is held back until the next piece decides.
package struct StopTexts: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  /// Whether a text was found: nothing comes after it.
  package private(set) var isFound = false

  package init(_ stops: [String]) {
    self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
  }

  /// The text that may be shown after this piece.
  package mutating func append(_ piece: String) -> String {
    if stops.isEmpty { return piece }
    if isFound { return "" }
    held += piece.utf8
    if let start = firstStop() {
      isFound = true
      defer { held = [] }
      return String(decoding: held[..<start], as: UTF8.self)
    }
    let shown = held.count - longestBeginning()
    defer { held.removeFirst(shown) }
    return String(decoding: held[..<shown], as: UTF8.self)
  }

  /// What was held back when the answer ended by itself.
  package mutating func finish() -> String {
    defer { held = [] }
    return isFound ? "" : String(decoding: held, as: UTF8.self)
  }

  private func firstStop() -> Int? {
    held.indices.first { start in stops.contains { held[start...].starts(with: $0) } }
  }

  /// Bytes at the end that are the start of a stop text. Stop texts begin and end between
  /// characters, so only whole characters are shown.
  private func longestBeginning() -> Int {
    let longest = stops.map(\.count).max() ?? 0
    for length in stride(from: min(held.count, longest - 1), to: 0, by: -1) {
      let end = held.suffix(length)
      if stops.contains(where: { $0.starts(with: end) }) { return length }
    }
    return 0
  }
}
