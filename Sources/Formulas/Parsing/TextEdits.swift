/// A change of a text: bytes that others take the place of.
struct Edit: Sendable, Equatable {
  var range: Range<Int>
  var replacement: String
}

/// A text that came from another one by changes, and which of its bytes came from where.
package struct EditedText: Sendable {
  /// Bytes that were kept: where they stand now and where they stood.
  struct Run: Sendable, Equatable {
    var start: Int
    var source: Int
    var count: Int
  }

  package private(set) var bytes: [UInt8]
  private(set) var runs: [Run]

  /// A text as it is; `source` is where it stands in the text that offsets refer to.
  init(_ bytes: [UInt8], source: Int = 0) {
    self.bytes = bytes
    runs = bytes.isEmpty ? [] : [Run(start: 0, source: source, count: bytes.count)]
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Puts a text behind this one.
  mutating func append(_ other: EditedText) {
    Work.add(other.bytes.count + other.runs.count)
    let offset = bytes.count
    bytes += other.bytes
    runs += other.runs.map { Run(start: $0.start + offset, source: $0.source, count: $0.count) }
  }

  mutating func append(_ text: String) { bytes += Array(text.utf8) }

  /// The text with changes made, which may come in any order and must not overlap; those at the same
  /// place are made in their order.
  func applying(_ edits: [Edit]) -> EditedText {
    if edits.isEmpty { return self }
    Work.add(bytes.count + edits.count)
    let ordered = edits.enumerated().sorted {
      ($0.element.range.lowerBound, $0.element.range.isEmpty ? 0 : 1, $0.offset)
        < ($1.element.range.lowerBound, $1.element.range.isEmpty ? 0 : 1, $1.offset)
    }
    var result = EditedText([])
    var position = 0
    var run = 0
    for (_, edit) in ordered {
      guard edit.range.lowerBound >= position else { continue }
      keep(position..<edit.range.lowerBound, &result, &run)
      result.part(from: edit.replacement.utf8.first)
      result.bytes += Array(edit.replacement.utf8)
      position = edit.range.upperBound
      if position > edit.range.lowerBound, position < bytes.count {
        result.part(from: bytes[position])
      }
    }
    keep(position..<bytes.count, &result, &run)
    return result
  }

  /// Puts a blank behind a command's name where a letter comes next that was not part of it.
  private mutating func part(from next: UInt8?) {
    guard let next, CommandTable.isLetter(next) else { return }
    var start = bytes.count
    let least = max(0, start - Self.longestName)
    while start > least, CommandTable.isLetter(bytes[start - 1]) { start -= 1 }
    guard start < bytes.count, start > 0, bytes[start - 1] == UInt8(ascii: "\\"),
      !FormulaCheck.isEscaped(start - 1, bytes)
    else { return }
    bytes.append(UInt8(ascii: " "))
  }

  /// Longer runs of letters are no commands.
  private static let longestName = 64

  /// A piece of the text, which still knows where it came from.
  func part(_ range: Range<Int>) -> EditedText {
    var result = EditedText([])
    // The first run that ends behind the piece's start.
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].start + runs[middle].count <= range.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    keep(range, &result, &low)
    return result
  }

  private func keep(_ range: Range<Int>, _ result: inout EditedText, _ run: inout Int) {
    guard !range.isEmpty else { return }
    while run < runs.count, runs[run].start + runs[run].count <= range.lowerBound { run += 1 }
    var index = run
    while index < runs.count, runs[index].start < range.upperBound {
      Work.add(1)
      let kept = (runs[index].start..<runs[index].start + runs[index].count).clamped(to: range)
      if !kept.isEmpty {
        result.runs.append(
          Run(
            start: result.bytes.count + kept.lowerBound - range.lowerBound,
            source: runs[index].source + kept.lowerBound - runs[index].start, count: kept.count))
      }
      index += 1
    }
    result.bytes += bytes[range]
  }

  /// Where the bytes of a piece of the source stand in this text; nil if none of them was kept.
  package func range(ofSource source: Range<Int>) -> Range<Int>? {
    var low: Int?
    var high = 0
    for run in runs {
      let kept = (run.source..<run.source + run.count).clamped(to: source)
      if kept.isEmpty { continue }
      let start = run.start + kept.lowerBound - run.source
      low = min(low ?? start, start)
      high = max(high, start + kept.count)
    }
    return low.map { $0..<high }
  }

  /// Where a byte of this text came from; nil for one that was put in.
  package func source(of position: Int) -> Int? {
    guard let run = runs.last(where: { $0.start <= position }), position < run.start + run.count
    else {
      return nil
    }
    return run.source + position - run.start
  }
}
