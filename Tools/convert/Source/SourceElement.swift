import JanusSystem

/// The number formats that a checkpoint's tensors are read from.
enum SourceElement: Sendable {
  case f32, f16, bf16

  var byteCount: Int { self == .f32 ? 4 : 2 }

  /// Widens `count` little-endian numbers to single precision, which is exact.
  ///
  /// - Parameters:
  ///   - stride: elements from one number to the next in `source`.
  ///   - outputStride: elements from one number to the next in `output`.
  func widen(
    _ source: UnsafeRawPointer, stride: Int = 1, count: Int,
    into output: UnsafeMutablePointer<Float>, outputStride: Int = 1
  ) {
    switch self {
    case .f32:
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index * stride * 4, as: UInt32.self)
        output[index * outputStride] = Float(bitPattern: UInt32(littleEndian: bits))
      }
    case .bf16:
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index * stride * 2, as: UInt16.self)
        output[index * outputStride] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
      }
    case .f16:
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index * stride * 2, as: UInt16.self)
        output[index * outputStride] = Self.widenHalf(UInt16(littleEndian: bits))
      }
    }
  }

  /// `Float16` does not exist on every system, so the bits are moved by hand.
  static func widenHalf(_ half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7fff) << 13
    let sign = UInt32(half & 0x8000) << 16
    // Exponent 31 stands for infinity and NaN.
    if magnitude >= 0x7c00 << 13 { return Float(bitPattern: sign | 0x7f80_0000 | magnitude) }
    // Taken as binary32 the bits are a number 2^112 times too small, subnormal ones included.
    let value = Float(bitPattern: magnitude) * Float(bitPattern: 0x7780_0000)
    return Float(bitPattern: value.bitPattern | sign)
  }
}
