/// The passes over the pixels that a JPEG file's scans ask for, counted from its markers alone.
enum JPEGScans {
  /// The pixels of each component of each scan together, `Int.max` where they are too many to count.
  ///
  /// The walk goes from marker to marker as libjpeg does, linear in the file. A file that libjpeg will refuse may
  /// give any number.
  static func pixelCount(of file: UnsafeRawBufferPointer) -> Int {
    var pixels: [UInt8: Int] = [:]
    var (total, position) = (0, 2)
    while position + 1 < file.count {
      guard file[position] == 0xFF else {
        position += 1
        continue
      }
      let marker = file[position + 1]
      switch marker {
      case 0xFF: position += 1
      // A byte of the picture's data, restart markers, and a marker without content.
      case 0x00, 0x01, 0xD0...0xD8: position += 2
      case 0xD9: return total
      default:
        guard let length = file.short(at: position + 2, .big), length >= 2 else { return total }
        if isFrame(marker) { pixels = componentPixels(file, frame: position) }
        if marker == 0xDA {
          for component in 0..<Int(file.byte(at: position + 4) ?? 0) {
            let id = file.byte(at: position + 5 + component * 2) ?? 0
            let (sum, overflow) = total.addingReportingOverflow(pixels[id, default: 0])
            if overflow { return .max }
            total = sum
          }
        }
        position += 2 + Int(length)
      }
    }
    return total
  }

  /// SOF0 to SOF15; three markers among them mean other things (T.81, table B.1).
  private static func isFrame(_ marker: UInt8) -> Bool {
    (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
  }

  /// Pixels of each component, by its number (T.81, A.1.1), in whole blocks.
  private static func componentPixels(
    _ file: UnsafeRawBufferPointer, frame: Int
  ) -> [UInt8: Int] {
    guard let height = file.short(at: frame + 5, .big), let width = file.short(at: frame + 7, .big),
      let count = file.byte(at: frame + 9)
    else { return [:] }
    let components = (0..<Int(count)).compactMap { index -> (id: UInt8, factors: UInt8)? in
      guard let id = file.byte(at: frame + 10 + index * 3),
        let factors = file.byte(at: frame + 11 + index * 3)
      else { return nil }
      return (id, factors)
    }
    let mostAcross = max(1, components.map { Int($0.factors >> 4) }.max() ?? 1)
    let mostDown = max(1, components.map { Int($0.factors & 15) }.max() ?? 1)
    func blocks(_ length: UInt16, _ factor: UInt8, _ most: Int) -> Int {
      (Int(length) * Int(factor) + 8 * most - 1) / (8 * most)
    }
    let pixels = components.map { component in
      (
        component.id,
        64 * blocks(width, component.factors >> 4, mostAcross)
          * blocks(height, component.factors & 15, mostDown)
      )
    }
    return Dictionary(pixels, uniquingKeysWith: max)
  }
}
