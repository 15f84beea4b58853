extension Picture {
  /// The colour behind the writing: each channel's median over the outermost pixels.
  public var backgroundColour: [UInt8] {
    (0..<3).map { channel in median(ofBorder: { bytes[$0 * 3 + channel] }) }
  }

  /// Whether the picture is light writing on a dark ground.
  ///
  /// A small model that has only seen black on white reads such a picture better `inverted()`.
  public var isLightOnDark: Bool {
    median(ofBorder: luma(ofPixel:)) < 128
  }

  /// The negative.
  public func inverted() -> Picture {
    Picture(width: width, height: height, bytes: bytes.map { 255 - $0 })
  }

  /// The picture without its empty margins.
  ///
  /// Ink is what differs from the background's luma by more than `contrast`, which the noise of JPEG does not.
  /// - Parameters:
  ///   - margin: pixels of background left on each side; made up where the picture has fewer.
  ///   - contrast: luma steps, 0 to 254.
  /// - Returns: the picture as it is where it holds no ink.
  public func croppedToInk(margin: Int, contrast: Int = 48) -> Picture {
    precondition(margin >= 0 && (0..<255).contains(contrast))
    let ground = Int(median(ofBorder: luma(ofPixel:)))
    var left = width
    var right = -1
    var top = height
    var bottom = -1
    for y in 0..<height {
      for x in 0..<width where abs(Int(luma(ofPixel: y * width + x)) - ground) > contrast {
        left = min(left, x)
        right = max(right, x)
        top = min(top, y)
        bottom = y
      }
    }
    guard right >= left else { return self }
    let colour = backgroundColour
    return framed(
      left: left - margin, top: top - margin, width: right - left + 1 + 2 * margin,
      height: bottom - top + 1 + 2 * margin, background: colour)
  }

  /// The picture centred on the smallest canvas whose ratio lies in a range, in the colour of its background.
  ///
  /// - Parameter ratio: least and greatest width ÷ height of the result, to the nearest pixel.
  public func padded(toRatio ratio: ClosedRange<Double>) -> Picture {
    precondition(ratio.lowerBound > 0 && ratio.upperBound.isFinite)
    let canvasWidth = max(width, Int((Double(height) * ratio.lowerBound).rounded()))
    let canvasHeight = max(height, Int((Double(width) / ratio.upperBound).rounded()))
    if (canvasWidth, canvasHeight) == (width, height) { return self }
    return centred(onWidth: canvasWidth, height: canvasHeight, background: backgroundColour)
  }

  /// The rectangle of the picture that may reach beyond its edges, where the background shows.
  private func framed(
    left: Int, top: Int, width frameWidth: Int, height frameHeight: Int, background: [UInt8]
  ) -> Picture {
    var frame = Picture(width: frameWidth, height: frameHeight, filledWith: background).bytes
    let columns = max(left, 0)..<min(left + frameWidth, width)
    for y in max(top, 0)..<min(top + frameHeight, height) {
      let start = ((y - top) * frameWidth + columns.lowerBound - left) * 3
      let row = (y * width + columns.lowerBound) * 3
      let count = columns.count * 3
      frame.replaceSubrange(start..<start + count, with: bytes[row..<row + count])
    }
    return Picture(width: frameWidth, height: frameHeight, bytes: frame)
  }

  /// ITU-R BT.601, in 256ths.
  private func luma(ofPixel pixel: Int) -> UInt8 {
    let red = UInt32(bytes[pixel * 3])
    let green = UInt32(bytes[pixel * 3 + 1])
    let blue = UInt32(bytes[pixel * 3 + 2])
    return UInt8((77 * red + 150 * green + 29 * blue) >> 8)
  }

  /// The lower median of a value over the picture's outermost pixels.
  private func median(ofBorder value: (_ pixel: Int) -> UInt8) -> UInt8 {
    var counts = [Int](repeating: 0, count: 256)
    for x in 0..<width {
      counts[Int(value(x))] += 1
      counts[Int(value((height - 1) * width + x))] += 1
    }
    for y in 0..<height {
      counts[Int(value(y * width))] += 1
      counts[Int(value(y * width + width - 1))] += 1
    }
    var left = width + height
    for (level, count) in counts.enumerated() {
      left -= count
      if left <= 0 { return UInt8(level) }
    }
    return 255
  }
}
