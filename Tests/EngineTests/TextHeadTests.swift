import JanusWords
import Quant
import SIMDKernels
import Testing

@testable import JanusEngine
@testable import JanusSystem

/// A text head in two planes, of which the low one is read where it may matter.
@Suite struct TextHeadTests {
  private let columns = 96
  /// The last panel is not full.
  private let rows = 16 * 40 + 5

  private struct Random {
    var state: UInt64 = 1

    /// Sums of four are nearly normal.
    mutating func next() -> Float {
      (0..<4).reduce(Float(0)) { sum, _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return sum + Float(state >> 40) / Float(1 << 24) - 0.5
      }
    }
  }

  private func encoded(_ weights: [Float]) throws -> [UInt8] {
    let format = ElementFormat.int8Planes
    var bytes = [UInt8](repeating: 0, count: try format.byteCount(rows: rows, columns: columns))
    try weights.withUnsafeBufferPointer { weights in
      try bytes.withUnsafeMutableBytes { bytes in
        try Quantizer(format: format).encode(
          rows: weights, rowCount: rows, columns: columns, into: bytes)
      }
    }
    return bytes
  }

  /// The logits of each state, and how many panels were read whole.
  private func logits(
    _ states: [[Float]], _ bytes: [UInt8], largest: Int?, _ kernels: Kernels = .portable
  ) throws -> (rows: [[Float]], share: Double) {
    let ops = Ops(kernels: kernels, pool: WorkerPool(threadCount: 2))
    let (input, output) = (FloatBuffer(), FloatBuffer())
    let x = try input.matrix(states.count, columns)
    let out = try output.matrix(states.count, rows)
    for (row, state) in states.enumerated() { x[row: row].update(from: state, count: columns) }
    bytes.withUnsafeBytes { bytes in
      let weight = Weight(
        format: .int8Planes, rows: rows, columns: columns, bytes: bytes.baseAddress!,
        levels: Weight.planeLevels)
      try! TextHead(weight: weight).logits(x, largest: largest, into: out, ops)
    }
    return (
      states.indices.map { Array(UnsafeBufferPointer(start: out[row: $0], count: rows)) },
      ops.planeCounts.share
    )
  }

  /// States that one row answers the more the larger `emphasis` is.
  private func sample(_ emphasis: Float, seed: UInt64) -> (weights: [Float], states: [[Float]]) {
    var random = Random(state: seed)
    let weights = (0..<rows * columns).map { _ in random.next() }
    let states = (0..<3).map { token in
      let row = (token * 211 + 7) % rows
      return (0..<columns).map { random.next() + emphasis * weights[row * columns + $0] }
    }
    return (weights, states)
  }

  @Test(arguments: InstructionSet.available, [Float(0), 0.3, 1, 3])
  func theLargestLogitsAreThoseOfTheWholeHead(_ set: InstructionSet, emphasis: Float) throws {
    let kernels = try Kernels.select(set.rawValue)
    for seed in 1...4 {
      let (weights, states) = sample(emphasis, seed: UInt64(seed))
      let bytes = try encoded(weights)
      let whole = try logits(states, bytes, largest: nil, kernels)
      #expect(whole.share == 1)
      #expect(whole.rows == (try logits(states, bytes, largest: nil)).rows, "tiers differ")
      for count in [1, 5, 40, 64, rows] {
        let part = try logits(states, bytes, largest: count, kernels)
        for (found, truth) in zip(part.rows, whole.rows) {
          let order = truth.indices.sorted { (truth[$0], $1) > (truth[$1], $0) }
          let least = truth[order[min(count, rows) - 1]]
          for index in truth.indices {
            if truth[index] >= least {
              #expect(found[index] == truth[index], "\(count), row \(index)")
            } else {
              #expect(found[index] < least, "\(count), row \(index)")
            }
          }
          let alone = try logits([states[0]], bytes, largest: count, kernels)
          #expect(alone.rows[0].max() == whole.rows[0].max())
        }
      }
    }
  }

  @Test func choicesAreThoseOfTheWholeHead() throws {
    let (weights, states) = sample(0.5, seed: 9)
    let bytes = try encoded(weights)
    let whole = try logits(states, bytes, largest: nil).rows
    for (temperature, topK, topP) in [
      (Float(0), nil, nil), (1, 1, nil), (0.8, 20, nil), (1.5, 40, 0.9), (2, 64, 0.5),
    ] as [(Float, Int?, Float?)] {
      for seed in 0..<20 {
        let sampler = try Sampler(
          temperature: temperature, topK: topK, topP: topP, seed: UInt64(seed))
        let part = try logits(states, bytes, largest: sampler.largest).rows
        for (found, truth) in zip(part, whole) {
          let choices = [found, truth].map { logits in
            logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: seed) }
          }
          #expect(choices[0] == choices[1])
        }
      }
    }
  }

  @Test func whereOneRowStandsOutTheLowPlaneIsHardlyRead() throws {
    let (weights, states) = sample(3, seed: 3)
    let bytes = try encoded(weights)
    #expect(try logits(Array(states.prefix(1)), bytes, largest: 1).share < 0.1)
    // With nothing to tell rows apart all are read.
    let flat = try logits([Array(repeating: 0, count: columns)], bytes, largest: 1)
    #expect(flat.share == 1)
  }

  @Test func whatIsNoNumberIsSeen() throws {
    var (weights, states) = sample(1, seed: 5)
    weights[7] = 0
    for strange: Float in [.nan, .infinity] {
      states[1][3] = strange
      let bytes = try encoded(weights)
      let found = try logits(states, bytes, largest: 1).rows
      let whole = try logits(states, bytes, largest: nil).rows
      for (found, truth) in zip(found, whole) {
        #expect(found.contains(where: \.isNaN) == truth.contains(where: \.isNaN))
        #expect(found.max() == truth.max() || truth.contains(where: \.isNaN))
      }
    }
  }

  @Test func aSamplerSaysWhatItLooksAt() throws {
    #expect(try Sampler().largest == 1)
    #expect(try Sampler(topK: 5).largest == 1)
    #expect(try Sampler(temperature: 1).largest == nil)
    #expect(try Sampler(temperature: 1, topP: 0.9).largest == nil)
    #expect(try Sampler(temperature: 1, topK: 5, topP: 0.9).largest == 5)
  }
}
