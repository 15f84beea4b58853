/// Turns pictures into what the vision tower reads, exactly as deepseek's `VLMImageProcessor` does with Pillow.
///
/// The longer side is scaled to `imageSize`, the shorter in proportion (rounded down, at least `minSize`); the
/// picture is centred on a square of `background`; then value × rescaleFactor, less the mean, over the deviation.
public struct ImagePreprocessor: Sendable, Equatable {
  /// Side of the square, in pixels.
  public let imageSize: Int
  /// Least length of the shorter side after scaling, in pixels.
  public let minSize: Int
  /// Per channel, of rescaled values.
  public let mean: [Float]
  /// Per channel, of rescaled values.
  public let standardDeviation: [Float]
  /// Usually 1/255.
  public let rescaleFactor: Double
  /// Colour of the padding.
  public let background: [UInt8]
  /// Whether mean and deviation are applied.
  public let normalizes: Bool

  /// For each channel, the float of each byte: 3 × 256.
  private let floats: [Float]

  public static let largestImageSize = 4096

  /// - Parameter background: the padding's colour; by default what the reference makes of the mean, ⌊mean × 255⌋.
  /// - Throws: `ImagePreprocessorError` where a number cannot be used; they come from model files.
  public init(
    imageSize: Int, minSize: Int, mean: [Float], standardDeviation: [Float],
    rescaleFactor: Double, background: [UInt8]? = nil, normalizes: Bool = true
  ) throws(ImagePreprocessorError) {
    func require(_ condition: Bool, _ what: String, _ expected: String, _ found: Any)
      throws(ImagePreprocessorError)
    {
      if !condition {
        throw ImagePreprocessorError(parameter: what, expected: expected, found: "\(found)")
      }
    }
    try require(
      (1...Self.largestImageSize).contains(imageSize), "image size",
      "1 to \(Self.largestImageSize)", imageSize)
    try require(
      (1...imageSize).contains(minSize), "min size", "1 to the image size \(imageSize)", minSize)
    try require(
      mean.count == 3 && mean.allSatisfy(\.isFinite), "mean", "three finite numbers", mean)
    try require(
      standardDeviation.count == 3 && standardDeviation.allSatisfy { $0.isFinite && $0 > 0 },
      "standard deviation", "three positive numbers", standardDeviation)
    try require(
      rescaleFactor.isFinite && rescaleFactor > 0, "rescale factor", "a positive number",
      rescaleFactor)
    try require(
      background != nil || mean.allSatisfy { (0...1).contains($0) }, "mean",
      "0 to 1, where no background is given", mean)
    let background = background ?? mean.map { UInt8(Double($0) * 255) }
    try require(background.count == 3, "background", "three numbers", background)

    self.imageSize = imageSize
    self.minSize = minSize
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.rescaleFactor = rescaleFactor
    self.background = background
    self.normalizes = normalizes
    floats = (0..<3).flatMap { channel in
      (0..<256).map { byte in
        let rescaled = Float(Double(byte) * rescaleFactor)
        return normalizes ? (rescaled - mean[channel]) / standardDeviation[channel] : rescaled
      }
    }
  }

  /// The size at which a picture of width × height enters the square.
  public func fittedSize(width: Int, height: Int) -> (width: Int, height: Int) {
    let longer = Double(max(width, height))
    func fitted(_ side: Int) -> Int {
      // Divides first, as the reference does: the order decides where the product is just below an
      // integer.
      max(Int(Double(side) / longer * Double(imageSize)), minSize)
    }
    return (fitted(width), fitted(height))
  }

  /// The picture scaled and padded to imageSize × imageSize.
  public func squared(_ picture: Picture) -> Picture {
    let size = fittedSize(width: picture.width, height: picture.height)
    let fitted = picture.resized(toWidth: size.width, height: size.height)
    if size == (imageSize, imageSize) { return fitted }
    return fitted.centred(onWidth: imageSize, height: imageSize, background: background)
  }

  /// The floats of a picture, [3, imageSize, imageSize].
  public func pixels(of picture: Picture) -> [Float] {
    let square = squared(picture)
    let area = imageSize * imageSize
    return [Float](unsafeUninitializedCapacity: 3 * area) { target, count in
      square.bytes.withUnsafeBufferPointer { bytes in
        floats.withUnsafeBufferPointer { floats in
          for channel in 0..<3 {
            for pixel in 0..<area {
              target[channel * area + pixel] =
                floats[channel << 8 | Int(bytes[pixel * 3 + channel])]
            }
          }
        }
      }
      count = 3 * area
    }
  }

  public static func == (a: ImagePreprocessor, b: ImagePreprocessor) -> Bool {
    a.imageSize == b.imageSize && a.minSize == b.minSize && a.mean == b.mean
      && a.standardDeviation == b.standardDeviation && a.rescaleFactor == b.rescaleFactor
      && a.background == b.background && a.normalizes == b.normalizes
  }
}

/// A pre-processing number that cannot be used.
public struct ImagePreprocessorError: Error, Equatable, CustomStringConvertible {
  public let parameter: String
  public let expected: String
  public let found: String

  public var description: String {
    "image pre-processing: \(parameter): expected \(expected), found \(found)"
  }
}

extension Picture {
  /// The picture in the middle of a larger canvas; an odd rest goes to the right and below.
  func centred(
    onWidth canvasWidth: Int, height canvasHeight: Int, background: [UInt8]
  ) -> Picture {
    precondition(canvasWidth >= width && canvasHeight >= height, "the canvas holds the picture")
    var canvas = Picture(width: canvasWidth, height: canvasHeight, filledWith: background).bytes
    let left = (canvasWidth - width) / 2
    let top = (canvasHeight - height) / 2
    for y in 0..<height {
      let start = ((top + y) * canvasWidth + left) * 3
      let row = y * width * 3
      canvas.replaceSubrange(start..<start + width * 3, with: bytes[row..<row + width * 3])
    }
    return Picture(width: canvasWidth, height: canvasHeight, bytes: canvas)
  }
}
