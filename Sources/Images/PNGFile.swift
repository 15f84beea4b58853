import CPNG

private let format = "PNG"

/// Reads a whole PNG file; see `Picture.init(decoding:limits:)`.
func readPNG(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits
) throws(PictureError) -> Raster {
  // Before libpng, which allocates what a chunk's length says before it reads the chunk.
  let orientation = try pngOrientation(file)
  let bytes = file.bindMemory(to: UInt8.self)
  guard let reader = cpng_reader_open(bytes.baseAddress, bytes.count) else {
    throw .damaged(format: format, reason: "no memory to read it")
  }
  defer { cpng_reader_close(reader) }

  func failure() -> PictureError {
    if reader.pointee.truncated != 0 { return .truncated(format: format, byteCount: file.count) }
    return .damaged(format: format, reason: oneLine(String(cString: cpng_reader_message(reader))))
  }

  guard cpng_reader_read_header(reader) == 0 else { throw failure() }
  let width = Int(reader.pointee.width)
  let height = Int(reader.pointee.height)
  let channels = Int(reader.pointee.channels)
  try limits.check(
    width: width, height: height,
    bytesPerPixel: Raster.bytesPerPixel(channels: channels, decoder: 0, orientation: orientation))
  return try Raster(width: width, height: height, channels: channels, orientation: orientation) {
    buffer throws(PictureError) in
    guard cpng_reader_read_pixels(reader, buffer.baseAddress) == 0 else { throw failure() }
  }
}

/// Longer Exif blocks are passed over unread.
private let mostExif = 1 << 20

/// The orientation in the first sound eXIf chunk, which may stand before the pixels or after them.
///
/// - Throws: where a chunk is longer than what is left of the file.
private func pngOrientation(_ file: UnsafeRawBufferPointer) throws(PictureError) -> Orientation {
  var orientation: Orientation?
  var start = 8
  while let length = file.long(at: start, .big), length <= Int32.max, file.count - start >= 8 {
    guard file.count - start >= 12 + Int(length) else {
      throw .truncated(format: format, byteCount: file.count)
    }
    let name = file[(start + 4)..<(start + 8)]
    if name.elementsEqual("IEND".utf8) { break }
    if orientation == nil, length <= mostExif, name.elementsEqual("eXIf".utf8) {
      let content = (start + 8)..<(start + 8 + Int(length))
      let isSound =
        crc32(file[(start + 4)..<content.upperBound]) == file.long(at: content.upperBound, .big)
      if isSound {
        orientation = Orientation(exif: UnsafeRawBufferPointer(rebasing: file[content]))
      }
    }
    start += 12 + Int(length)
  }
  return orientation ?? .topLeft
}

/// ISO 3309, as PNG's annex D gives it.
func crc32(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
      sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0)
    }
  }
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
    let longest = 1_000_000
    guard max(width, height) <= longest else {
      throw .cannotWrite(
        format: format, reason: "\(width) × \(height) pixels, at most \(longest) a side fit")
    }
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
