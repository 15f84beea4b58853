#if arch(arm64)
  import CIntrinsics

  // Loads and stores of up to four lanes: whole registers in the middle of a row, and what is left
  // at its end. Arithmetic is written with Swift's operators, which are single instructions here;
  // intrinsics stand where there is no operator.

  typealias Floats = SIMD4<Float>

  @inline(__always)
  func load(_ from: UnsafePointer<Float>, _ count: Int = 4) -> Floats {
    if count >= 4 { return UnsafeRawPointer(from).loadUnaligned(as: Floats.self) }
    var x = Floats.zero
    if count > 0 { x.x = from[0] }
    if count > 1 { x.y = from[1] }
    if count > 2 { x.z = from[2] }
    return x
  }

  @inline(__always)
  func store(_ x: Floats, _ to: UnsafeMutablePointer<Float>, _ count: Int = 4) {
    if count >= 4 {
      UnsafeMutableRawPointer(to).storeBytes(of: x, as: Floats.self)
      return
    }
    if count > 0 { to[0] = x.x }
    if count > 1 { to[1] = x.y }
    if count > 2 { to[2] = x.z }
  }

  @inline(__always)
  func load16(_ from: UnsafePointer<UInt16>, _ count: Int) -> SIMD4<UInt16> {
    if count >= 4 { return UnsafeRawPointer(from).loadUnaligned(as: SIMD4<UInt16>.self) }
    var x = SIMD4<UInt16>.zero
    if count > 0 { x.x = from[0] }
    if count > 1 { x.y = from[1] }
    if count > 2 { x.z = from[2] }
    return x
  }

  @inline(__always)
  func store16(_ x: SIMD4<UInt16>, _ to: UnsafeMutablePointer<UInt16>, _ count: Int) {
    if count >= 4 {
      UnsafeMutableRawPointer(to).storeBytes(of: x, as: SIMD4<UInt16>.self)
      return
    }
    if count > 0 { to[0] = x.x }
    if count > 1 { to[1] = x.y }
    if count > 2 { to[2] = x.z }
  }

  /// Halves as floats.
  @inline(__always)
  func load(_ from: UnsafePointer<UInt16>, _ count: Int = 4) -> Floats {
    janus_floats_from_halves(load16(from, count))
  }

  /// int8 as floats.
  @inline(__always)
  func load(_ from: UnsafePointer<Int8>, _ count: Int) -> Floats {
    var x = SIMD4<Int32>.zero
    if count > 0 { x.x = Int32(from[0]) }
    if count > 1 { x.y = Int32(from[1]) }
    if count > 2 { x.z = Int32(from[2]) }
    if count > 3 { x.w = Int32(from[3]) }
    return vcvtq_f32_s32(x)
  }

  /// bfloat16 as floats.
  @inline(__always)
  func loadBF16(_ from: UnsafePointer<UInt16>, _ count: Int = 4) -> Floats {
    unsafeBitCast(vmovl_u16(load16(from, count)) &<< 16, to: Floats.self)
  }

  /// All bits set in the first `count` lanes.
  @inline(__always)
  func firstLanes(_ count: Int) -> SIMDMask<SIMD4<Int32>> {
    SIMD4<Int32>(0, 1, 2, 3) .< Int32(truncatingIfNeeded: count)
  }

  /// `sum + a · b`, rounded once.
  @inline(__always)
  func fma(_ a: Floats, _ b: Floats, _ sum: Floats) -> Floats { vfmaq_f32(sum, a, b) }

  @inline(__always)
  func fma(_ a: Floats, _ b: Floats, _ sum: Float) -> Floats {
    vfmaq_f32(Floats(repeating: sum), a, b)
  }
#endif
