import CPNG

private let format = "PNG"

/// Decodes a whole PNG file; see `Picture.init(decoding:limits:)`.
func decodePNG(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits
) throws(PictureError) -> Picture {
  let bytes = file.bindMemory(to: UInt8.self)
  guard let reader = cpng_reader_open(bytes.baseAddress, bytes.count) else {
    throw .damaged(format: format, reason: "no memory to read it")
  }
  defer { cpng_reader_close(reader) }

  func failure() -> PictureError {
    if reader.pointee.truncated != 0 { return .truncated(format: format, byteCount: file.count) }
    return .damaged(format: format, reason: String(cString: cpng_reader_message(reader)))
  }

  guard cpng_reader_read_header(reader) == 0 else { throw failure() }
  let width = Int(reader.pointee.width)
  let height = Int(reader.pointee.height)
  let isTransparent = reader.pointee.channels == 4
  try limits.check(width: width, height: height)

  var isRead = false
  let pixelCount = width * height
  let pixels = [UInt8](unsafeUninitializedCapacity: pixelCount * (isTransparent ? 4 : 3)) {
    buffer, count in
    isRead = cpng_reader_read_pixels(reader, buffer.baseAddress) == 0
    if isRead && isTransparent { Transparency.layOverGround(buffer, width: width, height: height) }
    count = isRead ? pixelCount * 3 : 0
  }
  guard isRead else { throw failure() }

  var exifSize = 0
  let exif = cpng_reader_exif(reader, &exifSize)
  let orientation = Orientation(exif: UnsafeRawBufferPointer(start: exif, count: exifSize))
  return Picture(width: width, height: height, bytes: pixels).turned(orientation)
}

/// x / 255 rounded to nearest, exact for x ≤ 255².
@inline(__always)
func dividedBy255(_ x: UInt32) -> UInt32 {
  let shifted = x + 128
  return (shifted + (shifted >> 8)) >> 8
}

extension Picture {
  /// The picture as a PNG file with text chunks, in their order.
  ///
  /// - Parameter text: keywords of 1 to 79 printable ASCII characters, and their values without NUL. ASCII values
  ///   become tEXt chunks, others iTXt.
  public func encodePNG(
    text: [(key: String, value: String)] = []
  ) throws(PictureError) -> [UInt8] {
    // libpng's own limit, here with the figures in the message.
    let limits = PictureLimits(pixelsPerSide: 1_000_000, pixels: .max)
    try limits.check(width: width, height: height)
    guard let writer = cpng_writer_open() else {
      throw .cannotWrite(format: format, reason: "no memory")
    }
    defer { cpng_writer_close(writer) }

    func check(_ status: CInt) throws(PictureError) {
      if status == 0 { return }
      throw .cannotWrite(format: format, reason: String(cString: cpng_writer_message(writer)))
    }
    for (key, value) in text {
      try checkText(key: key, value: value)
      let isInternational = !value.utf8.allSatisfy { $0 < 0x80 }
      try check(cpng_writer_add_text(writer, key, value, isInternational ? 1 : 0))
    }
    let status = bytes.withUnsafeBufferPointer {
      cpng_writer_write(writer, $0.baseAddress, UInt32(width), UInt32(height))
    }
    try check(status)
    return Array(UnsafeBufferPointer(start: writer.pointee.bytes, count: writer.pointee.byte_count))
  }

  /// PNG's rules for keywords (specification, 11.3.3), narrowed to ASCII.
  private func checkText(key: String, value: String) throws(PictureError) {
    let words = key.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard key.utf8.count <= 79, words.allSatisfy({ !$0.isEmpty }),
      key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw .cannotWrite(
        format: format,
        reason: "text keyword \(key.debugDescription) is not 1 to 79 printable ASCII characters"
          + " with single spaces only between words")
    }
    guard !value.utf8.contains(0) else {
      throw .cannotWrite(
        format: format, reason: "the text under \(key.debugDescription) contains NUL")
    }
  }
}
