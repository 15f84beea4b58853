/// The largest picture that is decoded. Everything here is checked before the memory is taken or the work is done
/// that it limits, so that a small file cannot cost more than its stated size allows.
public struct PictureLimits: Sendable, Equatable {
  /// Of width and of height.
  public var pixelsPerSide: Int
  /// Of width × height.
  public var pixels: Int
  /// Of memory that decoding takes beside the file: the pixels, and what the decoder keeps until it is done. With the
  /// process around it, that is less than 1 GB.
  public var bytes: Int

  public init(pixelsPerSide: Int, pixels: Int, bytes: Int = 950_000_000) {
    self.pixelsPerSide = pixelsPerSide
    self.pixels = pixels
    self.bytes = bytes
  }

  /// 65,500 a side is libjpeg's own limit. 100 million pixels are an A3 page scanned at 720 dots an inch; they
  /// bound time and memory of all that comes after decoding, too.
  public static let standard = PictureLimits(pixelsPerSide: 65_500, pixels: 100_000_000)

  /// These limits where only so much memory is there.
  public func within(availableBytes: Int) -> PictureLimits {
    PictureLimits(
      pixelsPerSide: pixelsPerSide, pixels: pixels, bytes: min(bytes, max(availableBytes, 0)))
  }

  /// - Parameter bytesPerPixel: what decoding a picture of this kind takes at most.
  func check(width: Int, height: Int, bytesPerPixel: Int) throws(PictureError) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width <= pixelsPerSide, height <= pixelsPerSide, !overflow, count <= pixels else {
      throw .tooLarge(width: width, height: height, limits: self)
    }
    let (byteCount, bytesOverflow) = count.multipliedReportingOverflow(by: bytesPerPixel)
    guard !bytesOverflow, byteCount <= bytes else {
      throw .memory(
        width: width, height: height, needed: bytesOverflow ? .max : byteCount, limit: bytes)
    }
  }

  /// How many pixels the scans of a progressive JPEG may cover together: each scan is a pass over its components,
  /// and a scan that changes nothing takes a few bytes of the file.
  ///
  /// Programs write up to 25 passes over each pixel; small pictures may have 500 scans.
  static func scannedPixels(pixelCount: Int) -> Int {
    max(32 * pixelCount, 2_000_000_000)
  }
}
