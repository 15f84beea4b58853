import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// One JSON object on one line, with sorted keys, so that equal results are equal bytes.
enum JSONLine {
  static func encode(_ value: some Encodable) throws(Failure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // The log-probability of a token can be -∞, for which JSON has no number.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return escaped(String(decoding: try encoder.encode(value), as: UTF8.self))
    } catch {
      throw Failure(.internalError, "cannot write JSON: \(error)")
    }
  }

  /// The same JSON with what a terminal must not get as escapes. Foundation escapes ASCII's control
  /// characters only.
  private static func escaped(_ json: String) -> String {
    if json.unicodeScalars.allSatisfy(DisplayText.isShown) { return json }
    return json.unicodeScalars.reduce(into: "") { text, scalar in
      if DisplayText.isShown(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        for unit in String(scalar).utf16 { text += "\\u" + String(format: "%04x", unit) }
      }
    }
  }

  static func print(_ value: some Encodable) throws(Failure) {
    try StandardOutput.line(encode(value))
  }
}
