/// What is wrong with a formula, and where.
package struct FormulaProblem: Equatable, Sendable, CustomStringConvertible {
  /// Bytes of the formula's UTF-8.
  package let range: Range<Int>
  package let fault: Fault
  /// The piece of the formula that is meant; control characters are shown as U+FFFD.
  package let excerpt: String

  init(_ range: Range<Int>, _ fault: Fault, in bytes: [UInt8]) {
    self.range = range
    self.fault = fault
    let end = min(range.upperBound, range.lowerBound + 40, bytes.count)
    let piece = String(decoding: bytes[min(range.lowerBound, end)..<end], as: UTF8.self)
    excerpt = String(
      String.UnicodeScalarView(piece.unicodeScalars.map { Grammar.isControl($0) ? "\u{FFFD}" : $0 })
    )
  }

  /// The line and the column where it begins in the text that was read, from 1; columns count
  /// characters.
  package func place(in latex: String) -> (line: Int, column: Int) {
    let before = String(decoding: latex.utf8.prefix(range.lowerBound), as: UTF8.self)
    let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.count, (lines.last?.unicodeScalars.count ?? 0) + 1)
  }

  /// "byte 12: unknown command: \foo"
  package var description: String { description(offset: 0) }

  /// - Parameter offset: where the formula begins in the text that the byte is counted in.
  package func description(offset: Int) -> String {
    "byte \(range.lowerBound + offset): \(fault.reason)" + (excerpt.isEmpty ? "" : ": \(excerpt)")
  }
}
