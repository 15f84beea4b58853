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
      expand(from, table, to)
      let scales = (from + 256).loadUnaligned(as: SIMD32<UInt8>.self)
      (to + 512).storeBytes(of: scales, as: SIMD32<UInt8>.self)
      from += 288
      to += 544
    }
  }

  /// `Kernels.CodedExpansion.expand`.
  public func expandInt4Coded(
    _ panels: UnsafeRawPointer, _ levels: UnsafePointer<UInt8>, _ blocks: Int, _ count: Int,
    _ out: UnsafeMutableRawPointer
  ) {
    let table = UnsafeRawPointer(levels).loadUnaligned(as: SIMD16<UInt8>.self)
    var from = panels
    var to = out
    for _ in 0..<count {
      // The rows' scales, and before each four blocks a line of codes.
      copyLine(&from, &to)
      for block in 0..<blocks {
        if block & 3 == 0 { copyLine(&from, &to) }
        expand(from, table, to)
        from += 256
        to += 512
      }
    }
  }

  /// The four lines of a block as eight.
  @inline(__always)
  private func expand(
    _ from: UnsafeRawPointer, _ table: SIMD16<UInt8>, _ to: UnsafeMutableRawPointer
  ) {
    for quarter in 0..<16 {
      let pairs = (from + quarter * 16).loadUnaligned(as: SIMD16<UInt8>.self)
      let low = vqtbl1q_u8(table, pairs & 15)
      let high = vqtbl1q_u8(table, pairs &>> 4)
      (to + quarter * 16).storeBytes(of: low, as: SIMD16<UInt8>.self)
      (to + 256 + quarter * 16).storeBytes(of: high, as: SIMD16<UInt8>.self)
    }
  }

  @inline(__always)
  private func copyLine(_ from: inout UnsafeRawPointer, _ to: inout UnsafeMutableRawPointer) {
    to.storeBytes(of: from.loadUnaligned(as: SIMD64<UInt8>.self), as: SIMD64<UInt8>.self)
    from += 64
    to += 64
  }
#endif
