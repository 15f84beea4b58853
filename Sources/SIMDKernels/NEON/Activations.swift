#if arch(arm64)
  import CIntrinsics

  /// `Kernels.quantizeActivations`.
  public func quantizeActivations(
    _ x: UnsafePointer<Float>, _ columns: Int, _ precision: UInt32,
    _ values: UnsafeMutablePointer<Int8>, _ scales: UnsafeMutablePointer<Float>,
    _ offsets: UnsafeMutablePointer<Int32>
  ) -> Bool {
    var begin = 0
    var block = 0
    var allFit = true
    while begin < columns {
      // The bits of |x| are ordered as the numbers are, with NaN above infinity.
      var largest = SIMD4<UInt32>.zero
      for k in stride(from: begin, to: begin + 32, by: 4) {
        let bits = unsafeBitCast(load(x + k, columns - k), to: SIMD4<UInt32>.self)
        largest = vmaxq_u32(largest, bits & 0x7fff_ffff)
      }
      let scale = scale(of: vmaxvq_u32(largest), precision)
      scales[block] = scale
      allFit = allFit && scale <= largestScale
      // Where the scale has no inverse, the values are zero.
      let inverse = 1 / scale
      let usable = inverse > 0 && inverse < .infinity
      let factor = Floats(repeating: usable ? inverse : 1)
      let mask = SIMD4<Int32>(repeating: usable ? -1 : 0)
      var sums = SIMD4<Int32>.zero
      for k in stride(from: begin, to: begin + 32, by: 4) {
        let q = vcvtnq_s32_f32(load(x + k, columns - k) * factor) & mask
        sums &+= q
        let bytes = SIMD4<Int8>(truncatingIfNeeded: q)
        UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: SIMD4<Int8>.self)
      }
      offsets[block] = -128 &* vaddvq_s32(sums)
      begin += 32
      block += 1
    }
    return allFit
  }

  /// `ScalePrecision.largest`.
  private let largestScale: Float = 0x1p111

  /// The scale of a block whose largest magnitude has these bits.
  @inline(__always)
  private func scale(of largest: UInt32, _ precision: UInt32) -> Float {
    let scale = Float(bitPattern: largest) / 127
    if precision == 0 || scale.isNaN { return scale }
    // A mantissa carries into the exponent.
    return max(Float(bitPattern: (scale.bitPattern &+ precision) & ~precision), 0x1p-102)
  }
#endif
