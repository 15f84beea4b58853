import Foundation

/// What is being done, on one line of the terminal that is written over and cleared at the end.
///
/// Where standard error is no terminal nothing is shown.
struct StatusLine {
  private var isShown = false

  mutating func show(_ text: String) {
    guard StandardError.isTerminal else { return }
    let oneLine = text.map { $0.isNewline ? " " : $0 }
    StandardError.write("\r\u{1b}[K" + String(oneLine.suffix(StandardError.width - 1)))
    isShown = true
  }

  mutating func clear() {
    guard isShown else { return }
    StandardError.write("\r\u{1b}[K")
    isShown = false
  }
}
