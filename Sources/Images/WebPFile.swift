import CPictureLibraries

private let format = "WebP"

/// Reads a whole WebP file, or the first frame of an animated one; see `Picture.init(decoding:limits:)`.
func readWebP(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits, library: WebPLibrary?
) throws(PictureError) -> Raster {
  guard let library else { throw .missingLibrary(.webP, .webP) }
  let container = try WebPContainer(file)
  let channels = container.hasAlpha || container.frame != nil ? 4 : 3
  let orientation = container.exif.map { Orientation(exif: exifContent(file, $0)) } ?? .topLeft

  func size(of bytes: UnsafeRawBufferPointer) throws(PictureError) -> (width: Int, height: Int) {
    var (width, height) = (CInt(0), CInt(0))
    let isRead = library.getInfo(
      bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &width, &height)
    guard isRead != 0, width > 0, height > 0 else {
      throw .damaged(format: format, reason: "libwebp cannot read its header")
    }
    return (Int(width), Int(height))
  }
  /// A lossless picture is decoded as a whole before it is copied; of others libwebp holds two planes of alpha,
  /// and some rows.
  func check(_ size: (width: Int, height: Int)) throws(PictureError) {
    try limits.check(
      width: size.width, height: size.height,
      bytesPerPixel: Raster.bytesPerPixel(channels: channels, decoder: 5, orientation: orientation))
  }
  func decode(
    _ bytes: UnsafeRawBufferPointer, width: Int, into buffer: UnsafeMutableBufferPointer<UInt8>
  ) throws(PictureError) {
    let decode = channels == 4 ? library.decodeRGBA : library.decodeRGB
    let pixels = decode(
      bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, buffer.baseAddress, buffer.count,
      CInt(width * channels))
    guard pixels != nil else {
      throw .damaged(format: format, reason: "libwebp cannot decode its pixels")
    }
  }

  guard let frame = container.frame else {
    let size = try size(of: file)
    try check(size)
    return try Raster(
      width: size.width, height: size.height, channels: channels, orientation: orientation
    ) { buffer throws(PictureError) in
      try decode(file, width: size.width, into: buffer)
    }
  }

  guard let canvas = container.canvas, frame.left + frame.width <= canvas.width,
    frame.top + frame.height <= canvas.height
  else {
    throw .damaged(format: format, reason: "its first frame lies beyond its canvas")
  }
  try check(canvas)
  let single = container.simpleFile(width: frame.width, height: frame.height)
  let first = try withBytes(of: single) { bytes throws(PictureError) in
    let size = try size(of: bytes)
    guard size == (frame.width, frame.height) else {
      throw .damaged(
        format: format,
        reason: "its first frame is \(size.width) × \(size.height) pixels, expected"
          + " \(frame.width) × \(frame.height)")
    }
    return try Raster(width: size.width, height: size.height, channels: 4) {
      buffer throws(PictureError) in
      try decode(bytes, width: size.width, into: buffer)
    }
  }
  return try first.placed(
    left: frame.left, top: frame.top, canvasWidth: canvas.width, canvasHeight: canvas.height,
    orientation: orientation)
}

/// An EXIF chunk's TIFF structure. Some programs write JPEG's prefix before it.
private func exifContent(
  _ file: UnsafeRawBufferPointer, _ range: Range<Int>
) -> UnsafeRawBufferPointer {
  let content = UnsafeRawBufferPointer(rebasing: file[range])
  let prefix = content.holds("Exif\0\0") ? 6 : 0
  return UnsafeRawBufferPointer(rebasing: content[prefix...])
}

private func withBytes<Result>(
  of array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(PictureError) -> Result
) throws(PictureError) -> Result {
  var result: Swift.Result<Result, PictureError>?
  array.withUnsafeBytes { bytes in
    result = Swift.Result { () throws(PictureError) in try body(bytes) }
  }
  return try result!.get()
}

extension Picture {
  /// The picture as a WebP file.
  ///
  /// - Parameters:
  ///   - quality: libwebp's scale, 0 to 100, other numbers end the process; nil writes the very pixels.
  ///   - description: written as UTF-8 into an Exif chunk (tag ImageDescription), without NUL; left out where empty.
  /// - Throws: where the system lacks libwebp, or a side is longer than 16,383.
  public func encodeWebP(
    quality: Int? = nil, description: String = ""
  ) throws(PictureError) -> [UInt8] {
    try encodeWebP(quality: quality, description: description, libraries: .system)
  }

  package func encodeWebP(
    quality: Int?, description: String, libraries: PictureLibraries
  ) throws(PictureError) -> [UInt8] {
    precondition(quality.map((0...100).contains) ?? true, "WebP quality is 0 to 100")
    guard let library = libraries.webP() else { throw .missingLibrary(.webP, .webP) }
    let longest = 16_383
    guard max(width, height) <= longest else {
      throw .cannotWrite(
        format: format, reason: "\(width) × \(height) pixels, at most \(longest) a side fit")
    }
    guard !description.utf8.contains(0) else {
      throw .cannotWrite(format: format, reason: "the description contains NUL")
    }
    var encoded: UnsafeMutablePointer<UInt8>?
    let byteCount = bytes.withUnsafeBufferPointer { pixels in
      let (width, height, row) = (CInt(width), CInt(height), CInt(width * 3))
      guard let quality else {
        return library.encodeLosslessRGB(pixels.baseAddress, width, height, row, &encoded)
      }
      return library.encodeRGB(
        pixels.baseAddress, width, height, row, Float(quality), &encoded)
    }
    defer { library.free(encoded) }
    guard byteCount > 12, let encoded else {
      throw .cannotWrite(format: format, reason: "libwebp fails (out of memory?)")
    }
    let file = Array(UnsafeBufferPointer(start: encoded, count: byteCount))
    return description.isEmpty ? file : withExif(file, description: description)
  }

  /// A simple WebP file made an extended one, with an Exif chunk.
  private func withExif(_ file: [UInt8], description: String) -> [UInt8] {
    let text = Array(description.utf8) + [0]
    // One directory of one entry, type ASCII. Four bytes or fewer stand in the entry itself.
    var exif = Array("II".utf8) + littleEndian(42, 2) + littleEndian(8, 4) + littleEndian(1, 2)
    exif += littleEndian(0x010E, 2) + littleEndian(2, 2) + littleEndian(text.count, 4)
    if text.count <= 4 {
      exif += text + [UInt8](repeating: 0, count: 4 - text.count) + littleEndian(0, 4)
    } else {
      exif += littleEndian(exif.count + 8, 4) + littleEndian(0, 4) + text
    }
    var chunks = Array("VP8X".utf8) + littleEndian(10, 4) + [0x08, 0, 0, 0]
    chunks += littleEndian(width - 1, 3) + littleEndian(height - 1, 3)
    chunks += file[12...]
    chunks += Array("EXIF".utf8) + littleEndian(exif.count, 4) + exif
    if !exif.count.isMultiple(of: 2) { chunks.append(0) }
    return Array("RIFF".utf8) + littleEndian(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
  }
}
