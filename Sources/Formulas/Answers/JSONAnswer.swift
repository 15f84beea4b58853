/// Answers that give the formula as a value in JSON: `{"latex": "\\frac{1}{2}"}`, within words or a fence or alone.
///
/// Models write JSON as they write LaTeX, not as a parser wants it: with single quotes, backslashes that are not
/// doubled, ends that are missing. So the values of some keys are looked for, and what stands around them goes.
enum JSONAnswer {
  /// The answer with the first such object replaced by its formulas, each on a line of its own; the answer itself
  /// where there is none.
  static func unwrapped(_ answer: EditedText) -> EditedText {
    let bytes = answer.bytes
    guard let object = object(in: bytes) else { return answer }
    var edits: [Edit] = []
    var position = object.range.lowerBound
    for value in object.values {
      edits.append(Edit(range: position..<value.lowerBound, replacement: "\n"))
      edits += unescaped(bytes, value)
      position = value.upperBound
    }
    edits.append(Edit(range: position..<object.range.upperBound, replacement: "\n"))
    return answer.applying(edits)
  }

  private struct Object {
    /// With the fence around it.
    var range: Range<Int>
    var values: [Range<Int>]
  }

  /// What keys of formulas begin with, in small letters.
  private static let subjects = ["latex", "tex", "formula", "equation", "expression", "math"]

  private static func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  // MARK: Where it is

  private static func object(in bytes: [UInt8]) -> Object? {
    guard bytes.contains(UInt8(ascii: ":")) else { return nil }
    for index in bytes.indices where bytes[index] == UInt8(ascii: "{") {
      guard let quote = next(bytes, index + 1), isQuote(bytes[quote]), quote + 1 < bytes.count,
        CommandTable.isLetter(bytes[quote + 1]), key(bytes, quote) != nil
      else { continue }
      let found = values(bytes, from: index)
      guard !found.values.isEmpty else { return nil }
      return Object(range: fenced(bytes, index..<found.end), values: found.values)
    }
    return nil
  }

  /// The next byte that is no space.
  private static func next(_ bytes: [UInt8], _ start: Int) -> Int? {
    var index = start
    while index < bytes.count, Lexer.isSpace(bytes[index]) { index += 1 }
    Work.add(index - start + 1)
    return index < bytes.count ? index : nil
  }

  /// A key and where what follows its colon begins, from its quote on.
  private static func key(_ bytes: [UInt8], _ quote: Int) -> (name: String, end: Int)? {
    var index = quote + 1
    // Names are short, and have no quotes.
    while index < bytes.count, bytes[index] != bytes[quote], index - quote < 64 { index += 1 }
    guard index < bytes.count, bytes[index] == bytes[quote],
      let colon = next(bytes, index + 1), bytes[colon] == UInt8(ascii: ":")
    else { return nil }
    return (String(decoding: bytes[quote + 1..<index], as: UTF8.self).lowercased(), colon + 1)
  }

  /// The strings below keys of formulas, and where the object that begins at `start` ends.
  private static func values(_ bytes: [UInt8], from start: Int) -> (values: [Range<Int>], end: Int)
  {
    var values: [Range<Int>] = []
    var depth = 0
    var isWanted = false
    var index = start
    while let place = next(bytes, index) {
      index = place + 1
      switch bytes[place] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return (values, place + 1) }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if let (name, end) = key(bytes, place) {
          isWanted = subjects.contains { name.hasPrefix($0) || name.hasSuffix($0) }
          index = end
        } else {
          let end = endOfString(bytes, place)
          if isWanted, end > place + 1 { values.append(place + 1..<end) }
          index = min(end + 1, bytes.count)
        }
      default: break
      }
    }
    return (values, bytes.count)
  }

  /// Where the string that begins at a quote ends: at the next such quote that ends a value.
  private static func endOfString(_ bytes: [UInt8], _ quote: Int) -> Int {
    var index = quote + 1
    while index < bytes.count {
      Work.add(1)
      if bytes[index] == UInt8(ascii: "\\") {
        index += 2
        continue
      }
      if bytes[index] == bytes[quote] {
        // A prime in a formula between single quotes ends nothing.
        guard let behind = next(bytes, index + 1) else { return index }
        if ",}]".utf8.contains(bytes[behind]) { return index }
      }
      index += 1
    }
    return bytes.count
  }

  /// The object with the fence around it, so that its formulas are not taken for code of another language.
  private static func fenced(_ bytes: [UInt8], _ object: Range<Int>) -> Range<Int> {
    var start = object.lowerBound
    while start > 0, Lexer.isSpace(bytes[start - 1]) { start -= 1 }
    while start > 0, CommandTable.isLetter(bytes[start - 1]) { start -= 1 }
    let ticks = bytes[..<start].reversed().prefix { $0 == UInt8(ascii: "`") }.count
    guard ticks >= 3 else { return object }
    var end = object.upperBound
    while end < bytes.count, Lexer.isSpace(bytes[end]) { end += 1 }
    end += bytes[end...].prefix { $0 == UInt8(ascii: "`") }.count
    return start - ticks..<end
  }

  // MARK: What it says

  /// What a string's escapes stand for. Where no backslash is doubled, LaTeX was written as it is, and `\n` begins
  /// `\nu`; otherwise it ends a line.
  private static func unescaped(_ bytes: [UInt8], _ range: Range<Int>) -> [Edit] {
    var runs: [(start: Int, count: Int)] = []
    var index = range.lowerBound
    while index < range.upperBound {
      let start = index
      while index < range.upperBound, bytes[index] == UInt8(ascii: "\\") { index += 1 }
      if index > start { runs.append((start, index - start)) } else { index += 1 }
    }
    // `\\` alone may be the end of a row: only before letters does it tell that all are doubled.
    let isDoubled = runs.contains { run in
      let behind = run.start + run.count
      return run.count == 2 && behind < range.upperBound && CommandTable.isLetter(bytes[behind])
    }
    var edits: [Edit] = []
    for run in runs {
      let behind = run.start + run.count
      let byte = behind < range.upperBound ? bytes[behind] : 0
      if !isDoubled {
        if run.count == 1, byte == bytes[range.lowerBound - 1] || byte == UInt8(ascii: "/") {
          edits.append(Edit(range: run.start..<behind, replacement: ""))
        }
        continue
      }
      let pairs = run.start + run.count / 2
      if run.count % 2 == 0 {
        edits.append(Edit(range: run.start..<pairs, replacement: ""))
      } else if byte == UInt8(ascii: "n") || byte == UInt8(ascii: "t") || byte == UInt8(ascii: "r")
      {
        edits.append(Edit(range: run.start..<pairs, replacement: ""))
        edits.append(Edit(range: behind - 1..<behind + 1, replacement: " "))
      } else {
        edits.append(Edit(range: run.start..<pairs + 1, replacement: ""))
      }
    }
    return edits
  }
}
