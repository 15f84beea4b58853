#if arch(arm64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The order of the bits of |x| is the order of the numbers, with NaN above infinity.
    var largest = SIMD4<UInt32>.zero
    for k in stride(from: 0, to: count, by: 4) {
      let bits = unsafeBitCast(load(x + k, count - k), to: SIMD4<UInt32>.self)
      largest = vmaxq_u32(largest, bits & 0x7fff_ffff)
    }
    let scale = Float(bitPattern: vmaxvq_u32(largest)) / 127
    let usable = scale > 0 && scale < .infinity
    let divisor = Floats(repeating: usable ? scale : 1)
    let mask = SIMD4<Int32>(repeating: usable ? -1 : 0)
    let limit = Floats(repeating: 127)
    for k in stride(from: 0, to: (count + 31) / 32 * 32, by: 4) {
      let y = load(x + k, count - k) / divisor
      let q = vcvtnq_s32_f32(vmaxq_f32(vminq_f32(y, limit), -limit)) & mask
      let bytes = SIMD4<Int8>(truncatingIfNeeded: q)
      UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: SIMD4<Int8>.self)
    }
    return scale
  }
#endif
