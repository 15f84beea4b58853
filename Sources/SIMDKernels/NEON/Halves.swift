#if arch(arm64)
  import CIntrinsics

  /// `Kernels.f16ToF32`.
  public func f16ToF32(
    _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 4) {
      store(load(from + i, count - i), to + i, count - i)
    }
  }

  /// `Kernels.f32ToF16`.
  public func f32ToF16(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 4) {
      store16(janus_halves_from_floats(load(from + i, count - i)), to + i, count - i)
    }
  }

  /// `Kernels.bf16ToF32`.
  public func bf16ToF32(
    _ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 4) {
      store(loadBF16(from + i, count - i), to + i, count - i)
    }
  }

  /// `Kernels.f32ToBF16`.
  public func f32ToBF16(
    _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int
  ) {
    for i in stride(from: 0, to: count, by: 4) {
      let bits = unsafeBitCast(load(from + i, count - i), to: SIMD4<UInt32>.self)
      let upper = bits &>> 16
      let rounded = (bits &+ (upper & 1) &+ 0x7fff) &>> 16
      let nan = (bits & 0x7fff_ffff) .> 0x7f80_0000
      store16(vmovn_u32(rounded.replacing(with: upper | 0x40, where: nan)), to + i, count - i)
    }
  }
#endif
