import CJPEG

private let format = "JPEG"

/// Reads a whole JPEG file; see `Picture.init(decoding:limits:)`.
func readJPEG(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits
) throws(PictureError) -> Raster {
  let bytes = file.bindMemory(to: UInt8.self)
  guard let reader = cjpeg_reader_open(bytes.baseAddress, bytes.count) else {
    throw .damaged(format: format, reason: "no memory to read it")
  }
  defer { cjpeg_reader_close(reader) }

  func failure() -> PictureError {
    if reader.pointee.truncated != 0 { return .truncated(format: format, byteCount: file.count) }
    if reader.pointee.too_many_scans != 0 { return tooManyScans }
    return .damaged(format: format, reason: oneLine(String(cString: cjpeg_reader_message(reader))))
  }

  guard cjpeg_reader_read_header(reader) == 0 else { throw failure() }
  let components = Int(reader.pointee.components)
  guard [1, 3, 4].contains(components) else {
    throw .unsupported(
      format: format,
      reason: "\(components) colour components, expected 1 (grey), 3 (colour) or 4 (CMYK)")
  }
  let width = Int(reader.pointee.width)
  let height = Int(reader.pointee.height)
  let channels = Int(reader.pointee.channels)
  var exifSize = 0
  let exif = cjpeg_reader_exif(reader, &exifSize)
  let orientation = Orientation(exif: UnsafeRawBufferPointer(start: exif, count: exifSize))
  // Of a picture in several scans the decoder keeps the coefficients, two bytes each.
  let coefficients = reader.pointee.has_multiple_scans != 0 ? 2 * components : 0
  try limits.check(
    width: width, height: height,
    bytesPerPixel: Raster.bytesPerPixel(
      channels: channels, decoder: coefficients, orientation: orientation))
  let scannedPixels = PictureLimits.scannedPixels(pixelCount: width * height)
  guard JPEGScans.pixelCount(of: file) <= scannedPixels else { throw tooManyScans }
  reader.pointee.most_scanned_pixels = UInt64(scannedPixels)
  reader.pointee.jpeg.mem.pointee.max_memory_to_use = limits.bytes - width * height * channels

  return try Raster(
    width: width, height: height, channels: channels == 4 ? 3 : channels, orientation: orientation,
    capacity: channels
  ) { buffer throws(PictureError) in
    guard cjpeg_reader_read_pixels(reader, buffer.baseAddress) == 0 else { throw failure() }
    if channels == 4 {
      convertCMYK(buffer.baseAddress!, pixelCount: width * height, isInverted: true)
    }
  }
}

private let tooManyScans = PictureError.unsupported(
  format: format, reason: "more scans than a picture of its size has")

extension Picture {
  /// The picture as a baseline JPEG file (4:2:0).
  ///
  /// - Parameters:
  ///   - quality: libjpeg's scale, 1 to 100; other numbers end the process.
  ///   - comment: written as UTF-8 into one comment marker; at most 65,533 bytes.
  public func encodeJPEG(
    quality: Int = 90, comment: String = ""
  ) throws(PictureError) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality is 1 to 100")
    let longest = 65_500
    guard max(width, height) <= longest else {
      throw .cannotWrite(
        format: format, reason: "\(width) × \(height) pixels, at most \(longest) a side fit")
    }
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
