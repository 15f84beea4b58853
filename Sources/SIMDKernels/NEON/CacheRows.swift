#if arch(arm64)
  import CIntrinsics

  /// `Kernels.quantizeRow`.
  public func quantizeRow(
    _ x: UnsafePointer<Float>, _ count: Int, _ values: UnsafeMutablePointer<Int8>
  ) -> Float {
    // The bits of |x| are ordered as the numbers are, with NaN above infinity.
    var bits = SIMD4<UInt32>.zero
    for k in stride(from: 0, to: count, by: 4) {
      bits = vmaxq_u32(
        bits, unsafeBitCast(load(x + k, count - k), to: SIMD4<UInt32>.self) & 0x7fff_ffff)
    }
    let largest = Float(bitPattern: vmaxvq_u32(bits))
    let inverse = 127 / largest
    guard largest.isFinite, inverse.isFinite else {
      values.update(repeating: 0, count: (count + 31) / 32 * 32)
      return largest.isFinite ? 0 : largest
    }
    var best = (gain: -1.0, level: Int32(127), scale: Float(0))
    for level in stride(from: Int32(127), through: 113, by: -2) {
      var (products, squares) = (SIMD4<Int32>.zero, SIMD4<Int32>.zero)
      for k in stride(from: 0, to: count, by: 4) {
        let fine = fineLevels(load(x + k, count - k), inverse)
        let coarse = coarseLevels(fine, level)
        products = products &+ fine &* coarse
        squares = squares &+ coarse &* coarse
      }
      // The sum of four lanes may not fit into one.
      let (product, square) = (Double(vaddlvq_s32(products)), Double(vaddlvq_s32(squares)))
      let gain = product * product / square
      if gain > best.gain {
        best = (gain, level, Float(Double(largest) / 32_512 * product / square))
      }
    }
    for k in stride(from: 0, to: (count + 31) / 32 * 32, by: 4) {
      let fine = fineLevels(load(x + k, count - k), inverse)
      let bytes = SIMD4<Int8>(truncatingIfNeeded: coarseLevels(fine, best.level))
      UnsafeMutableRawPointer(values + k).storeBytes(of: bytes, as: SIMD4<Int8>.self)
    }
    return best.scale
  }

  @inline(__always)
  private func fineLevels(_ x: Floats, _ inverse: Float) -> SIMD4<Int32> {
    let limit = Floats(repeating: 127)
    return vcvtnq_s32_f32(vmaxq_f32(vminq_f32(x * inverse, limit), -limit) * 256)
  }

  @inline(__always)
  private func coarseLevels(_ fine: SIMD4<Int32>, _ level: Int32) -> SIMD4<Int32> {
    vcvtnq_s32_f32(vcvtq_f32_s32(fine) * (Float(level) / 32_512))
  }
#endif
