private let format = "GIF"

/// Reads the first frame of a GIF file on its screen; see `Picture.init(decoding:limits:)`.
///
/// Outside of the frame is the transparent colour, or without one the first colour, as in Pillow.
func readGIF(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits
) throws(PictureError) -> Raster {
  let frame = try GIFFrame(file)
  let channels = frame.transparentIndex == nil ? 3 : 4
  // Beside the pixels their indices, one byte each.
  try limits.check(
    width: frame.canvasWidth, height: frame.canvasHeight,
    bytesPerPixel: Raster.bytesPerPixel(channels: channels, decoder: 1, orientation: .topLeft))
  var data = GIFData(file, position: frame.dataStart)
  let indices = try data.decode(count: frame.width * frame.height, codeBits: frame.codeBits)
  let colours = frame.colours(channels: channels)
  return try Raster(
    width: frame.canvasWidth, height: frame.canvasHeight, channels: channels
  ) { pixels in
    func paint(_ index: UInt8, x: Int, y: Int) {
      let start = (y * frame.canvasWidth + x) * channels
      for channel in 0..<channels {
        pixels[start + channel] = colours[Int(index) * channels + channel]
      }
    }
    let outside = frame.transparentIndex ?? 0
    if (frame.width, frame.height) != (frame.canvasWidth, frame.canvasHeight) {
      for y in 0..<frame.canvasHeight {
        for x in 0..<frame.canvasWidth { paint(outside, x: x, y: y) }
      }
    }
    for row in 0..<frame.height {
      let y = frame.top + frame.line(ofRow: row)
      for x in 0..<frame.width {
        paint(indices[row * frame.width + x], x: frame.left + x, y: y)
      }
    }
  }
}

/// What precedes the first frame's pixels (GIF89a, 17 to 23).
private struct GIFFrame {
  let left, top, width, height: Int
  /// The screen, made larger where the frame reaches beyond it.
  let canvasWidth, canvasHeight: Int
  let isInterlaced: Bool
  let transparentIndex: UInt8?
  /// [colours, 3], or nil for a ramp of greys.
  let palette: UnsafeRawBufferPointer?
  /// Of the first codes.
  let codeBits: Int
  let dataStart: Int

  init(_ file: UnsafeRawBufferPointer) throws(PictureError) {
    var reader = GIFReader(file: file, position: 6)
    let (screenWidth, screenHeight) = (try reader.short(), try reader.short())
    let screenFlags = try reader.byte()
    _ = try reader.take(2)
    var palette = try reader.palette(screenFlags)
    var transparentIndex: UInt8?
    search: while true {
      switch try reader.byte() {
      case 0x2C: break search
      case 0x21:
        let isGraphicControl = try reader.byte() == 0xF9
        let first = try reader.block()
        if isGraphicControl, first.count >= 4, first[0] & 1 != 0 { transparentIndex = first[3] }
        if !first.isEmpty { while try !reader.block().isEmpty {} }
      case 0: break
      case 0x3B: throw .damaged(format: format, reason: "it ends without a picture")
      case let byte:
        throw .damaged(format: format, reason: "expected a block, found the byte \(byte)")
      }
    }
    (left, top) = (try reader.short(), try reader.short())
    (width, height) = (try reader.short(), try reader.short())
    guard width > 0, height > 0 else {
      throw .damaged(format: format, reason: "its frame is \(width) × \(height) pixels")
    }
    (canvasWidth, canvasHeight) = (max(screenWidth, left + width), max(screenHeight, top + height))
    let flags = try reader.byte()
    isInterlaced = flags & 0x40 != 0
    palette = try reader.palette(flags) ?? palette
    self.palette = palette
    self.transparentIndex = transparentIndex
    codeBits = Int(try reader.byte())
    guard (1...8).contains(codeBits) else {
      throw .damaged(format: format, reason: "codes of \(codeBits) bits, expected 1 to 8")
    }
    dataStart = reader.position
  }

  /// [256, channels]; colours beyond the palette's are black.
  func colours(channels: Int) -> [UInt8] {
    (0..<256).flatMap { index -> [UInt8] in
      let colour: [UInt8]
      if let palette {
        colour = (0..<3).map { palette.byte(at: index * 3 + $0) ?? 0 }
      } else {
        colour = [UInt8](repeating: UInt8(index), count: 3)
      }
      let isClear = transparentIndex.map { Int($0) == index } ?? false
      return channels == 4 ? colour + [isClear ? 0 : 255] : colour
    }
  }

