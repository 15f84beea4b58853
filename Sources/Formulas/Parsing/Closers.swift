/// Where the braces and the brackets of a text are closed, found in one pass.
///
/// A brace is closed by the brace of its level; a bracket by the first `]` outside of braces that are
/// opened behind it. What stands behind a backslash counts for nothing.
struct Closers: Sendable {
  private var ends: [Int32]

  init(_ bytes: [UInt8]) {
    precondition(bytes.count < Int(Int32.max))
    Work.add(bytes.count)
    ends = Array(repeating: -1, count: bytes.count)
    // The open braces, and the open brackets of each of them; the first is the text itself.
    var braces: [Int] = []
    var brackets: [[Int]] = [[]]
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 1
      case UInt8(ascii: "%"):
        index = TokenReader.endOfComment(
          in: bytes, from: index, limit: bytes.count)
      case UInt8(ascii: "{"):
        braces.append(index)
        brackets.append([])
      case UInt8(ascii: "}"):
        if let open = braces.popLast() {
          ends[open] = Int32(index)
          brackets.removeLast()
        } else {
          brackets[0] = []
        }
      case UInt8(ascii: "["): brackets[brackets.count - 1].append(index)
      case UInt8(ascii: "]"):
        for open in brackets[brackets.count - 1] { ends[open] = Int32(index) }
        brackets[brackets.count - 1] = []
      default: break
      }
      index += 1
    }
  }

  /// The position of what closes the brace or the bracket at `position`; nil for one that stays open.
  subscript(position: Int) -> Int? {
    guard ends.indices.contains(position), ends[position] >= 0 else { return nil }
    return Int(ends[position])
  }
}
