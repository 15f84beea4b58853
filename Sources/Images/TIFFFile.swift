import CPictureLibraries

private let format = "TIFF"

/// What libtiff may take for the directory, however little there is for the pixels.
private let leastMemory = 1 << 20

/// Reads the first picture of a TIFF file; see `Picture.init(decoding:limits:)`.
func readTIFF(
  _ file: UnsafeRawBufferPointer, limits: PictureLimits, library: TIFFLibrary?
) throws(PictureError) -> Raster {
  guard let library else { throw .missingLibrary(.tiff, .tiff) }
  guard
    let reader = tiff_reader_open(
      library.functions, file.bindMemory(to: UInt8.self).baseAddress, file.count,
      max(limits.bytes, leastMemory))
  else { throw .damaged(format: format, reason: "no memory to read it") }
  defer { tiff_reader_close(reader) }

  func failure() -> PictureError {
    .damaged(format: format, reason: oneLine(String(cString: tiff_reader_message(reader))))
  }
  guard reader.pointee.failed == 0 else { throw failure() }
  let layout = try TIFFLayout(reader)
  let channels = layout.hasAlpha ? 4 : 3
  let samples = layout.hasSeparatePlanes ? 1 : layout.samplesPerPixel
  // A strip or tile, which libtiff may hold a second time.
  let (pieceRow, pieceHeight) = (
    layout.pieceWidth * samples * layout.bitsPerSample, layout.pieceHeight
  )
  let (pieceBits, overflow) = pieceRow.multipliedReportingOverflow(by: 2 * pieceHeight)
  try limits.check(
    width: layout.width, height: layout.height,
    bytesPerPixel: Raster.bytesPerPixel(
      channels: channels, decoder: 0, orientation: layout.orientation),
    others: overflow ? .max : pieceBits / 8)
  try layout.checkPieces(of: reader, in: file)

  let pieceSize =
    layout.isTiled
    ? library.functions.pointee.tile_size(reader.pointee.file)
    : library.functions.pointee.strip_size(reader.pointee.file)
  let rowSize = (layout.pieceWidth * samples * layout.bitsPerSample + 7) / 8
  guard pieceSize == rowSize * layout.pieceHeight else { throw failure() }
  let conversion = try TIFFConversion(layout, reader)
  return try Raster(
    width: layout.width, height: layout.height, channels: channels,
    orientation: layout.orientation
  ) { pixels throws(PictureError) in
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 8)
    defer { piece.deallocate() }
    for place in layout.pieces {
      let read =
        layout.isTiled
        ? library.functions.pointee.read_tile : library.functions.pointee.read_strip
      let height = min(layout.pieceHeight, layout.height - place.top)
      let count = layout.isTiled ? pieceSize : rowSize * height
      let result = read!(reader.pointee.file, UInt32(place.number), piece.baseAddress, count)
      guard result == count, reader.pointee.failed == 0 else { throw failure() }
      for row in 0..<height {
        conversion.convert(
          UnsafeRawBufferPointer(rebasing: piece[(row * rowSize)..<((row + 1) * rowSize)]),
          count: min(layout.pieceWidth, layout.width - place.left), plane: place.plane,
          into: pixels.baseAddress!
            + ((place.top + row) * layout.width + place.left) * channels)
      }
    }
    conversion.finish(pixels)
  }
}

/// How a picture's samples are stored in its file (TIFF 6.0, sections 3 to 8, 15 and 18).
struct TIFFLayout {
  enum Colours: UInt16 {
    case greyFromWhite = 0
    case greyFromBlack, rgb, palette
    case cmyk = 5
    case yCbCr
  }

  let width, height: Int
  let bitsPerSample: Int
  let samplesPerPixel: Int
  let colours: Colours
  /// Colours stand in planes of their own, not beside each other.
  let hasSeparatePlanes: Bool
  let hasAlpha: Bool
  /// The colours are multiplied by alpha.
  let isAssociatedAlpha: Bool
  let orientation: Orientation
  let isTiled: Bool
  /// Of a strip or tile, in pixels; the last strip may be lower.
  let pieceWidth, pieceHeight: Int
  let isJPEG: Bool

