import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// The current activity, on one line of the terminal that is overwritten and cleared at the end.
///
/// Where standard error is not a terminal that can clear a line, long work gets a line a minute.
struct StatusLine {
  private let kind: ProgressKind
  private var isShown = false
  private var lastLine = ContinuousClock.now

  init(_ kind: ProgressKind = .auto) { self.kind = kind }

  mutating func show(_ text: @autoclosure () -> String) {
    guard kind != .none else { return }
    guard kind.writesOver else {
      let now = ContinuousClock.now
      if now - lastLine >= .seconds(60) {
        lastLine = now
        StandardError.note(Self.end(of: text(), columns: 200))
      }
      return
    }
    let text = text()
    // A line that wraps would leave its beginning behind each time.
    let line = Self.end(of: text, columns: StandardError.width - 1)
    StandardError.replaceLine(line)
    isShown = true
  }

  mutating func clear() {
    guard isShown else { return }
    StandardError.replaceLine("")
    isShown = false
  }

  /// The end of a text, as much as fits into the columns. Characters that a line does not show
  /// become spaces.
  static func end(of text: String, columns: Int) -> String {
    var left = columns
    var kept: [Character] = []
    for character in text.reversed() {
      let shown = character.isShown ? character : " "
      left -= shown.isWide ? 2 : 1
      if left < 0 { break }
      kept.append(shown)
    }
    return String(kept.reversed())
  }
}

extension Character {
  fileprivate var isShown: Bool {
    unicodeScalars.allSatisfy { DisplayText.isShownInLine($0) || $0 == "\u{200D}" }
  }

  /// Whether terminals give it two columns: pictographs, and the scripts that Unicode's annex 11 (East
  /// Asian Width) calls wide.
  fileprivate var isWide: Bool {
    unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97c, 0xac00...0xd7a3,
        0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6,
        0x16fe0...0x1b2ff, 0x20000...0x3fffd:
        true
      case 0xfe0f: true  // the one before is a pictograph
      default: scalar.properties.isEmojiPresentation
      }
    }
  }
}
