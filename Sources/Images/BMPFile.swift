private let format = "BMP"

/// Reads a whole BMP file; see `Picture.init(decoding:limits:)`.
///
/// The fourth byte of 32-bit pixels is alpha only where the header gives it a mask, and then only where it is
/// anywhere more than 0: programs that put pictures on Windows' clipboard often leave it empty.
func readBMP(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits
) throws(PictureError) -> Raster {
  let header = try BMPHeader(file)
  let (width, height) = (header.width, header.height)
  let isRunLength = [.runLength8, .runLength4].contains(header.compression)
  let mayBeTransparent = header.masks[3] != 0 && [16, 32].contains(header.bitsPerPixel)
  // Of runs the pixels' indices are kept, one byte each.
  try limits.check(
    width: width, height: height,
    bytesPerPixel: Raster.bytesPerPixel(
      channels: mayBeTransparent ? 4 : 3, decoder: isRunLength ? 1 : 0, orientation: .topLeft))
  if isRunLength {
    let indices = try bmpRuns(
      file, start: header.pixelStart, width: width, height: height,
      isHalfBytes: header.compression == .runLength4)
    return try Raster(width: width, height: height, channels: 3) { pixels in
      for pixel in 0..<width * height {
        for channel in 0..<3 {
          pixels[pixel * 3 + channel] = header.palette[Int(indices[pixel]) * 3 + channel]
        }
      }
    }
  }

  let rows = try BMPRows(file, header: header)
  let channels = mayBeTransparent && rows.hasAnyAlpha ? 4 : 3
  return try Raster(width: width, height: height, channels: channels) { pixels in
    for y in 0..<height {
      rows.convert(
        row: header.isTopDown ? y : height - 1 - y, channels: channels,
        into: pixels.baseAddress! + y * width * channels)
    }
  }
}

/// Rows of pixels that are not compressed, each in a multiple of four bytes.
private struct BMPRows {
  private let header: BMPHeader
  private let data: UnsafeRawBufferPointer
  private let stride: Int
  private let fields: [BitField]

  init(_ file: UnsafeRawBufferPointer, header: BMPHeader) throws(PictureError) {
    self.header = header
    let rowBits = header.width * header.bitsPerPixel
    stride = (rowBits + 31) / 32 * 4
    // Some programs leave out what fills up the last row.
    let needed = stride * (header.height - 1) + (rowBits + 7) / 8
    guard needed <= file.count - header.pixelStart else {
      throw .truncated(format: format, byteCount: file.count)
    }
    data = UnsafeRawBufferPointer(
      rebasing: file[header.pixelStart..<header.pixelStart + needed])
    fields = header.masks.map(BitField.init)
  }

  private func pixel(_ x: Int, row: Int) -> UInt32 {
    let start = row * stride
    return switch header.bitsPerPixel {
    case 16: UInt32(data.short(at: start + x * 2, .little)!)
    default: data.long(at: start + x * 4, .little)!
    }
  }

  var hasAnyAlpha: Bool {
    let mask = header.masks[3]
    return (0..<header.height).contains { row in
      (0..<header.width).contains { pixel($0, row: row) & mask != 0 }
    }
  }

  func convert(row: Int, channels: Int, into target: UnsafeMutablePointer<UInt8>) {
    let start = row * stride
    switch header.bitsPerPixel {
    case 24:
      for x in 0..<header.width {
        for channel in 0..<3 { target[x * 3 + channel] = data[start + x * 3 + 2 - channel] }
      }
    case 16, 32:
      for x in 0..<header.width {
        let pixel = pixel(x, row: row)
        for channel in 0..<channels {
          target[x * channels + channel] = fields[channel].value(in: pixel)
        }
      }
    case let bits:
      for x in 0..<header.width {
        let byte = data[start + x * bits / 8]
        let shift = 8 - bits - x * bits % 8
        let index = Int(byte >> UInt8(shift)) & (1 << bits - 1)
        for channel in 0..<3 { target[x * 3 + channel] = header.palette[index * 3 + channel] }
      }
    }
  }
}

/// A colour's bits in a pixel.
private struct BitField {
  private let mask: UInt32
  private let shift: UInt32
  private let largest: UInt64
  /// What each value becomes, where they are few.
  private let table: [UInt8]

  init(mask: UInt32) {
    self.mask = mask
    shift = UInt32(mask == 0 ? 0 : mask.trailingZeroBitCount)
    let largest = UInt64(mask >> shift)
    self.largest = largest
    let most: UInt64 = 1023
    table = largest == 0 ? [255] : (0...min(largest, most)).map { UInt8($0 * 255 / largest) }
  }

  /// Scaled to 0 to 255, rounded down as Pillow does.
  func value(in pixel: UInt32) -> UInt8 {
    let value = Int((pixel & mask) >> shift)
    return value < table.count ? table[value] : UInt8(UInt64(value) * 255 / largest)
  }
}

/// Colour indices, rows from top to bottom, of the run-length codes of Windows' BMP. What they pass over is 0.
///
/// Each code moves on in the picture, so that the work is bounded by its size and the file's.
private func bmpRuns(
  _ file: UnsafeRawBufferPointer, start: Int, width: Int, height: Int, isHalfBytes: Bool
) throws(PictureError) -> [UInt8] {
  var indices = [UInt8](repeating: 0, count: width * height)
  var (x, y, position) = (0, 0, start)
  func next() throws(PictureError) -> Int {
    guard position < file.count else {
      throw .truncated(format: format, byteCount: file.count)
    }
    defer { position += 1 }
    return Int(file[position])
  }
  /// Pixels beyond the row are dropped, as by Windows and Pillow.
  func put(_ index: Int) {
    if x < width { indices[(height - 1 - y) * width + x] = UInt8(index) }
    x += 1
  }
  while y < height {
    // A picture may end with its last pixel.
    if y == height - 1, x >= width, position == file.count { break }
    let count = try next()
    let value = try next()
    switch (count, value) {
    case (0, 0): (x, y) = (0, y + 1)
    case (0, 1): return indices
    case (0, 2): (x, y) = (x + (try next()), y + (try next()))
    case (0, _):
      var byte = 0
      for index in 0..<value {
        if !isHalfBytes || index.isMultiple(of: 2) { byte = try next() }
        put(!isHalfBytes ? byte : index.isMultiple(of: 2) ? byte >> 4 : byte & 15)
      }
      let byteCount = isHalfBytes ? (value + 1) / 2 : value
      if !byteCount.isMultiple(of: 2) { _ = try next() }
    default:
      for index in 0..<count {
        put(!isHalfBytes ? value : index.isMultiple(of: 2) ? value >> 4 : value & 15)
      }
    }
  }
  return indices
}
