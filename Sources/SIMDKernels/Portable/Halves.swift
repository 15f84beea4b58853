// The two 16-bit formats, by their bits: the conversions need no instruction that a CPU may lack.

/// The value of an IEEE binary16.
@inline(__always)
func float(fromHalf half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let magnitude = UInt32(half & 0x7fff)
  switch magnitude {
  case 0x7c00...:  // infinity and NaN; a signalling NaN becomes quiet, as the instruction does
    let quiet: UInt32 = magnitude > 0x7c00 ? 0x0040_0000 : 0
    return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13 | quiet)
  case 0x0400...:
    return Float(bitPattern: sign | (magnitude << 13) &+ (112 << 23))
  default:  // subnormal: a whole number of 2⁻²⁴
    let value = Float(magnitude) * 0x1p-24
    return Float(bitPattern: sign | value.bitPattern)
  }
}

/// The nearest IEEE binary16, ties to even; too large becomes infinite.
@inline(__always)
func half(from float: Float) -> UInt16 {
  let sign = UInt16(truncatingIfNeeded: float.bitPattern >> 16) & 0x8000
  let magnitude = float.bitPattern & 0x7fff_ffff
  switch magnitude {
  case 0x7f80_0001...:
    return sign | 0x7e00 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x3ff
  case 0x4780_0000...:  // 65536 and above
    return sign | 0x7c00
  case 0x3880_0000...:  // normal; a carry out of the fraction moves into the exponent, as it should
    let even = (magnitude >> 13) & 1
    let rounded = magnitude &- (112 << 23) &+ 0xfff &+ even
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  default:  // adding ½ leaves the number of 2⁻²⁴ in the lowest bits of the sum, rounded to even
    let sum = (Float(bitPattern: magnitude) + 0.5).bitPattern
    return sign | UInt16(truncatingIfNeeded: sum &- Float(0.5).bitPattern)
  }
}

/// The value of a bfloat16.
@inline(__always)
func float(fromBF16 bits: UInt16) -> Float {
  Float(bitPattern: UInt32(bits) << 16)
}

/// The nearest bfloat16, ties to even.
@inline(__always)
func bf16(from float: Float) -> UInt16 {
  let bits = float.bitPattern
  if bits & 0x7fff_ffff > 0x7f80_0000 { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16) & 1) >> 16)
}

/// `Kernels.f16ToF32`.
public func f16ToF32(
  _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
) {
  for i in 0..<count { to[i] = float(fromHalf: from[i]) }
}

/// `Kernels.f32ToF16`.
public func f32ToF16(
  _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
) {
  for i in 0..<count { to[i] = half(from: from[i]) }
}

/// `Kernels.bf16ToF32`.
public func bf16ToF32(
  _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
) {
  for i in 0..<count { to[i] = float(fromBF16: from[i]) }
}

/// `Kernels.f32ToBF16`.
public func f32ToBF16(
  _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
) {
  for i in 0..<count { to[i] = bf16(from: from[i]) }
}
