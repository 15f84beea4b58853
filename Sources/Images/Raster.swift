/// What a reader makes of a file: the pixels as they are stored there, before they are turned for display and laid
/// over a ground.
package struct Raster {
  package let width: Int
  package let height: Int
  /// 3 (RGB), or 4 (RGB and alpha, the colour not multiplied by it).
  package let channels: Int
  /// [height, width, channels]
  package private(set) var bytes: [UInt8]
  package let orientation: Orientation

  /// - Parameters:
  ///   - capacity: bytes a pixel of the buffer to fill, where what is read needs more room than `channels`.
  ///   - fill: writes height × width × channels bytes, or throws.
  init(
    width: Int, height: Int, channels: Int, orientation: Orientation = .topLeft,
    capacity: Int? = nil,
    filledBy fill: (UnsafeMutableBufferPointer<UInt8>) throws(PictureError) -> Void
  ) throws(PictureError) {
    self.width = width
    self.height = height
    self.channels = channels
    self.orientation = orientation
    var failure: PictureError?
    bytes = [UInt8](unsafeUninitializedCapacity: width * height * (capacity ?? channels)) {
      buffer, count in
      do throws(PictureError) {
        try fill(buffer)
        count = width * height * channels
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Bytes a pixel of decoding into a raster: its own, what the decoder holds meanwhile, and afterwards the turned
  /// copy, which comes when the decoder has gone.
  static func bytesPerPixel(channels: Int, decoder: Int, orientation: Orientation) -> Int {
    channels + max(decoder, orientation == .topLeft ? 0 : 3)
  }

  /// The picture over a ground that its writing stands out from, turned as it is to be displayed. The raster's bytes become the picture's.
  consuming func picture() -> Picture {
    var bytes: [UInt8] = []
    swap(&bytes, &self.bytes)
    if channels == 4 {
      bytes.withUnsafeMutableBufferPointer {
        Transparency.layOverGround($0, width: width, height: height)
      }
      bytes.removeLast(width * height)
    }
    return Picture(width: width, height: height, bytes: bytes).turned(orientation)
  }
}

/// CMYK → RGB in place, ink as 255: paper left by black, less the ink's share, rounded to nearest, as Pillow does.
///
/// - Parameter buffer: [pixelCount, 4], of which [pixelCount, 3] becomes RGB.
/// - Parameter isInverted: whether 255 is no ink, as Adobe's programs write JPEG and as Pillow takes every CMYK JPEG.
func convertCMYK(
  _ buffer: UnsafeMutablePointer<UInt8>, pixelCount: Int, isInverted: Bool
) {
  let flip: UInt8 = isInverted ? 255 : 0
  for pixel in 0..<pixelCount {
    let paper = 255 - UInt32(buffer[pixel * 4 + 3] ^ flip)
    for channel in 0..<3 {
      let ink = UInt32(buffer[pixel * 4 + channel] ^ flip)
      buffer[pixel * 3 + channel] = UInt8(truncatingIfNeeded: paper - dividedBy255(ink * paper))
    }
  }
}

/// RGBA whose colours are multiplied by alpha → RGBA whose are not, rounded down as Pillow does.
func divideByAlpha(_ pixels: UnsafeMutableBufferPointer<UInt8>) {
  for pixel in 0..<pixels.count / 4 {
    let alpha = UInt32(pixels[pixel * 4 + 3])
    if alpha == 0 || alpha == 255 { continue }
    for channel in 0..<3 {
      let colour = UInt32(pixels[pixel * 4 + channel])
      pixels[pixel * 4 + channel] = UInt8(min(colour * 255 / alpha, 255))
    }
  }
}

/// x / 255 rounded to nearest, exact for x ≤ 255².
@inline(__always)
func dividedBy255(_ x: UInt32) -> UInt32 {
  let shifted = x + 128
  return (shifted + (shifted >> 8)) >> 8
}

extension Raster {
  /// The RGBA raster on a transparent canvas that holds it.
  func placed(
    left: Int, top: Int, canvasWidth: Int, canvasHeight: Int, orientation: Orientation = .topLeft
  ) throws(PictureError) -> Raster {
    precondition(channels == 4 && left + width <= canvasWidth && top + height <= canvasHeight)
    return try Raster(
      width: canvasWidth, height: canvasHeight, channels: 4, orientation: orientation
    ) { canvas in
      canvas.initialize(repeating: 0)
      for y in 0..<height {
        let start = ((top + y) * canvasWidth + left) * 4
        for byte in 0..<width * 4 { canvas[start + byte] = bytes[y * width * 4 + byte] }
      }
    }
  }
}
