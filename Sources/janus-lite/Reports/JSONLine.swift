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
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw Failure(.internalError, "cannot write JSON: \(error)")
    }
  }

  static func print(_ value: some Encodable) throws(Failure) {
    try StandardOutput.line(encode(value))
  }
}
