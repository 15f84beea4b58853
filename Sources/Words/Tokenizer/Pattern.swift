/// A regular expression over UTF-8 text, ready to find matches in linear time.
///
/// A deterministic automaton with leftmost-first priorities (the match that a backtracking engine
/// finds). Every step knows the class of the next scalar, or that the text ends. So look-ahead
/// costs nothing.
///
/// A class, because passing one reference from stage to stage is faster than passing all these
/// tables.
package final class Pattern: Sendable {
  /// Class of each ASCII scalar.
  private let asciiClasses: [UInt8]
  /// First scalar of each interval with one class, ascending from 0, and the class.
  private let intervalStarts: [UInt32]
  private let intervalClasses: [UInt8]
  /// Classes, and one more for the end of the text.
  private let width: Int
  /// States × width; `nextState << 1 | (a match ends here ? 1 : 0)`. State 0 is dead, 1 the start.
  private let transitions: [UInt16]

  /// Errors: what the subset does not have, a pattern that matches the empty text, or one whose
  /// automaton would be too large or would take too long to build.
  init(_ syntax: PatternSyntax, named name: String) throws(TokenizerError) {
    let automaton = try PatternAutomaton(syntax, named: name)
    intervalStarts = automaton.classes.starts
    intervalClasses = automaton.classes.classes
    width = automaton.classes.count + 1
    transitions = automaton.transitions
    let classes = automaton.classes
    asciiClasses = (0..<128).map { classes.class(of: $0) }
  }

  convenience init(_ pattern: String) throws(TokenizerError) {
    try Self.checkLength(pattern)
    try self.init(try PatternSyntax(parsing: pattern), named: pattern)
  }

  /// Matches a text alone.
  convenience init(literal text: String) throws(TokenizerError) {
    try Self.checkLength(text)
    try self.init(PatternSyntax(literal: text), named: text)
  }

  private static func checkLength(_ pattern: String) throws(TokenizerError) {
    guard pattern.utf8.count <= TokenizerLimits.patternBytes else {
      throw .pattern(
        pattern,
        reason: "expected at most \(TokenizerLimits.patternBytes) bytes, found "
          + "\(pattern.utf8.count)")
    }
  }

  /// Calls `body` with each match and each gap between matches, in order; together they are `text`.
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var gap = 0
    var start = 0
    var failure = FailedRun()
    while start < text.count {
      guard let end = match(text, from: start, &failure) else {
        start += UTF8Scalar.length(text[start])
        continue
      }
      if gap < start { body(text.part(gap..<start)) }
      body(text.part(start..<end))
      gap = end
      start = end
    }
    if gap < text.count { body(text.part(gap..<text.count)) }
  }

  /// The last stretch of a failed attempt in which the automaton stayed in one state.
  ///
  /// An attempt that comes into the same state inside that stretch fails as well. Without this,
  /// `\s+$` would take quadratic time on many spaces before a letter.
  private struct FailedRun {
    var state = 0
    var positions = 0..<0
  }

  /// The end of the match that begins at `start`.
  private func match(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, _ failure: inout FailedRun
  ) -> Int? {
    var position = start
    var state = 1
    var end: Int?
    var stateSince = start
    transitions.withUnsafeBufferPointer { transitions in
      while true {
        var scalarClass = width - 1
        var length = 0
        if position < text.count {
          (scalarClass, length) = classified(text, position)
        }
        let step = Int(transitions[state * width + scalarClass])
        if step & 1 != 0 { end = position }
        guard step >> 1 != 0, length > 0 else { break }
        position += length
        if step >> 1 != state {
          state = step >> 1
          stateSince = position
          if state == failure.state, failure.positions.contains(position) {
            position = failure.positions.upperBound
            break
          }
        }
      }
    }
    if end == nil, position > stateSince {
      failure = FailedRun(state: state, positions: stateSince..<position)
    }
    return end
  }

  @inline(__always)
  private func classified(
    _ text: UnsafeBufferPointer<UInt8>, _ position: Int
  ) -> (scalarClass: Int, length: Int) {
    let lead = text[position]
    if lead < 0x80 { return (Int(asciiClasses[Int(lead)]), 1) }
    let (value, length) = text.scalar(at: position)
    var low = 0
    var high = intervalStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if intervalStarts[middle] <= value { low = middle } else { high = middle }
    }
    return (Int(intervalClasses[low]), length)
  }
}
