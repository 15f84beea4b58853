import Testing

@testable import SIMDKernels

private struct Quantized: Equatable {
  let values: [Int8]
  let scales: [UInt32]
  let offsets: [Int32]
  let scalesFit: Bool

  init(_ x: [Float], to precision: UInt32, _ kernels: Kernels) {
    let blocks = (x.count + 31) / 32
    let values = Guarded<Int8>(blocks * 32)
    let scales = Guarded<Float>(blocks)
    let offsets = Guarded<Int32>(blocks)
    scalesFit = kernels.quantizeActivations(
      x, x.count, precision, values.start, scales.start, offsets.start)
    self.values = values.checked()
    // The bits of a NaN differ between processors.
    self.scales = scales.checked().map { $0.isNaN ? Float.nan.bitPattern : $0.bitPattern }
    self.offsets = offsets.checked()
  }
}

@Suite struct ActivationTests {
  private static let precisions = [
    ScalePrecision.full, ScalePrecision.threeBits, ScalePrecision.powerOfTwo,
  ]

  @Test(arguments: precisions)
  func portableRoundsToTheNearestStep(precision: UInt32) {
    var random = Random(state: 1)
    for magnitude: Float in [1e-20, 1, 3e4] {
      let x = random.floats(75, in: -magnitude...magnitude)
      let q = Quantized(x, to: precision, .portable)
      for block in 0..<3 {
        let range = block * 32..<min(block * 32 + 32, x.count)
        let scale = Double(Float(bitPattern: q.scales[block]))
        let largest = x[range].map { Double($0.magnitude) }.max() ?? 0
        switch precision {
        case ScalePrecision.full: #expect(abs(scale - largest / 127) <= largest / 127 * rounding)
        case ScalePrecision.threeBits:
          #expect((scale.significand * 8).rounded() == scale.significand * 8)
          let below = scale - scale.binade / (scale.significand == 1 ? 16 : 8)
          #expect(largest <= 127 * scale && largest > 127 * below)
        default:
          #expect(scale.significand == 1)
          #expect(largest <= 127 * scale && largest > 127 * scale / 2)
        }
        for k in range {
          #expect(abs(Double(x[k]) - Double(q.values[k]) * scale) <= scale * 0.500_02)
          #expect(q.values[k] >= -127)
        }
        #expect(
          q.offsets[block] == -128
            * q.values[block * 32..<block * 32 + 32].reduce(0) { $0 + Int32($1) })
      }
      #expect(q.values[75...].allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: InstructionSet.available)
  func everyTierGivesTheSameBits(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for count in awkwardSizes {
      for magnitude: Float in [
        0, 0x1p-147, 1e-38, 0x1p-120, 0.01, 1, 1e5, .greatestFiniteMagnitude,
      ] {
        let x = random.floats(count).map { $0 * magnitude }
        for precision in Self.precisions {
          #expect(
            Quantized(x, to: precision, kernels)
              == Quantized(x, to: precision, .portable), "\(count) of \(magnitude)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func halvesRoundToEven(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    let x: [Float] = [127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 63.5]
    for precision in Self.precisions {
      let q = Quantized(x, to: precision, kernels)
      #expect(q.values.prefix(8) == [127, 0, 2, 2, 0, -2, -2, 64])
    }
  }

  @Test(arguments: InstructionSet.available)
  func theScaleIsTheLeastPowerOfTwoThatHoldsTheLargestValue(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    let cases: [(Float, Float)] = [
      (127, 1), (Float(127).nextUp, 2), (-127, 1), (128, 2), (63.5, 0.5), (0, 0x1p-102),
      (.leastNonzeroMagnitude, 0x1p-102), (127 * 0x1p-102, 0x1p-102),
      ((127 * 0x1p-102).nextUp, 0x1p-101), (.greatestFiniteMagnitude, 0x1p122),
    ]
    for (largest, scale) in cases {
      for count in [1, 33, 128, 160, 512, 600] {
        let x = [Float](repeating: largest, count: count)
        let blocks = (count + 31) / 32
        #expect(
          Quantized(x, to: ScalePrecision.powerOfTwo, kernels).scales
            == Array(repeating: scale.bitPattern, count: blocks),
          "\(largest)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func scalesFitUpToTheLargest(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    for (scale, scalesFit) in [(ScalePrecision.largest, true), (ScalePrecision.largest * 2, false)]
    {
      for count in [1, 128, 200, 512, 1024] {
        for precision in Self.precisions {
          var x = [Float](repeating: 0, count: count)
          x[count - 1] = -127 * scale
          #expect(Quantized(x, to: precision, kernels).scalesFit == scalesFit)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, precisions)
  func aBlockWithoutANumberPoisonsItsScaleOnly(
    _ set: InstructionSet, precision: UInt32
  ) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 5)
    for poison: Float in [.nan, .infinity, -.infinity] {
      for position in [0, 15, 16, 31] {
        var x = [Float](repeating: 127, count: 64)
        x[position] = poison
        let q = Quantized(x, to: precision, kernels)
        #expect(!Float(bitPattern: q.scales[0]).isFinite && !q.scalesFit)
        #expect(q.values.prefix(32).allSatisfy { $0 == 0 } && q.offsets[0] == 0)
        #expect(q.values.suffix(32).allSatisfy { $0 == 127 })
        #expect(q == Quantized(x, to: precision, .portable))
      }
      for block in 0..<21 {
        var x = random.floats(21 * 32)
        x[block * 32 + 7] = poison
        #expect(
          Quantized(x, to: precision, kernels)
            == Quantized(x, to: precision, .portable), "\(poison) in block \(block)")
      }
    }
  }

  @Test func aPortableRowHasTheLeastSquaredErrorOfItsLevelsAndScales() {
    var random = Random(state: 3)
    for count in [16, 75, 128] {
      let x = random.floats(count, in: -3e4...3e4)
      let row = QuantizedRow(x, .portable)
      let scale = Double(Float(bitPattern: row.scale))
      let largest = x.map { Double($0.magnitude) }.max() ?? 0

      func error(_ levels: [Double], _ scale: Double) -> Double {
        zip(x, levels).reduce(0) {
          $0 + (Double($1.0) - $1.1 * scale) * (Double($1.0) - $1.1 * scale)
        }
      }
      let candidates = stride(from: 127.0, through: 113, by: -2).map { level in
        let levels = x.map { (Double($0) * level / largest).rounded(.toNearestOrEven) }
        let product = zip(x, levels).reduce(0) { $0 + Double($1.0) * $1.1 }
        return error(levels, product / levels.reduce(0) { $0 + $1 * $1 })
      }
      let plain = x.map { (Double($0) / largest * 127).rounded(.toNearestOrEven) }
      let found = error(row.values.prefix(count).map(Double.init), scale)
      #expect(found <= candidates.min()! * 1.01, "\(count)")
      #expect(found < error(plain, largest / 127), "\(count)")
      #expect(row.values[count...].allSatisfy { $0 == 0 })
    }
  }

  @Test(arguments: InstructionSet.available)
  func everyTierGivesTheSameBitsOfARow(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 4)
    for count in awkwardSizes {
      for magnitude: Float in [0, 0x1p-147, 0x1p-120, 0.01, 1, 1e5, .greatestFiniteMagnitude] {
        let x = random.floats(count).map { $0 * magnitude }
        #expect(
          QuantizedRow(x, kernels) == QuantizedRow(x, .portable), "\(count) of \(magnitude)")
      }
      guard count > 0 else { continue }
      for poison: Float in [.nan, .infinity] {
        var x = random.floats(count)
        x[count / 2] = poison
        let row = QuantizedRow(x, kernels)
        #expect(!Float(bitPattern: row.scale).isFinite)
        #expect(row.values.allSatisfy { $0 == 0 })
      }
    }
  }
}

private struct QuantizedRow: Equatable {
  let values: [Int8]
  let scale: UInt32

  init(_ x: [Float], _ kernels: Kernels) {
    let values = Guarded<Int8>((x.count + 31) / 32 * 32)
    let scale = kernels.quantizeRow(x, x.count, values.start)
    self.values = values.checked()
    // The bits of a NaN differ between processors.
    self.scale = scale.isNaN ? Float.nan.bitPattern : scale.bitPattern
  }
}
