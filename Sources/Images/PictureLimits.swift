import JanusSystem

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

  /// - Parameters:
  ///   - bytesPerPixel: what decoding a picture of this kind takes at most.
  ///   - others: bytes that it takes beside those.
  func check(
    width: Int, height: Int, bytesPerPixel: Int, others: Int = 0
  ) throws(PictureError) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width <= pixelsPerSide, height <= pixelsPerSide, !overflow, count <= pixels else {
      throw .tooLarge(width: width, height: height, limits: self)
    }
    let (product, productOverflow) = count.multipliedReportingOverflow(by: bytesPerPixel)
    let (byteCount, sumOverflow) = product.addingReportingOverflow(others)
    guard !productOverflow, !sumOverflow, byteCount <= bytes else {
      let isCounted = !productOverflow && !sumOverflow
      throw .memory(
        width: width, height: height, needed: isCounted ? byteCount : .max, limit: bytes)
    }
    try Self.checkSystem(width: width, height: height, byteCount: byteCount)
  }

  /// Compares with what the system has left now: the machine, the process' cgroup, and its address space
  /// (`ulimit -v`). A Swift array that memory is refused to would end the process, and so would a cgroup.
  private static func checkSystem(
    width: Int, height: Int, byteCount: Int
  ) throws(PictureError) {
    do throws(MemoryError) {
      try AvailableMemory.check(byteCount)
    } catch {
      throw .memory(
        width: width, height: height, needed: byteCount,
        limit: AvailableMemory.bytes.flatMap { $0 < byteCount ? $0 : nil })
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
