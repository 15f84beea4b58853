/// A picture in memory: 8-bit RGB, rows from top to bottom without gaps.
public struct Picture: Sendable, Equatable {
  /// In pixels, at least 1.
  public let width: Int
  /// In pixels, at least 1.
  public let height: Int
  /// [height, width, 3]: red, green, blue.
  public let bytes: [UInt8]

  /// - Parameter bytes: [height, width, 3].
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(bytes.count == width * height * 3, "a picture has three bytes a pixel")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, filledWith colour: [UInt8]) {
    precondition(colour.count == 3, "a colour has three bytes")
    let pixelCount = width * height
    self.init(
      width: width, height: height,
      bytes: [UInt8](unsafeUninitializedCapacity: pixelCount * 3) { target, count in
        for pixel in 0..<pixelCount {
          for channel in 0..<3 { target[pixel * 3 + channel] = colour[channel] }
        }
        count = pixelCount * 3
      })
  }

  /// Decodes a PNG or JPEG file, told apart by content.
  ///
  /// Transparency is laid over a ground that the writing stands out from, 16-bit channels keep their high byte, gamma and colour profiles are
  /// ignored, CMYK is converted as Pillow converts it, and the Exif orientation is applied.
  /// - Throws: `PictureError` for anything but a whole PNG or JPEG within `limits`; sizes are checked before
  ///   memory for pixels is allocated.
  public init(
    decoding file: UnsafeRawBufferPointer, limits: PictureLimits = .standard
  ) throws(PictureError) {
    switch PictureFormat(of: file) {
    case .png: self = try decodePNG(file, limits: limits)
    case .jpeg: self = try decodeJPEG(file, limits: limits)
    case .empty: throw .empty
    case .other(let kind): throw .unknownFormat(looksLike: kind)
    }
  }

  /// Decodes a PNG or JPEG file, told apart by content.
  public init(decoding file: [UInt8], limits: PictureLimits = .standard) throws(PictureError) {
    var result: Result<Picture, PictureError>?
    file.withUnsafeBytes { raw in
      result = Result { () throws(PictureError) in try Picture(decoding: raw, limits: limits) }
    }
    self = try result!.get()
  }
}
