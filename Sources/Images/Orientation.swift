/// How a stored picture is to be turned for display: Exif tag 0x0112. The names say where the stored row 0 and
/// column 0 belong (Exif 2.32, 4.6.4 A).
package enum Orientation: UInt16 {
  case topLeft = 1
  case topRight, bottomRight, bottomLeft
  case leftTop, rightTop, rightBottom, leftBottom

  /// Reads the tag from an Exif block's TIFF structure. Whatever is absent or malformed means `topLeft`: a
  /// camera's mistake in the metadata does not make the picture unreadable.
  init(exif: UnsafeRawBufferPointer) {
    self = Self.read(exif) ?? .topLeft
  }

  private static func read(_ exif: UnsafeRawBufferPointer) -> Orientation? {
    let order: ByteOrder
    switch (exif.byte(at: 0), exif.byte(at: 1)) {
    case (0x49, 0x49): order = .little
    case (0x4D, 0x4D): order = .big
    default: return nil
    }
    guard exif.short(at: 2, order) == 42, let directory = exif.long(at: 4, order).map(Int.init),
      let count = exif.short(at: directory, order)
    else { return nil }
    for entry in 0..<Int(count) {
      let start = directory + 2 + entry * 12
      guard let tag = exif.short(at: start, order), let type = exif.short(at: start + 2, order)
      else { return nil }
      guard tag == 0x0112 else { continue }
      guard exif.long(at: start + 4, order) == 1 else { return nil }
      return value(exif, at: start + 8, type: type, order).flatMap(Orientation.init(rawValue:))
    }
    return nil
  }

  /// An integer of any of TIFF's types. Exif asks for SHORT, but not every program writes that.
  private static func value(
    _ exif: UnsafeRawBufferPointer, at offset: Int, type: UInt16, _ order: ByteOrder
  ) -> UInt16? {
    switch type {
    case 1, 6: exif.byte(at: offset).map(UInt16.init)
    case 3, 8: exif.short(at: offset, order)
    case 4, 9: exif.long(at: offset, order).flatMap(UInt16.init(exactly:))
    default: nil
    }
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
