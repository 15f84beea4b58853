private let format = "BMP"

/// The headers of a BMP file: BITMAPFILEHEADER, then one of Windows or OS/2, of which the size tells which.
struct BMPHeader {
  /// OS/2 1, OS/2 2 in short and in full, and Windows' BITMAPINFOHEADER and versions 2 to 5.
  static let sizes = [12, 16, 64, 40, 52, 56, 108, 124]

  enum Compression: UInt32 {
    case none = 0
    case runLength8, runLength4, bitFields
    case alphaBitFields = 6
  }

  let width: Int
  let height: Int
  /// Whether the first row stored is the uppermost.
  let isTopDown: Bool
  let bitsPerPixel: Int
  let compression: Compression
  /// Of red, green, blue and alpha in a pixel of 16 or 32 bits; alpha 0 is none.
  let masks: [UInt32]
  /// [256, 3]; colours that the file does not list are black.
  let palette: [UInt8]
  let pixelStart: Int

  init(_ file: UnsafeRawBufferPointer) throws(PictureError) {
    func truncated() -> PictureError { .truncated(format: format, byteCount: file.count) }
    func short(_ offset: Int) throws(PictureError) -> Int {
      guard let value = file.short(at: offset, .little) else { throw truncated() }
      return Int(value)
    }
    func long(_ offset: Int) throws(PictureError) -> UInt32 {
      guard let value = file.long(at: offset, .little) else { throw truncated() }
      return value
    }

    let size = Int(try long(14))
    let isCore = size == 12
    let bits: Int
    if isCore {
      (width, height, isTopDown) = (try short(18), try short(20), false)
      bits = try short(24)
    } else {
      width = Int(Int32(bitPattern: try long(18)))
      let stored = Int(Int32(bitPattern: try long(22)))
      (height, isTopDown) = (abs(stored), stored < 0)
      bits = try short(28)
    }
    guard width > 0, height > 0 else {
      throw .damaged(format: format, reason: "it is \(width) × \(height) pixels")
    }
    guard [1, 2, 4, 8, 16, 24, 32].contains(bits) else {
      throw .damaged(format: format, reason: "\(bits) bits a pixel, expected 1 to 32")
    }
    bitsPerPixel = bits

    let method = size >= 40 ? try long(30) : 0
    // The numbers 3 and 4 mean other things in OS/2.
    let isOS2 = size == 64 && method >= 3
    guard let compression = Compression(rawValue: method), !isOS2 else {
      throw .unsupported(format: format, reason: "compression \(method)")
    }
    switch (compression, bits) {
    case (.none, _), (.runLength8, 8), (.runLength4, 4), (.bitFields, 16), (.bitFields, 32),
      (.alphaBitFields, 16), (.alphaBitFields, 32):
      break
    default:
      throw .damaged(format: format, reason: "compression \(method) with \(bits) bits a pixel")
    }
    if isTopDown && (compression == .runLength8 || compression == .runLength4) {
      throw .damaged(format: format, reason: "runs of pixels from top to bottom")
    }
    self.compression = compression

    var paletteStart = 14 + size
    var masks: [UInt32]
    switch compression {
    case .bitFields where size >= 56:
      masks = [try long(54), try long(58), try long(62), try long(66)]
    case .bitFields, .alphaBitFields:
      // Behind a BITMAPINFOHEADER, or the last of version 2.
      let count = compression == .alphaBitFields ? 4 : 3
      masks = []
      for index in 0..<count { masks.append(try long(54 + index * 4)) }
      masks += [UInt32](repeating: 0, count: 4 - count)
      paletteStart = max(paletteStart, 54 + count * 4)
    default:
      masks = bits == 16 ? [0x7C00, 0x03E0, 0x001F, 0] : [0xFF_0000, 0xFF00, 0xFF, 0]
    }
    // Some programs leave them out.
    if bits == 32, masks.allSatisfy({ $0 == 0 }) { masks = [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000] }
    self.masks = masks
    guard masks[..<3].allSatisfy({ $0 != 0 }),
      masks.reduce(0, |) == masks.reduce(0, { $0 &+ $1 })
    else {
      throw .damaged(format: format, reason: "its colours' bits are missing or overlap")
    }

    pixelStart = Int(try long(10))
    guard pixelStart <= file.count else { throw truncated() }
    guard pixelStart >= 14 + size else {
      throw .damaged(format: format, reason: "its pixels begin at byte \(pixelStart)")
    }
    palette = Self.palette(
      file, start: paletteStart, entrySize: isCore ? 3 : 4, end: pixelStart,
      stated: size >= 40 ? Int(try long(46)) : 0, bits: bits)
  }

  /// As many colours as are stated, as the bits can tell apart, and as lie before the pixels.
  private static func palette(
    _ file: UnsafeRawBufferPointer, start: Int, entrySize: Int, end: Int, stated: Int, bits: Int
  ) -> [UInt8] {
    var palette = [UInt8](repeating: 0, count: 256 * 3)
    guard bits <= 8 else { return palette }
    let most = min(1 << bits, max(end - start, 0) / entrySize)
    for index in 0..<(stated == 0 ? most : min(stated, most)) {
      let entry = start + index * entrySize
      for channel in 0..<3 {
        palette[index * 3 + channel] = file.byte(at: entry + 2 - channel) ?? 0
      }
    }
    return palette
  }
}