  /// The line of the frame that is stored as the given row (GIF89a, appendix E).
  func line(ofRow row: Int) -> Int {
    guard isInterlaced else { return row }
    var row = row
    for (start, step) in [(0, 8), (4, 8), (2, 4), (1, 2)] {
      let count = (height - start + step - 1) / step
      if row < count { return start + row * step }
      row -= count
    }
    return 0
  }
}

private struct GIFReader {
  let file: UnsafeRawBufferPointer
  var position: Int

  mutating func take(_ count: Int) throws(PictureError) -> UnsafeRawBufferPointer {
    guard count <= file.count - position else {
      throw .truncated(format: format, byteCount: file.count)
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: file[position..<position + count])
  }

  mutating func byte() throws(PictureError) -> UInt8 { try take(1)[0] }

  mutating func short() throws(PictureError) -> Int {
    let two = try take(2)
    return Int(two[0]) | Int(two[1]) << 8
  }

  /// The content of a block, empty at the end of a row of blocks.
  mutating func block() throws(PictureError) -> UnsafeRawBufferPointer {
    try take(Int(try byte()))
  }

  mutating func palette(_ flags: UInt8) throws(PictureError) -> UnsafeRawBufferPointer? {
    flags & 0x80 == 0 ? nil : try take(3 << (Int(flags & 7) + 1))
  }
}

/// A frame's pixels: LZW codes of 2 to 12 bits in a row of blocks (GIF89a, appendix F).
private struct GIFData {
  private var reader: GIFReader
  private var block = UnsafeRawBufferPointer(start: nil, count: 0)
  private var blockPosition = 0
  private var bits: UInt32 = 0
  private var bitCount = 0

  init(_ file: UnsafeRawBufferPointer, position: Int) {
    reader = GIFReader(file: file, position: position)
  }

  /// The next code, or nil behind the last block.
  private mutating func code(_ size: Int) throws(PictureError) -> Int? {
    while bitCount < size {
      if blockPosition == block.count {
        block = try reader.block()
        blockPosition = 0
        if block.isEmpty { return nil }
      }
      bits |= UInt32(block[blockPosition]) << UInt32(bitCount)
      blockPosition += 1
      bitCount += 8
    }
    defer {
      bits >>= UInt32(size)
      bitCount -= size
    }
    return Int(bits & (1 << UInt32(size) - 1))
  }

  /// The frame's colour indices in the order in which they are stored. What follows them is not read.
  mutating func decode(count: Int, codeBits: Int) throws(PictureError) -> [UInt8] {
    let clear = 1 << codeBits
    let end = clear + 1
    // A string is another one, or none, and a last index; it begins with `first`.
    var prefix = [Int16](repeating: -1, count: 4096)
    var last = [UInt8](repeating: 0, count: 4096)
    var first = [UInt8](repeating: 0, count: 4096)
    var length = [Int32](repeating: 1, count: 4096)
    for index in 0..<clear {
      last[index] = UInt8(index)
      first[index] = UInt8(index)
    }
    var (next, size, previous) = (end + 1, codeBits + 1, -1)
    var failure: PictureError?
    let indices = [UInt8](unsafeUninitializedCapacity: count) { pixels, initialized in
      var written = 0
      do throws(PictureError) {
        while written < count {
          guard let code = try code(size), code != end else {
            throw .damaged(format: format, reason: "\(written) of its \(count) pixels are there")
          }
          if code == clear {
            (next, size, previous) = (end + 1, codeBits + 1, -1)
            continue
          }
          // The string that is about to be made may be used at once.
          let isNew = code == next && previous >= 0 && next < 4096
          guard isNew || (code < next && code != end) else {
            throw .damaged(format: format, reason: "a code of its pixels stands for nothing")
          }
          if previous >= 0, next < 4096 {
            prefix[next] = Int16(previous)
            first[next] = first[previous]
            last[next] = first[isNew ? previous : code]
            length[next] = length[previous] + 1
            next += 1
            if next == 1 << size, size < 12 { size += 1 }
          }
          // Written from its end, which may lie beyond the picture.
          var place = written + Int(length[code])
          written = min(place, count)
          var string = code
          while string >= 0 {
            place -= 1
            if place < count { pixels[place] = last[string] }
            string = Int(prefix[string])
          }
          previous = code
        }
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return indices
  }
}
