#if os(Linux)
  #if canImport(Musl)
    import Musl
  #else
    import Glibc
  #endif

  /// The kernel's small text files under /proc and /sys.
  enum SystemFile {
    /// The first 16 kB of a file without the blank space at its end; nil where it cannot be read.
    static func text(_ path: String) -> String? {
      guard let file = fopen(path, "r") else { return nil }
      defer { fclose(file) }
      var buffer = [UInt8](repeating: 0, count: 16_384)
      let count = fread(&buffer, 1, buffer.count, file)
      let text = String(decoding: buffer[..<count], as: UTF8.self)
      return String(text.reversed().drop(while: \.isWhitespace).reversed())
    }
  }
#endif
