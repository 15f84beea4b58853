/// Lines of standard input of at most so many bytes; what is longer is passed over without keeping it.
struct BoundedLines {
  enum Line: Equatable {
    case bytes([UInt8])
    /// With how many bytes it had.
    case tooLong(Int)
  }

  private let limit: Int
  private var buffer: [UInt8] = []
  private var passed = 0
  private var searched = 0
  private var isAtEnd = false

  init(limit: Int) { self.limit = limit }

  /// The next line without its line feed; nil at the end, or when Ctrl-C was pressed.
  mutating func next() throws(Failure) -> Line? {
    while true {
      if let line = takeLine() { return line }
      guard !isAtEnd else { return nil }
      guard let piece = try StandardInput.readPiece() else { return nil }
      add(piece)
    }
  }

  /// The next line where it is here already, or can be read without waiting for its writer.
  mutating func waiting() throws(Failure) -> Line? {
    var taken = 0
    while true {
      if let line = takeLine() { return line }
      // A line without an end must not keep up those who wait for answers.
      guard !isAtEnd, taken <= limit, StandardInput.isReady(),
        let piece = try StandardInput.readPiece()
      else { return nil }
      taken += piece.count
      add(piece)
    }
  }

  /// A line that is here already.
  mutating func takeLine() -> Line? {
    if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
      defer { searched = 0 }
      if passed > 0 {
        let count = passed + end
        passed = 0
        buffer.removeSubrange(...end)
        return .tooLong(count)
      }
      let line = Array(buffer[..<end])
      buffer.removeSubrange(...end)
      return line.count > limit ? .tooLong(line.count) : .bytes(line)
    }
    searched = buffer.count
    if buffer.count > limit {
      passed += buffer.count
      buffer = []
      searched = 0
    }
    guard isAtEnd, passed + buffer.count > 0 else { return nil }
    defer { (buffer, passed, searched) = ([], 0, 0) }
    return passed > 0 ? .tooLong(passed + buffer.count) : .bytes(buffer)
  }

  mutating func add(_ piece: ArraySlice<UInt8>) {
    isAtEnd = piece.isEmpty
    buffer += piece
  }
}
