/// The largest picture that is decoded; larger ones are refused before memory is allocated.
public struct PictureLimits: Sendable, Equatable {
  /// Of width and of height.
  public var pixelsPerSide: Int
  /// Of width × height. Decoding takes three bytes a pixel, four where there is transparency or CMYK.
  public var pixels: Int

  public init(pixelsPerSide: Int, pixels: Int) {
    self.pixelsPerSide = pixelsPerSide
    self.pixels = pixels
  }

  /// 65,500 a side is libjpeg's own limit; 178,956,970 pixels (512 MiB of RGB) is where Pillow calls a picture
  /// a decompression bomb.
  public static let standard = PictureLimits(pixelsPerSide: 65_500, pixels: 178_956_970)

  func check(width: Int, height: Int) throws(PictureError) {
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard width <= pixelsPerSide, height <= pixelsPerSide, !overflow, count <= pixels else {
      throw .tooLarge(width: width, height: height, limits: self)
    }
  }
}
