#if arch(arm64)
  import CIntrinsics

  /// `Kernels.expandInt4`.
  public func expandInt4(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int,
    _ out: UnsafeMutableRawPointer
  ) {
    let table = UnsafeRawPointer(levels).loadUnaligned(as: SIMD16<UInt8>.self)
    var from = panels
    var to = out
    for _ in 0..<blocks {
      for quarter in 0..<16 {
        let pairs = (from + quarter * 16).loadUnaligned(as: SIMD16<UInt8>.self)
        let low = vqtbl1q_u8(table, pairs & 15)
        let high = vqtbl1q_u8(table, pairs &>> 4)
        (to + quarter * 16).storeBytes(of: low, as: SIMD16<UInt8>.self)
        (to + 256 + quarter * 16).storeBytes(of: high, as: SIMD16<UInt8>.self)
      }
      let scales = (from + 256).loadUnaligned(as: SIMD32<UInt8>.self)
      (to + 512).storeBytes(of: scales, as: SIMD32<UInt8>.self)
      from += 288
      to += 544
    }
  }
#endif
