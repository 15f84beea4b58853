import Foundation

/// A file for parsers that open one by its path: one for the whole run, with new content each time.
final class ScratchFile: @unchecked Sendable {
  static let shared = ScratchFile()

  private let descriptor: CInt
  private let path: String

  private init() {
    let memory = "/dev/shm"
    let folder =
      FileManager.default.isWritableFile(atPath: memory)
      ? memory : FileManager.default.temporaryDirectory.path
    var template = Array("\(folder)/fuzzers-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    precondition(descriptor >= 0, "no file can be made in \(folder)")
    let name = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    #if os(Linux)
      // It goes when the process does, however that ends.
      unlink(name)
      path = "/proc/self/fd/\(descriptor)"
    #else
      path = name
    #endif
  }

  /// Calls `body` with the path of a file that holds `bytes`.
  func with(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Void) {
    precondition(ftruncate(descriptor, 0) == 0)
    precondition(pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count)
    body(path)
  }
}

/// Errors are one line without control characters, whatever they quote.
func checkMessage(_ error: some Error & CustomStringConvertible) {
  let controls = error.description.unicodeScalars.filter {
    $0.properties.generalCategory == .control
  }
  precondition(controls.isEmpty, "a message has control characters")
}
