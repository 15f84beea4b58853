import Testing

@testable import SIMDKernels

@Suite struct RowsTests {
  static let shapes = [
    (count: 0, dim: 64), (1, 1), (3, 16), (5, 17), (4, 33), (9, 64), (7, 100), (33, 128), (2, 130),
  ]

  @Test(arguments: InstructionSet.available, [false, true])
  func dotRows(_ set: InstructionSet, half: Bool) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for (count, dim) in Self.shapes {
      let stride = dim + 3
      let q = random.floats(dim)
      let cache = Cache(count * stride, kernels, &random)
      let out = Guarded<Float>(count)
      if half {
        kernels.dotRowsF16(q, cache.halves, stride, count, dim, 0.125, out.start)
      } else {
        kernels.dotRowsF32(q, cache.floats, stride, count, dim, 0.125, out.start)
      }
      var truths: [Double] = []
      var bounds: [Double] = []
      for i in 0..<count {
        let terms = (0..<dim).map { Double(q[$0]) * Double(cache.floats[i * stride + $0]) }
        truths.append(0.125 * terms.reduce(0, +))
        bounds.append(0.125 * terms.reduce(0) { $0 + abs($1) } * Double(dim + 2) * rounding)
      }
      expectClose(out.checked(), truths, within: bounds, "\(count) × \(dim)")
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func sumRows(_ set: InstructionSet, half: Bool) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for (count, dim) in Self.shapes {
      let stride = dim + 3
      let weights = random.floats(count, in: 0...1)
      let begin = random.floats(dim)
      let cache = Cache(count * stride, kernels, &random)
      let out = Guarded(begin)
      if half {
        kernels.sumRowsF16(weights, cache.halves, stride, count, dim, out.start)
      } else {
        kernels.sumRowsF32(weights, cache.floats, stride, count, dim, out.start)
      }
      var truths: [Double] = []
      var bounds: [Double] = []
      for d in 0..<dim {
        let terms = (0..<count).map { Double(weights[$0]) * Double(cache.floats[$0 * stride + d]) }
        truths.append(terms.reduce(Double(begin[d]), +))
        let size = terms.reduce(abs(Double(begin[d]))) { $0 + abs($1) }
        bounds.append(size * Double(count + 1) * rounding)
      }
      expectClose(out.checked(), truths, within: bounds, "\(count) × \(dim)")
    }
  }

  /// The same numbers as halves and as floats.
  private struct Cache {
    let halves: [UInt16]
    let floats: [Float]

    init(_ count: Int, _ kernels: Kernels, _ random: inout Random) {
      halves = random.halves(count)
      var floats = [Float](repeating: 0, count: count)
      kernels.f16ToF32(halves, &floats, count)
      self.floats = floats
    }
  }
}
