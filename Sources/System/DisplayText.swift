/// Text from outside made fit to be shown: no byte of a file, a prompt, a name, the network or a model reaches a
/// terminal as a control sequence, and none changes the direction in which other text is read.
///
/// Everything that is shown goes through here. What is taken away is replaced by U+FFFD, so that it is seen that
/// something was there.
package enum DisplayText {
  /// A text on one line, as a part of a message: without control and format characters, line and paragraph
  /// separators, and the scalars that stand for bytes of a file's name that are no UTF-8.
  ///
  /// - Parameter limit: scalars that are kept; `…` stands for the rest.
  package static func line(_ text: some StringProtocol, limit: Int? = nil) -> String {
    var shown = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      if let limit, count == limit {
        shown.append("…")
        break
      }
      shown.append(isShownInLine(scalar) ? scalar : replacement)
      count += 1
    }
    return String(shown)
  }

  /// A text of any number of lines, such as a model's answer: tabs and line feeds stay, and so do the joiners that
  /// emoji and many scripts are written with. A carriage return before a line feed is left out.
  package static func lines(_ text: some StringProtocol) -> String {
    var shown = String.UnicodeScalarView()
    var wasReturn = false
    for scalar in text.unicodeScalars {
      if wasReturn, scalar != "\n" { shown.append(replacement) }
      wasReturn = scalar == "\r"
      if wasReturn { continue }
      shown.append(isShown(scalar) ? scalar : replacement)
    }
    if wasReturn { shown.append(replacement) }
    return String(shown)
  }

  /// Whether `lines` leaves a scalar as it is.
  package static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    // Most text, without looking anything up.
    if (0x20...0x7E).contains(scalar.value) || scalar == "\n" || scalar == "\t" { return true }
    // Deprecated shapes of digits and letters, annotations between lines, invisible tags.
    let hidden: [ClosedRange<UInt32>] = [0x206A...0x206F, 0xFFF9...0xFFFB, 0xE0000...0xE007F]
    if hidden.contains(where: { $0.contains(scalar.value) }) { return false }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
    case .format: return !scalar.properties.isBidiControl
    default: return true
    }
  }

  /// Whether `line` leaves a scalar as it is.
  package static func isShownInLine(_ scalar: Unicode.Scalar) -> Bool {
    if (0x20...0x7E).contains(scalar.value) { return true }
    if scalar == "\n" || scalar == "\t" || SystemPath.escapes.contains(scalar.value) {
      return false
    }
    return isShown(scalar) && scalar.properties.generalCategory != .format
  }

  private static let replacement: Unicode.Scalar = "\u{FFFD}"
}
