/// What is typed or pasted at a terminal, as characters: escape sequences and other controls go, a
/// pasted text stays one message.
struct TypedText {
  /// Stands for a line feed inside a line that is being edited.
  static let lineFeed: Unicode.Scalar = "\u{240A}"

  private enum State {
    case text, escape, sequence, string
    /// What follows a sequence that says too early that it ends, up to so many bytes in all.
    case tail(Int)
  }

  /// Sequences of a fixed length: X10's report of the mouse has button, column and row behind it, a function
  /// key of Linux' console its letter.
  private static let longer: [[UInt8]: Int] = [Array("[M".utf8): 5, Array("[[".utf8): 3]

  private var state = State.text
  private var parameters: [UInt8] = []
  private(set) var isPasting = false

  enum Event: Equatable {
    /// A byte of text, or a control that an editor may know.
    case byte(UInt8)
    case pasteBegan, pasteEnded
    /// An escape sequence without ESC, such as `[A`.
    case sequence([UInt8])
  }

  /// The event that `byte` completes, if it does.
  mutating func take(_ byte: UInt8) -> Event? {
    switch state {
    case .text:
      guard byte == 0x1b else { return .byte(byte) }
      state = .escape
      return nil
    case .escape:
      parameters = [byte]
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "O"): state = .sequence
      case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"):
        state = .string
      case 0x1b: return nil
      default:
        state = .text
        return .sequence(parameters)
      }
      return nil
    case .sequence:
      parameters.append(byte)
      guard (0x40...0x7e).contains(byte) || parameters.count > 32 else { return nil }
      if let length = Self.longer[parameters] {
        state = .tail(length)
        return nil
      }
      state = .text
      switch parameters {
      case Array("[200~".utf8):
        isPasting = true
        return .pasteBegan
      case Array("[201~".utf8):
        isPasting = false
        return .pasteEnded
      default: return .sequence(parameters)
      }
    case .tail(let length):
      parameters.append(byte)
      guard parameters.count >= length else { return nil }
      state = .text
      return .sequence(parameters)
    case .string:
      // Ended by BEL, or by ESC and a backslash.
      if byte == 0x07 { state = .text }
      if byte == 0x1b { state = .escape }
      return nil
    }
  }

  /// A line without escape sequences and control characters; tabs become blanks.
  static func cleaned(_ line: String) -> String {
    var typed = TypedText()
    var bytes: [UInt8] = []
    for byte in line.utf8 {
      guard case .byte(let byte)? = typed.take(byte) else { continue }
      if byte == 0x09 { bytes.append(0x20) }
      if byte >= 0x20, byte != 0x7f { bytes.append(byte) }
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.filter { !(0x80...0x9f).contains($0.value) }))
  }
}
