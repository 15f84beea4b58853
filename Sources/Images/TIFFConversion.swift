import CPictureLibraries

private let format = "TIFF"

/// Samples → RGB or RGBA, as Pillow converts them; of 16 bits the high byte counts.
struct TIFFConversion {
  private let layout: TIFFLayout
  private let channels: Int
  /// [2^bits, 3] of the colour map.
  private let palette: [UInt8]

  init(
    _ layout: TIFFLayout, _ reader: UnsafeMutablePointer<tiff_reader>
  ) throws(PictureError) {
    self.layout = layout
    channels = layout.hasAlpha ? 4 : 3
    guard layout.colours == .palette else {
      palette = []
      return
    }
    var (red, green, blue): (UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?)
    guard tiff_reader_colour_map(reader, &red, &green, &blue) != 0, let red, let green, let blue
    else { throw .damaged(format: format, reason: "it has no colour map") }
    let colours = (0..<1 << layout.bitsPerSample).flatMap { [red[$0], green[$0], blue[$0]] }
    // Some programs write 8 bits where TIFF has 16.
    let isNarrow = colours.allSatisfy { $0 < 256 }
    palette = colours.map { UInt8(isNarrow ? $0 : $0 >> 8) }
  }

  /// Converts `count` pixels of one row of a strip or tile.
  func convert(
    _ row: UnsafeRawBufferPointer, count: Int, plane: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    let samples = layout.hasSeparatePlanes ? 1 : layout.samplesPerPixel
    func put(_ value: UInt8, _ pixel: Int, _ channel: Int) {
      target[pixel * channels + channel] = value
    }
    switch layout.colours {
    case .greyFromWhite, .greyFromBlack, .palette:
      if plane == 0 {
        for pixel in 0..<count {
          if layout.colours == .palette {
            let index = Int(raw(row, pixel * samples))
            for channel in 0..<3 { put(palette[index * 3 + channel], pixel, channel) }
          } else {
            let grey = byte(row, pixel * samples)
            let value = layout.colours == .greyFromWhite ? 255 - grey : grey
            for channel in 0..<3 { put(value, pixel, channel) }
          }
        }
      }
      if layout.hasAlpha { putAlpha(row, count: count, plane: plane, sample: 1, into: target) }
    case .rgb, .yCbCr:
      for channel in 0..<3 where !layout.hasSeparatePlanes || channel == plane {
        let sample = layout.hasSeparatePlanes ? 0 : channel
        for pixel in 0..<count { put(byte(row, pixel * samples + sample), pixel, channel) }
      }
      if layout.hasAlpha { putAlpha(row, count: count, plane: plane, sample: 3, into: target) }
    case .cmyk:
      convertInk(row, count: count, plane: plane, into: target)
    }
  }

  private func putAlpha(
    _ row: UnsafeRawBufferPointer, count: Int, plane: Int, sample: Int,
    into target: UnsafeMutablePointer<UInt8>
  ) {
    if layout.hasSeparatePlanes && plane != sample { return }
    let samples = layout.hasSeparatePlanes ? 1 : layout.samplesPerPixel
    let offset = layout.hasSeparatePlanes ? 0 : sample
    for pixel in 0..<count { target[pixel * 4 + 3] = byte(row, pixel * samples + offset) }
  }

  /// Of planes each in its turn: paper less cyan, magenta and yellow first, and at last what black leaves.
  private func convertInk(
    _ row: UnsafeRawBufferPointer, count: Int, plane: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    if layout.hasSeparatePlanes {
      for pixel in 0..<count {
        let ink = byte(row, pixel)
        if plane < 3 {
          target[pixel * 3 + plane] = ink
        } else {
          let paper = UInt32(255 - ink)
          for channel in 0..<3 {
            let share = dividedBy255(UInt32(target[pixel * 3 + channel]) * paper)
            target[pixel * 3 + channel] = UInt8(truncatingIfNeeded: paper - share)
          }
        }
      }
      return
    }
    for pixel in 0..<count {
      let first = pixel * layout.samplesPerPixel
      let paper = UInt32(255 - byte(row, first + 3))
      for channel in 0..<3 {
        let share = dividedBy255(UInt32(byte(row, first + channel)) * paper)
        target[pixel * 3 + channel] = UInt8(truncatingIfNeeded: paper - share)
      }
    }
  }

  /// Once all pixels are there.
  func finish(_ pixels: UnsafeMutableBufferPointer<UInt8>) {
    guard layout.hasAlpha && layout.isAssociatedAlpha else { return }
    divideByAlpha(pixels)
  }

  /// A sample scaled to a byte.
  @inline(__always)
  private func byte(_ row: UnsafeRawBufferPointer, _ sample: Int) -> UInt8 {
    switch layout.bitsPerSample {
    case 8: row[sample]
    case 16: UInt8(row.loadUnaligned(fromByteOffset: sample * 2, as: UInt16.self) >> 8)
    case let bits: UInt8(Int(raw(row, sample)) * 255 / (1 << bits - 1))
    }
  }

  /// A sample of at most 8 bits as it is stored.
  @inline(__always)
  private func raw(_ row: UnsafeRawBufferPointer, _ sample: Int) -> UInt8 {
    let bits = layout.bitsPerSample
    let bit = sample * bits
    return (row[bit / 8] >> UInt8(8 - bits - bit % 8)) & UInt8(truncatingIfNeeded: 1 << bits - 1)
  }
}
