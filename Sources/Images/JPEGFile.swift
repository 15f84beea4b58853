import CJPEG

private let format = "JPEG"

/// Decodes a whole JPEG file; see `Picture.init(decoding:limits:)`.
func decodeJPEG(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits
) throws(PictureError) -> Picture {
  let bytes = file.bindMemory(to: UInt8.self)
  guard let reader = cjpeg_reader_open(bytes.baseAddress, bytes.count) else {
    throw .damaged(format: format, reason: "no memory to read it")
  }
  defer { cjpeg_reader_close(reader) }

  func failure() -> PictureError {
    if reader.pointee.truncated != 0 { return .truncated(format: format, byteCount: file.count) }
    if reader.pointee.too_many_scans != 0 {
      return .unsupported(format: format, reason: "more than \(CJPEG_MOST_SCANS) scans")
    }
    return .damaged(format: format, reason: String(cString: cjpeg_reader_message(reader)))
  }

  guard cjpeg_reader_read_header(reader) == 0 else { throw failure() }
  let components = reader.pointee.components
  guard [1, 3, 4].contains(components) else {
    throw .unsupported(
      format: format,
      reason: "\(components) colour components, expected 1 (grey), 3 (colour) or 4 (CMYK)")
  }
  let width = Int(reader.pointee.width)
  let height = Int(reader.pointee.height)
  let isCMYK = reader.pointee.channels == 4
  try limits.check(width: width, height: height)
  var exifSize = 0
  let exif = cjpeg_reader_exif(reader, &exifSize)
  let orientation = Orientation(exif: UnsafeRawBufferPointer(start: exif, count: exifSize))

  var isRead = false
  let pixelCount = width * height
  let pixels = [UInt8](unsafeUninitializedCapacity: pixelCount * (isCMYK ? 4 : 3)) {
    buffer, count in
    isRead = cjpeg_reader_read_pixels(reader, buffer.baseAddress) == 0
    if isRead && isCMYK { convertInvertedCMYK(buffer, pixelCount: pixelCount) }
    count = isRead ? pixelCount * 3 : 0
  }
  guard isRead else { throw failure() }
  return Picture(width: width, height: height, bytes: pixels).turned(orientation)
}

/// CMYK → RGB in place, for inks stored inverted (255 is no ink), as Adobe's programs write them and as Pillow
/// takes every CMYK JPEG: paper left by black, less the ink's share, rounded to nearest.
private func convertInvertedCMYK(_ buffer: UnsafeMutableBufferPointer<UInt8>, pixelCount: Int) {
  for pixel in 0..<pixelCount {
    let paper = UInt32(buffer[pixel * 4 + 3])
    for channel in 0..<3 {
      let ink = 255 - UInt32(buffer[pixel * 4 + channel])
      buffer[pixel * 3 + channel] = UInt8(paper - dividedBy255(ink * paper))
    }
  }
}

extension Picture {
  /// The picture as a baseline JPEG file (4:2:0).
  ///
  /// - Parameters:
  ///   - quality: libjpeg's scale, 1 to 100.
  ///   - comment: written as UTF-8 into one comment marker; at most 65,533 bytes.
  public func encodeJPEG(
    quality: Int = 90, comment: String = ""
  ) throws(PictureError) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality is 1 to 100")
    let limits = PictureLimits(pixelsPerSide: 65_500, pixels: .max)
    try limits.check(width: width, height: height)
    let comment = Array(comment.utf8)
    guard comment.count <= 65_533 else {
      throw .cannotWrite(
        format: format, reason: "the comment has \(comment.count) bytes, at most 65533 fit")
    }
    guard let writer = cjpeg_writer_open() else {
      throw .cannotWrite(format: format, reason: "no memory")
    }
    defer { cjpeg_writer_close(writer) }
    let status = bytes.withUnsafeBufferPointer { pixels in
      comment.withUnsafeBufferPointer { comment in
        cjpeg_writer_write(
          writer, pixels.baseAddress, UInt32(width), UInt32(height), CInt(quality),
          comment.baseAddress, UInt32(comment.count))
      }
    }
    guard status == 0 else {
      throw .cannotWrite(format: format, reason: String(cString: cjpeg_writer_message(writer)))
    }
    return Array(UnsafeBufferPointer(start: writer.pointee.bytes, count: writer.pointee.byte_count))
  }
}
