/// How a stored picture is to be turned for display: Exif tag 0x0112. The names say where the stored row 0 and
/// column 0 belong (Exif 2.32, 4.6.4 A).
enum Orientation: UInt16 {
  case topLeft = 1
  case topRight, bottomRight, bottomLeft
  case leftTop, rightTop, rightBottom, leftBottom

  /// Reads the tag from an Exif block's TIFF structure. Whatever is absent or malformed means `topLeft`: a
  /// camera's mistake in the metadata does not make the picture unreadable.
  init(exif: UnsafeRawBufferPointer) {
    self = Self.read(exif) ?? .topLeft
  }

  private static func read(_ exif: UnsafeRawBufferPointer) -> Orientation? {
    guard exif.count >= 8 else { return nil }
    let isLittleEndian: Bool
    switch (exif[0], exif[1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    func short(_ offset: Int) -> UInt16? {
      guard offset <= exif.count - 2 else { return nil }
      let value = exif.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
      return isLittleEndian ? UInt16(littleEndian: value) : UInt16(bigEndian: value)
    }
    func long(_ offset: Int) -> UInt32? {
      guard offset <= exif.count - 4 else { return nil }
      let value = exif.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      return isLittleEndian ? UInt32(littleEndian: value) : UInt32(bigEndian: value)
    }
    guard short(2) == 42, let directory = long(4).map(Int.init), let count = short(directory) else {
      return nil
    }
    let shortType: UInt16 = 3
    for entry in 0..<Int(count) {
      let offset = directory + 2 + entry * 12
      guard let tag = short(offset), let type = short(offset + 2) else { return nil }
      guard tag == 0x0112 else { continue }
      guard type == shortType, long(offset + 4) == 1 else { return nil }
      return short(offset + 8).flatMap(Orientation.init(rawValue:))
    }
    return nil
  }

  /// Whether rows become columns.
  var isTransposed: Bool { rawValue >= 5 }
  /// Whether the stored columns run from right to left of the displayed picture (from bottom to top, if transposed).
  var reversesColumns: Bool { [.topRight, .bottomRight, .rightBottom, .leftBottom].contains(self) }
  /// Whether the stored rows run from bottom to top of the displayed picture (from right to left, if transposed).
  var reversesRows: Bool { [.bottomRight, .bottomLeft, .rightTop, .rightBottom].contains(self) }
}

extension Picture {
  /// The picture as it is to be displayed.
  func turned(_ orientation: Orientation) -> Picture {
    if orientation == .topLeft { return self }
    let (turnedWidth, turnedHeight) =
      orientation.isTransposed ? (height, width) : (width, height)
    // Where stored pixel (0, 0) goes, and the steps there of one stored column and one stored row.
    let columnStep = orientation.isTransposed ? turnedWidth : 1
    let rowStep = orientation.isTransposed ? 1 : turnedWidth
    let start =
      (orientation.reversesColumns ? (width - 1) * columnStep : 0)
      + (orientation.reversesRows ? (height - 1) * rowStep : 0)
    let signedColumnStep = orientation.reversesColumns ? -columnStep : columnStep
    let signedRowStep = orientation.reversesRows ? -rowStep : rowStep
    let turned = [UInt8](unsafeUninitializedCapacity: bytes.count) { target, count in
      var source = 0
      for y in 0..<height {
        var pixel = start + y * signedRowStep
        for _ in 0..<width {
          for channel in 0..<3 { target[pixel * 3 + channel] = bytes[source + channel] }
          source += 3
          pixel += signedColumnStep
        }
      }
      count = bytes.count
    }
    return Picture(width: turnedWidth, height: turnedHeight, bytes: turned)
  }
}
