import Foundation
import TestSupport
import Testing

@testable import JanusEngine
@testable import JanusWords

@Suite struct SamplerTests {
  private func counts(
    _ logits: [Float], draws: Int, temperature: Float = 1, topK: Int? = nil, topP: Float? = nil,
    seed: UInt64 = 1
  ) throws -> [Int] {
    let sampler = try Sampler(temperature: temperature, topK: topK, topP: topP, seed: seed)
    var counts = Array(repeating: 0, count: logits.count)
    for draw in 0..<draws {
      let index = try #require(
        logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: draw) })
      counts[index] += 1
    }
    return counts
  }

  /// Pearson's statistic of counts against exact probabilities; what cannot occur must not. What is
  /// to occur less than five times counts together, as the statistic's distribution needs it.
  private func chiSquare(_ counts: [Int], _ probabilities: [Double]) -> Double {
    let draws = Double(counts.reduce(0, +))
    var statistic = 0.0
    var rare = (count: 0.0, expected: 0.0)
    for (count, probability) in zip(counts, probabilities) {
      let (count, expected) = (Double(count), draws * probability)
      if probability == 0 {
        if count > 0 { return .infinity }
      } else if expected < 5 {
        rare = (rare.count + count, rare.expected + expected)
      } else {
        statistic += (count - expected) * (count - expected) / expected
      }
    }
    if rare.expected > 0 {
      statistic += (rare.count - rare.expected) * (rare.count - rare.expected) / rare.expected
    }
    return statistic
  }

  private static let probabilities = [0.02, 0.3, 0.05, 0.2, 0.01, 0.15, 0.08, 0.12, 0.04, 0.03]
  private static let logits = probabilities.map { Float(log($0)) + 3 }
  /// Exceeded by one in ten thousand samples of 9 degrees of freedom, and rarer with fewer.
  private static let limit = 33.72

  private static func normalised(_ weights: [Double]) -> [Double] {
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  @Test func drawsFollowTheProbabilities() throws {
    let counts = try counts(Self.logits, draws: 20_000)
    #expect(chiSquare(counts, Self.probabilities) < Self.limit)
  }

  @Test(arguments: [Float(0.5), 2]) func temperatureSharpensAndFlattens(_ t: Float) throws {
    let counts = try counts(Self.logits, draws: 20_000, temperature: t)
    let expected = Self.normalised(Self.probabilities.map { pow($0, 1 / Double(t)) })
    #expect(chiSquare(counts, expected) < Self.limit)
  }

  @Test func topKKeepsTheMostLikely() throws {
    let counts = try counts(Self.logits, draws: 20_000, topK: 3)
    let expected = Self.normalised(Self.probabilities.map { $0 >= 0.15 ? $0 : 0 })
    #expect(chiSquare(counts, expected) < Self.limit)
  }

  @Test func topPKeepsTheFewestThatReachIt() throws {
    // 0.3 + 0.2 + 0.15 = 0.65 is short of 0.7; 0.12 more is enough.
    let counts = try counts(Self.logits, draws: 20_000, topP: 0.7)
    let expected = Self.normalised(Self.probabilities.map { $0 >= 0.12 ? $0 : 0 })
    #expect(chiSquare(counts, expected) < Self.limit)
  }

  @Test func temperatureComesBeforeTopKAndTopKBeforeTopP() throws {
    // Squared and cut to four: 0.09, 0.04, 0.0225, 0.0144 of 0.1669. The first two reach 0.75 only
    // among the four (0.779), not among all ten (0.1766: 0.736).
    let counts = try counts(Self.logits, draws: 20_000, temperature: 0.5, topK: 4, topP: 0.75)
    let expected = Self.normalised(Self.probabilities.map { $0 >= 0.2 ? $0 * $0 : 0 })
    #expect(chiSquare(counts, expected) < Self.limit)
  }

  private static let cuts: [(topK: Int?, topP: Float?)] = [
    (nil, nil), (4, nil), (nil, 0.8), (6, 0.9),
  ]

  /// All that painting does to its logits, against probabilities worked out from its definition.
  @Test(arguments: [Float(0), 1, 2.5, 5], SamplerTests.cuts)
  func guidanceComesFirst(_ weight: Float, _ cut: (topK: Int?, topP: Float?)) throws {
    let without = Self.probabilities.reversed().map { Float(log($0)) - 1 }
    let with = zip(without, Self.logits).map { 0.7 * $0 + 0.3 * $1 }
    var guided = [Float](repeating: 0, count: with.count)
    Guidance(weight: weight).combine(with, without, into: &guided, count: with.count)
    let temperature: Float = 0.8
    let counts = try counts(
      guided, draws: 20_000, temperature: temperature, topK: cut.topK, topP: cut.topP)

    // softmax((u + w (c - u)) / t), the k largest, then the fewest largest that reach p of them.
    let w = Double(weight)
    let weights = zip(with, without).map { c, u in
      exp((Double(u) + w * (Double(c) - Double(u))) / Double(temperature))
    }
    let order = weights.indices.sorted { weights[$0] > weights[$1] }
    let best = order.prefix(cut.topK ?? order.count)
    let enough = Double(cut.topP ?? 1) * best.reduce(0) { $0 + weights[$1] }
    var expected = [Double](repeating: 0, count: weights.count)
    var sum = 0.0
    for index in best where sum < enough {
      expected[index] = weights[index]
      sum += weights[index]
    }
    #expect(chiSquare(counts, Self.normalised(expected)) < Self.limit)
  }

  @Test func equallyLikelyTokensStayTogetherInTopK() throws {
    let counts = try counts([1, 2, 2, 2, 0], draws: 2_000, topK: 2)
    #expect(counts.map { $0 > 0 } == [false, true, true, true, false])
  }

  @Test func withoutTemperatureTheFirstOfTheLargestIsTaken() throws {
    let counts = try counts([1, 5, -.infinity, 5, 2], draws: 3, temperature: 0, topK: 1, topP: 0.1)
    #expect(counts == [0, 3, 0, 0, 0])
  }

  @Test func theSameSeedDrawsTheSame() throws {
    func draws(_ seed: UInt64) throws -> [Int?] {
      let sampler = try Sampler(temperature: 1, seed: seed)
      return (0..<50).map { place in
        Self.logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: place) }
      }
    }
    #expect(try draws(7) == draws(7))
    #expect(try draws(7) != draws(8))
  }

  /// A choice depends on nothing but seed, position and logits: places can be drawn in any order.
  @Test func placesCanBeDrawnInAnyOrder() throws {
    let sampler = try Sampler(temperature: 1, topK: 6, topP: 0.9, seed: 11)
    let draw = { (place: Int) in
      Self.logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: place) }
    }
    let forward = (0..<64).map(draw)
    #expect((0..<64).reversed().map(draw).reversed() == forward)
  }

  /// Tokens that cannot win are passed over without a logarithm; all of them computed give the same.
  @Test func passingOverTokensChangesNoChoice() throws {
    var random = SplitMix64(seed: 8)
    for place in 0..<200 {
      let spread = Double(1 + place % 40)
      let logits = (0..<500).map { _ in Float(random.nextUnit() * spread) }
      let sampler = try Sampler(temperature: 0.8, seed: 5)
      let noise = GumbelNoise(seed: 5, position: place)
      let largest = Double(logits.max() ?? 0)
      let sums = logits.indices.map {
        (Double(logits[$0]) - largest) / Double(Float(0.8)) + noise[$0]
      }
      let best = sums.indices.max { sums[$0] < sums[$1] }
      #expect(logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: place) } == best)
    }
  }

  @Test(arguments: [
    [Float.nan], [1, .nan, 2], [1, .infinity], [-.infinity, -.infinity], [], [.nan, 1],
  ])
  func logitsThatAreNoNumbersGiveNoToken(_ logits: [Float]) throws {
    for temperature: Float in [0, 1] {
      let sampler = try Sampler(temperature: temperature)
      #expect(logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: 0) } == nil)
    }
  }

  @Test func aTinyTemperatureIsAsGreedyAsNone() throws {
    #expect(try counts([1, 1.001, 0.5], draws: 10, temperature: 1e-30) == [0, 10, 0])
  }

  @Test func settingsWithoutSenseAreRefused() {
    #expect(throws: SamplerError.self) { try Sampler(temperature: -1) }
    #expect(throws: SamplerError.self) { try Sampler(temperature: .nan) }
    #expect(throws: SamplerError.self) { try Sampler(temperature: .infinity) }
    #expect(throws: SamplerError.self) { try Sampler(topK: 0) }
    #expect(throws: SamplerError.self) { try Sampler(topP: 0) }
    #expect(throws: SamplerError.self) { try Sampler(topP: 1.5) }
    #expect(throws: SamplerError.self) { try Sampler(topP: .nan) }
  }

  @Test func aLargeVocabularyIsCutAsSortingWouldCutIt() throws {
    var random = SplitMix64(seed: 3)
    let logits = (0..<5_000).map { _ in Float(random.nextUnit() * 12) }
    let sorted = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    logits.withUnsafeBufferPointer { values in
      #expect(Array(TopSelection(50, of: values)) == Array(sorted.prefix(50)))
      #expect(Array(TopSelection(0, of: values)).isEmpty)
      #expect(TopSelection(30_000, of: values).count == 5_000)
    }
    let weights = sorted.map { exp(Double(logits[$0]) - 12) }
    let half = weights.reduce(0, +) / 2
    var sum = 0.0
    var nucleus: Set<Int> = []
    for (index, weight) in zip(sorted, weights) where sum < half {
      nucleus.insert(index)
      sum += weight
    }
    let drawn = try counts(logits, draws: 100, topP: 0.5)
    #expect(drawn.indices.filter { drawn[$0] > 0 }.allSatisfy { nucleus.contains($0) })
  }
}

