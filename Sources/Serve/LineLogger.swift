import Foundation
import JanusSystem
import Logging

/// Writes each message as one line on standard error: time, level, message, then its fields.
///
/// A line is written in one piece, and a disk that is full or a reader that has gone ends nothing.
package struct LineLogger: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level

  package init(logLevel: Logger.Level = .info) { self.logLevel = logLevel }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    var line =
      "time=\(Self.time) level=\(event.level.rawValue) message=\(Self.value("\(event.message)"))"
    for (key, value) in fields { line += " \(key)=\(Self.value("\(value)"))" }
    Self.write(line + "\n")
  }

  /// A value with blanks or other than printable characters in quotes, those escaped.
  package static func value(_ text: String) -> String {
    let plain = text.unicodeScalars.allSatisfy {
      $0.value > 0x20 && $0.value < 0x7F && $0 != "\"" && $0 != "=" && $0 != "\\"
    }
    return plain && !text.isEmpty
      ? text
      : DisplayText.line(String(decoding: JSONValue.string(text).encoded, as: UTF8.self))
  }

  private static var time: String { Date.now.formatted(.iso8601) }

  private static func write(_ line: String) {
    var line = line
    line.withUTF8 { bytes in
      var rest = bytes[...]
      while let base = rest.baseAddress, !rest.isEmpty {
        let count = Foundation.write(STDERR_FILENO, base, rest.count)
        if count < 0 {
          if errno == EINTR { continue }
          return
        }
        rest = rest.dropFirst(count)
      }
    }
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  fileprivate var baseAddress: UnsafePointer<UInt8>? {
    base.baseAddress.map { $0 + startIndex }
  }
}
