import Testing

@testable import SIMDKernels

@Suite struct RowsTests {
  @Test(arguments: InstructionSet.available)
  func dotRowsStaysWithinTheBoundOfASum(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for (count, dim) in [(0, 64), (1, 1), (3, 16), (5, 17), (4, 33), (7, 100), (33, 128)] {
      let stride = dim + 3
      let q = random.floats(dim)
      let rows = random.floats(count * stride)
      let out = Guarded<Float>(count)
      kernels.dotRowsF32(q, rows, stride, count, dim, 0.125, out.start)
      var truths: [Double] = []
      var bounds: [Double] = []
      for i in 0..<count {
        let terms = (0..<dim).map { Double(q[$0]) * Double(rows[i * stride + $0]) }
        truths.append(0.125 * terms.reduce(0, +))
        bounds.append(0.125 * terms.reduce(0) { $0 + abs($1) } * Double(dim + 2) * rounding)
      }
      expectClose(out.checked(), truths, within: bounds, "\(count) × \(dim)")
    }
  }
}