  init(_ reader: UnsafeMutablePointer<tiff_reader>) throws(PictureError) {
    func short(_ tag: UInt32, or absent: UInt16) -> Int {
      var value: UInt16 = 0
      return tiff_reader_short(reader, tag, &value) != 0 ? Int(value) : Int(absent)
    }
    func long(_ tag: UInt32) -> Int? {
      var value: UInt32 = 0
      return tiff_reader_long(reader, tag, &value) != 0 ? Int(value) : nil
    }
    guard let width = long(256), let height = long(257), width > 0, height > 0 else {
      throw .damaged(format: format, reason: "it does not state its width and height")
    }
    (self.width, self.height) = (width, height)

    let compression = short(259, or: 1)
    // None, Huffman, Group 3 and 4, LZW, JPEG, Deflate by two numbers, PackBits.
    guard [1, 2, 3, 4, 5, 7, 8, 32946, 32773].contains(compression) else {
      throw .unsupported(format: format, reason: "compression \(compression)")
    }
    isJPEG = compression == 7
    bitsPerSample = short(258, or: 1)
    samplesPerPixel = short(277, or: 1)
    let sampleFormat = short(339, or: 1)
    guard [1, 2, 4, 8, 16].contains(bitsPerSample), [1, 4].contains(sampleFormat) else {
      throw .unsupported(
        format: format,
        reason: "\(bitsPerSample)-bit samples of format \(sampleFormat), expected unsigned"
          + " integers of 1 to 16 bits")
    }
    let photometric = short(262, or: 0)
    guard let stated = Colours(rawValue: UInt16(photometric)), stated != .yCbCr || isJPEG else {
      throw .unsupported(format: format, reason: "colours of kind \(photometric)")
    }
    // libtiff converts the colours of JPEG itself.
    colours = stated == .yCbCr ? .rgb : stated
    if stated == .yCbCr { _ = tiff_reader_ask_for_rgb(reader) }
    let needed = Self.samples(of: colours)
    guard samplesPerPixel >= needed, samplesPerPixel <= needed + 8 else {
      throw .unsupported(
        format: format, reason: "\(samplesPerPixel) samples a pixel, expected \(needed)")
    }
    guard colours != .palette || bitsPerSample <= 8,
      colours == .greyFromWhite || colours == .greyFromBlack || colours == .palette
        || bitsPerSample >= 8
    else {
      throw .unsupported(
        format: format, reason: "colours of kind \(photometric) with \(bitsPerSample) bits")
    }
    hasSeparatePlanes = short(284, or: 1) == 2 && samplesPerPixel > 1

    var kinds: UnsafePointer<UInt16>?
    var count: UInt16 = 0
    let hasExtra = tiff_reader_extra_samples(reader, &count, &kinds) != 0 && count > 0
    let kind = hasExtra && samplesPerPixel > needed && colours != .cmyk ? kinds?[0] : nil
    isAssociatedAlpha = kind == 1
    hasAlpha = (kind == 1 || kind == 2) && bitsPerSample >= 8

    orientation = Orientation(rawValue: UInt16(short(274, or: 1))) ?? .topLeft
    isTiled = reader.pointee.functions.pointee.is_tiled(reader.pointee.file) != 0
    if isTiled {
      guard let tileWidth = long(322), let tileHeight = long(323), tileWidth > 0, tileHeight > 0
      else { throw .damaged(format: format, reason: "it does not state the size of its tiles") }
      (pieceWidth, pieceHeight) = (tileWidth, tileHeight)
    } else {
      (pieceWidth, pieceHeight) = (width, min(max(long(278) ?? height, 1), height))
    }
  }

  static func samples(of colours: Colours) -> Int {
    switch colours {
    case .greyFromWhite, .greyFromBlack, .palette: 1
    case .rgb, .yCbCr: 3
    case .cmyk: 4
    }
  }

  /// Strips or tiles, of all planes that are wanted.
  var pieces: some Sequence<(number: Int, plane: Int, left: Int, top: Int)> {
    let across = (width + pieceWidth - 1) / pieceWidth
    let down = (height + pieceHeight - 1) / pieceHeight
    let planes = hasSeparatePlanes ? Self.samples(of: colours) + (hasAlpha ? 1 : 0) : 1
    return (0..<planes * across * down).lazy.map { number in
      let (plane, place) = number.quotientAndRemainder(dividingBy: across * down)
      return (number, plane, place % across * pieceWidth, place / across * pieceHeight)
    }
  }

  /// Throws where a strip or tile lies beyond the file, or where those in JPEG have more scans together than a
  /// picture of this size.
  func checkPieces(
    of reader: UnsafeMutablePointer<tiff_reader>, in file: UnsafeRawBufferPointer
  ) throws(PictureError) {
    let functions = reader.pointee.functions.pointee
    let count =
      isTiled
      ? functions.number_of_tiles(reader.pointee.file)
      : functions.number_of_strips(reader.pointee.file)
    var scanned = 0
    for place in pieces {
      guard place.number < Int(count) else {
        throw .damaged(format: format, reason: "it has \(count) strips or tiles, expected more")
      }
      let offset = functions.piece_offset(reader.pointee.file, UInt32(place.number))
      let size = functions.piece_byte_count(reader.pointee.file, UInt32(place.number))
      guard offset <= UInt64(file.count), size <= UInt64(file.count) - offset else {
        throw .truncated(format: format, byteCount: file.count)
      }
      guard isJPEG else { continue }
      let bytes = UnsafeRawBufferPointer(rebasing: file[Int(offset)..<Int(offset + size)])
      let pixels = JPEGScans.pixelCount(of: bytes)
      let (sum, overflow) = scanned.addingReportingOverflow(pixels)
      scanned = overflow ? .max : sum
    }
    // Tiles may reach beyond the picture.
    guard scanned <= PictureLimits.scannedPixels(pixelCount: width * height) else {
      throw .unsupported(format: format, reason: "more scans than a picture of its size has")
    }
  }
}