@Suite struct LogprobsTests {
  @Test func probabilitiesSumToOne() {
    let logits: [Float] = [1000, 1001, 999.5, -.infinity, -1000]
    logits.withUnsafeBufferPointer { values in
      let logprobs = Logprobs(values)
      let sum = logits.indices.reduce(0.0) { $0 + exp(Double(logprobs[$1])) }
      #expect(abs(sum - 1) < 1e-4)  // Float keeps 1e-4 of values near 1000
      #expect(logprobs[3] == -.infinity)
    }
  }

  @Test func valuesAreThoseOfTheFormula() {
    let logits: [Float] = [0, Float(log(3.0))]
    logits.withUnsafeBufferPointer { values in
      let logprobs = Logprobs(values)
      #expect(abs(Double(logprobs[0]) - log(0.25)) < 1e-6)
      #expect(abs(Double(logprobs[1]) - log(0.75)) < 1e-6)
    }
  }

  @Test func theMostLikelyComeFirstAndTiesInOrder() {
    let logits: [Float] = [1, 3, 2, 3]
    logits.withUnsafeBufferPointer { values in
      let top = Logprobs(values).top(3)
      #expect(top.map(\.tokenID) == [1, 3, 2])
      #expect(top[0].logprob == Logprobs(values)[1])
      #expect(Logprobs(values).top(9).count == 4)
    }
  }
}
