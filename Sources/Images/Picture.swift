/// A picture in memory: 8-bit RGB, rows from top to bottom without gaps.
public struct Picture: Sendable, Equatable {
  /// In pixels, at least 1.
  public let width: Int
  /// In pixels, at least 1.
  public let height: Int
  /// [height, width, 3]: red, green, blue.
  public let bytes: [UInt8]
  /// The memory that `bytes` takes: of a picture with transparency a third more than their number.
  package var heldBytes: Int { bytes.capacity }

  /// Ends the process where there is no pixel, or where the bytes are more or fewer.
  ///
  /// - Parameter bytes: [height, width, 3].
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(bytes.count == width * height * 3, "a picture has three bytes a pixel")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// A picture of one colour: red, green and blue. Ends the process where it has no pixel.
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

  /// Decodes a file of any kind in `PictureKind`, told apart by content; of several pictures the first.
  ///
  /// Transparency is laid over a ground that the writing stands out from, 16-bit channels keep their high byte, gamma and colour profiles are
  /// ignored, CMYK is converted as Pillow converts it, and the stored orientation is applied.
  /// - Throws: `PictureError` for anything but a whole picture within `limits`, which are checked before the
  ///   memory is allocated or the work is done; and where the kind needs a library that is not there.
  public init(
    decoding file: UnsafeRawBufferPointer, limits: PictureLimits = .standard
  ) throws(PictureError) {
    try self.init(decoding: file, limits: limits, libraries: .system)
  }

  /// Decodes a file of any kind in `PictureKind`, told apart by content.
  public init(decoding file: [UInt8], limits: PictureLimits = .standard) throws(PictureError) {
    try self.init(decoding: file, limits: limits, libraries: .system)
  }

  package init(
    decoding file: [UInt8], limits: PictureLimits = .standard, libraries: PictureLibraries
  ) throws(PictureError) {
    var result: Result<Picture, PictureError>?
    file.withUnsafeBytes { raw in
      result = Result { () throws(PictureError) in
        try Picture(decoding: raw, limits: limits, libraries: libraries)
      }
    }
    self = try result!.get()
  }

  package init(
    decoding file: UnsafeRawBufferPointer, limits: PictureLimits, libraries: PictureLibraries
  ) throws(PictureError) {
    self = try Raster(reading: file, limits: limits, libraries: libraries).picture()
  }
}

extension Raster {
  /// Reads a file of any kind in `PictureKind`; see `Picture.init(decoding:limits:)`.
  package init(
    reading file: UnsafeRawBufferPointer, limits: PictureLimits = .standard,
    libraries: PictureLibraries = .system
  ) throws(PictureError) {
    switch FileContent(of: file) {
    case .picture(.png): self = try readPNG(file, limits: limits)
    case .picture(.jpeg): self = try readJPEG(file, limits: limits)
    case .picture(.webP): self = try readWebP(file, limits: limits, library: libraries.webP())
    case .picture(.gif): self = try readGIF(file, limits: limits)
    case .picture(.bmp): self = try readBMP(file, limits: limits)
    case .picture(.tiff): self = try readTIFF(file, limits: limits, library: libraries.tiff())
    case .picture(let kind):
      self = try readHEIF(file, kind: kind, limits: limits, library: libraries.heif())
    case .empty: throw .empty
    case .other(let kind): throw .unknownFormat(looksLike: kind)
    }
  }
}
