/// What a file's first bytes say it is.
enum PictureFormat: Equatable {
  case empty
  case png
  case jpeg
  /// In words, with the article.
  case other(String)

  init(of file: UnsafeRawBufferPointer) {
    if file.isEmpty {
      self = .empty
    } else if Self.agrees(file, with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if Self.agrees(file, with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else {
      self = .other(Self.name(of: file))
    }
  }

  /// Whether the file begins with the signature, or ends within it: a cut-off PNG is still a PNG.
  private static func agrees(_ file: UnsafeRawBufferPointer, with signature: [UInt8]) -> Bool {
    file.prefix(signature.count).elementsEqual(signature.prefix(file.count))
  }

  private static func name(of file: UnsafeRawBufferPointer) -> String {
    func starts(_ text: String, at offset: Int = 0) -> Bool {
      file.count >= offset + text.utf8.count
        && file[offset...].prefix(text.utf8.count).elementsEqual(text.utf8)
    }
    if starts("GIF8") { return "a GIF picture" }
    if starts("RIFF") && starts("WEBP", at: 8) { return "a WebP picture" }
    if starts("BM") && file.count >= 26 && file[6...].prefix(4).allSatisfy({ $0 == 0 }) {
      return "a BMP picture"
    }
    if starts("II*\0") || starts("MM\0*") { return "a TIFF picture" }
    if starts("ftyp", at: 4) {
      if starts("avif", at: 8) { return "an AVIF picture" }
      if ["heic", "heix", "hevc", "mif1"].contains(where: { starts($0, at: 8) }) {
        return "a HEIC picture"
      }
      return "a video file"
    }
    if starts("\0\0\0\u{0C}JXL ") || file.prefix(2).elementsEqual([0xFF, 0x0A]) {
      return "a JPEG XL picture"
    }
    if starts("\0\0\0\u{0C}jP  ") { return "a JPEG 2000 picture" }
    if starts("8BPS") { return "a Photoshop file" }
    if starts("%PDF") { return "a PDF file (save the page as PNG first)" }
    if starts("PK\u{03}\u{04}") { return "a zip archive" }
    if file.prefix(2).elementsEqual([0x1F, 0x8B]) { return "a gzip archive" }
    if starts("GGUF") { return "a GGUF model file" }
    if isText(file) { return starts("<svg") ? "an SVG drawing" : "a text file" }
    if file.allSatisfy({ $0 == 0 }) { return "a file of zero bytes only" }
    return "bytes of no known kind"
  }

  /// Whether the first 512 bytes have no control characters and are UTF-8, but for a character cut off at the end.
  private static func isText(_ file: UnsafeRawBufferPointer) -> Bool {
    let head = file.prefix(512)
    guard head.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }) else {
      return false
    }
    var wrong = 0
    _ = transcode(
      head.makeIterator(), from: UTF8.self, to: UTF32.self, stoppingOnError: false
    ) { wrong += $0 == 0xFFFD ? 1 : 0 }
    return wrong <= 3 && wrong * 20 <= head.count
  }
}
