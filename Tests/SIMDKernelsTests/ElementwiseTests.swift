import Foundation
import Testing

@testable import SIMDKernels

/// Every tier, the portable one included, against Double. u = 2⁻²⁴ is the error of one rounding.
@Suite struct ElementwiseTests {
  @Test(arguments: InstructionSet.available)
  func softmax(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    for count in awkwardSizes where count > 0 {
      for spread: Float in [0, 1, 30, 200] {
        let x = random.floats(count).map { $0 * spread }
        let out = Guarded(x)
        kernels.softmax(out.start, count)
        let largest = Double(x.max() ?? 0)
        let distances = x.map { largest - Double($0) }
        let e = distances.map { exp(-$0) }
        let sum = e.reduce(0, +)
        // A distance is rounded once, which is a relative error of distance · u; exp adds 3 u.
        let errors = distances.map { $0 + 3 }
        let meanError = zip(e, errors).map { $0 * $1 }.reduce(0, +) / sum
        let bounds = (0..<count).map {
          e[$0] / sum * (errors[$0] + meanError + Double(count) + 3) * rounding + 0x1p-125
        }
        expectClose(out.checked(), e.map { $0 / sum }, within: bounds, "\(count) of ±\(spread)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func softmaxGivesNothingToMaskedScores(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    let out = Guarded<Float>([1, -.infinity, 1, -.infinity, -1e30])
    kernels.softmax(out.start, 5)
    #expect(out.checked() == [0.5, 0, 0.5, 0, 0])
  }

  /// A NaN or an infinity in the input makes the result NaN, wherever it comes from.
  @Test(arguments: InstructionSet.available)
  func whatIsNoNumberStaysNone(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    for count in 1...33 {
      for place in 0..<count {
        var x = [Float](repeating: 0.5, count: count)
        x[place] = .nan
        let ones = [Float](repeating: 1, count: count)
        func result(_ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
          let out = Guarded(x)
          body(out.start)
          return out.checked()
        }
        for (name, all) in [
          ("softmax", result { kernels.softmax($0, count) }),
          ("rmsNorm", result { kernels.rmsNorm($0, ones, 1e-5, $0, count) }),
          ("layerNorm", result { kernels.layerNorm($0, ones, ones, 1e-5, $0, count) }),
        ] { #expect(all.filter(\.isNaN).count == count, "\(name), \(place) of \(count)") }
        for (name, one) in [
          ("gelu", result { kernels.gelu($0, count) }),
          ("gate", result { kernels.siluMul($0, ones, $0, count) }),
          ("up", result { kernels.siluMul(ones, $0, $0, count) }),
          ("add", result { kernels.add(ones, $0, count) }),
          ("multiply", result { kernels.multiply(ones, $0, count) }),
        ] {
          #expect(one.indices.filter { one[$0].isNaN } == [place], "\(name), \(place)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func siluMul(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for count in awkwardSizes {
      let gate = random.floats(count, in: -100...100)
      let up = random.floats(count, in: -4...4)
      var truths: [Double] = []
      var bounds: [Double] = []
      for (g, u) in zip(gate, up) {
        let truth = Double(g) / (1 + exp(-Double(g))) * Double(u)
        truths.append(truth)
        // exp 3 u, sum, quotient and product u each; below e⁻⁸⁷ a result may become zero.
        bounds.append(abs(truth) * 7 * rounding + Double(abs(g * u)) * 0x1p-125 + 0x1p-149)
      }
      let out = Guarded<Float>(count)
      kernels.siluMul(gate, up, out.start, count)
      expectClose(out.checked(), truths, within: bounds, "\(count)")
      let inPlace = Guarded(gate)
      kernels.siluMul(inPlace.start, up, inPlace.start, count)
      #expect(inPlace.checked() == out.checked())
    }
  }

  @Test(arguments: InstructionSet.available)
  func gelu(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 3)
    for count in awkwardSizes {
      for range: ClosedRange<Float> in [-0.01...0.01, -1...1, -6...6, -20...20] {
        var x = random.floats(count, in: range)
        // The ends of the intervals of `upperTail`, and a step on either side.
        for (i, end) in stride(from: Float(0), through: 6, by: 0.75).enumerated() where i < count {
          if i % 3 != 0 { x[i] = i % 2 == 0 ? -end.nextDown : end.nextUp } else { x[i] = -end }
        }
        let out = Guarded(x)
        kernels.gelu(out.start, count)
        let truths = x.map { Double($0) * 0.5 * erfc(-Double($0) / 2.0.squareRoot()) }
        // The tail has an error of its polynomial's 2⁻²⁹ and of roundings of values that are at
        // most the tail at the start of its interval. The share 1 - tail and the product round once
        // each.
        let bounds = zip(x, truths).map { x, truth in
          let begin = max(0, abs(Double(x)) - 0.75)
          let tail = 0x1p-29 + 2 * 0.5 * erfc(begin / 2.0.squareRoot()) * rounding
          return abs(Double(x)) * tail + 3 * abs(truth) * rounding
        }
        expectClose(out.checked(), truths, within: bounds, "\(count) in \(range)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func rope(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 4)
    for (heads, dim) in [(0, 8), (1, 2), (3, 16), (2, 34), (4, 64), (16, 128)] {
      let half = dim / 2
      let x = random.floats(heads * dim, in: -10...10)
      let (cosines, sines) = (random.floats(half), random.floats(half))
      let out = Guarded(x)
      kernels.rope(out.start, cosines, sines, heads, dim)
      var truths: [Double] = []
      var bounds: [Double] = []
      for i in x.indices {
        let (base, k) = (i / dim * dim, i % dim % half)
        let (a, b) = (Double(x[base + k]), Double(x[base + half + k]))
        let (c, s) = (Double(cosines[k]), Double(sines[k]))
        let terms = i % dim < half ? (a * c, -b * s) : (b * c, a * s)
        truths.append(terms.0 + terms.1)
        bounds.append((abs(terms.0) + abs(terms.1)) * 2 * rounding + 0x1p-149)
      }
      expectClose(out.checked(), truths, within: bounds, "\(heads) heads of \(dim)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func addIsExactlyRounded(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 5)
    for count in awkwardSizes {
      let (x, y) = (random.floats(count), random.floats(count, in: -100...100))
      let out = Guarded(y)
      kernels.add(x, out.start, count)
      #expect(out.checked() == zip(x, y).map { $0 + $1 })
    }
  }

  @Test(arguments: InstructionSet.available)
  func multiplyIsExactlyRounded(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 6)
    for count in awkwardSizes {
      let (x, y) = (random.floats(count), random.floats(count, in: -100...100))
      let out = Guarded(y)
      kernels.multiply(x, out.start, count)
      #expect(out.checked() == zip(x, y).map { $0 * $1 })
    }
  }
}
