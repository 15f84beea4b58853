/// What a file's first bytes say it is.
enum FileContent: Equatable {
  case empty
  case picture(PictureKind)
  /// In words, with the article.
  case other(String)

  init(of file: UnsafeRawBufferPointer) {
    if file.isEmpty {
      self = .empty
    } else if let kind = Self.picture(file) {
      self = .picture(kind)
    } else {
      self = .other(Self.name(of: file))
    }
  }

  private static func picture(_ file: UnsafeRawBufferPointer) -> PictureKind? {
    if agrees(file, with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
    if agrees(file, with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if file.holds("RIFF") && file.holds("WEBP", at: 8) { return .webP }
    if file.holds("GIF87a") || file.holds("GIF89a") { return .gif }
    if file.holds("BM"), let size = file.long(at: 14, .little), BMPHeader.sizes.contains(Int(size))
    {
      return .bmp
    }
    if [UInt16(42), 43].contains(file.short(at: 2, .little)) && file.holds("II") { return .tiff }
    if [UInt16(42), 43].contains(file.short(at: 2, .big)) && file.holds("MM") { return .tiff }
    return file.holds("ftyp", at: 4) ? brand(file) : nil
  }

  /// Whether the file begins with the signature, or ends within it: a cut-off PNG is still a PNG.
  private static func agrees(_ file: UnsafeRawBufferPointer, with signature: [UInt8]) -> Bool {
    file.prefix(signature.count).elementsEqual(signature.prefix(file.count))
  }

  /// HEIC or AVIF by the brands of an ISO file, of which the first is the writer's choice (ISO 14496-12, 4.3).
  private static func brand(_ file: UnsafeRawBufferPointer) -> PictureKind? {
    let end = min(Int(file.long(at: 0, .big) ?? 0), file.count, 64)
    let brands = [8] + Array(stride(from: 16, to: max(end - 3, 16), by: 4))
    for offset in brands {
      if file.holds("avif", at: offset) || file.holds("avis", at: offset) { return .avif }
      if file.holds("hei", at: offset) || file.holds("hevc", at: offset) { return .heic }
      if file.holds("hevx", at: offset) { return .heic }
    }
    // Brands that do not say how the picture is coded.
    return file.holds("mif1", at: 8) || file.holds("msf1", at: 8) ? .heic : nil
  }

  private static func name(of file: UnsafeRawBufferPointer) -> String {
    if file.holds("ftyp", at: 4) { return "a video file" }
    if file.holds("\0\0\0\u{0C}JXL ") || file.prefix(2).elementsEqual([0xFF, 0x0A]) {
      return "a JPEG XL picture"
    }
    if file.holds("\0\0\0\u{0C}jP  ") { return "a JPEG 2000 picture" }
    if file.holds("8BPS") { return "a Photoshop file" }
    if file.holds("%PDF") { return "a PDF file" }
    if file.holds("PK\u{03}\u{04}") { return "a zip archive" }
    if file.prefix(2).elementsEqual([0x1F, 0x8B]) { return "a gzip archive" }
    if file.holds("GGUF") { return "a GGUF model file" }
    if isText(file) { return file.holds("<svg") ? "an SVG drawing" : "a text file" }
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
