import Testing

@testable import SIMDKernels

@Suite struct HalvesTests {
  private static let all = (0...UInt16.max).map { $0 }

  /// Floats around every border of a rounding to 16 bits, and random bits.
  private static let floats: [Float] = {
    var bits: [UInt32] = []
    for upper in stride(from: UInt32(0), to: 0x8000, by: 8) {
      for lower: UInt32 in [0, 1, 0x0fff, 0x1000, 0x1001, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff] {
        bits.append((upper << 16) + lower)
      }
    }
    var random = Random(state: 1)
    bits += (0..<20000).map { _ in UInt32(truncatingIfNeeded: random.next()) }
    return bits.flatMap { [Float(bitPattern: $0), -Float(bitPattern: $0)] }
  }()

  #if !(os(macOS) && arch(x86_64))
    @Test(arguments: InstructionSet.available)
    func halvesToFloats(_ set: InstructionSet) throws {
      let kernels = try Kernels.select(set.rawValue)
      let out = Guarded<Float>(Self.all.count)
      kernels.f16ToF32(Self.all, out.start, Self.all.count)
      let truth = Self.all.map { Float(Float16(bitPattern: $0)) }
      #expect(same(out.checked(), truth))
    }

    @Test(arguments: InstructionSet.available)
    func floatsToHalves(_ set: InstructionSet) throws {
      let kernels = try Kernels.select(set.rawValue)
      let out = Guarded<UInt16>(Self.floats.count)
      kernels.f32ToF16(Self.floats, out.start, Self.floats.count)
      let truth = Self.floats.map { Float(Float16($0)) }
      #expect(same(out.checked().map { Float(Float16(bitPattern: $0)) }, truth))
    }
  #endif

  @Test(arguments: InstructionSet.available)
  func bf16ToFloats(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    let out = Guarded<Float>(Self.all.count)
    kernels.bf16ToF32(Self.all, out.start, Self.all.count)
    #expect(out.checked().bits == Self.all.map { UInt32($0) << 16 })
  }

  @Test(arguments: InstructionSet.available)
  func floatsToBF16(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    let out = Guarded<UInt16>(Self.floats.count)
    kernels.f32ToBF16(Self.floats, out.start, Self.floats.count)
    for (x, bf16) in zip(Self.floats, out.checked()) {
      let result = Float(bitPattern: UInt32(bf16) << 16)
      if x.isNaN {
        #expect(result.isNaN)
        continue
      }
      // The two bfloat16 around x; beyond the last one, infinity takes the place of 2¹²⁸.
      let bits = x.bitPattern & 0xffff_0000
      let below = Double(Float(bitPattern: bits))
      let next = Float(bitPattern: bits &+ 0x1_0000)
      let above = next.isInfinite ? (x < 0 ? -0x1p128 : 0x1p128) : Double(next)
      let (down, up) = (abs(Double(x) - below), abs(above - Double(x)))
      let takesUpper = !x.isInfinite && (down > up || (down == up && bits >> 16 & 1 == 1))
      #expect(result.bitPattern == (takesUpper ? next.bitPattern : bits), "\(x)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func nothingIsWrittenBehindTheLastElement(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    for count in awkwardSizes {
      let (floats, halves) = (Guarded<Float>(count), Guarded<UInt16>(count))
      kernels.f32ToF16(Self.floats, halves.start, count)
      kernels.f16ToF32(Self.all, floats.start, count)
      #expect(floats.checked() == Array(0..<count).map { Float($0) * 0x1p-24 })
      _ = halves.checked()
      kernels.f32ToBF16(Self.floats, halves.start, count)
      kernels.bf16ToF32(Self.all, floats.start, count)
      #expect(floats.checked().bits == (0..<count).map { UInt32($0) << 16 })
      _ = halves.checked()
    }
  }

  /// Equal numbers with equal signs; NaN for NaN.
  private func same(_ a: [Float], _ b: [Float]) -> Bool {
    zip(a, b).allSatisfy { $0.isNaN ? $1.isNaN : $0.bitPattern == $1.bitPattern }
  }
}
