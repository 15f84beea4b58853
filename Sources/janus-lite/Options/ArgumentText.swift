import ArgumentParser
import JanusSystem

/// A text on the command line that a model is to see. Names of files may be any bytes, texts may not.
enum ArgumentText {
  /// - Throws: where it holds bytes that are no UTF-8.
  static func checked(_ text: String) throws -> String {
    guard let byte = text.unicodeScalars.lazy.compactMap(SystemPath.byte).first else { return text }
    throw ValidationError(
      "expected a text in UTF-8, found the byte 0x\(String(byte, radix: 16, uppercase: true))")
  }
}
