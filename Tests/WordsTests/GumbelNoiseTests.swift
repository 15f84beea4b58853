import Foundation
import Testing

@testable import JanusWords

@Suite struct GumbelNoiseTests {
  /// Compared with the system's functions over what sampling asks for.
  @Test func logarithmAndExponentialAreThoseOfTheSystem() {
    for step in 0...20_000 {
      let x = -745 + Double(step) * 0.0372
      let relative = abs(PortableMath.exp(x) - exp(x)) / max(exp(x), .leastNormalMagnitude)
      #expect(relative < 4e-15 || exp(x) < 1e-300)
      let y = exp(Double(step) * 0.07 - 700)
      #expect(abs(PortableMath.log(y) - log(y)) <= 4e-16 * max(1, abs(log(y))))
    }
    #expect(PortableMath.log(1) == 0)
    #expect(PortableMath.exp(0) == 1)
  }

  /// The ends of what 52 bits can give.
  @Test func noiseIsFiniteEverywhere() {
    #expect(GumbelNoise.value(0) > -4 && GumbelNoise.value(0) < -3)
    #expect(GumbelNoise.value(1 << 52 - 1) > 36 && GumbelNoise.value(1 << 52 - 1) < 37)
  }

  /// A mean of Euler's constant and a variance of π²/6.
  @Test func noiseHasGumbelsMoments() {
    let noise = GumbelNoise(seed: 3, position: 7)
    let values = (0..<100_000).map { noise[$0] }
    let mean = values.reduce(0, +) / 1e5
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1e5
    #expect(abs(mean - 0.5772156649) < 0.02)
    #expect(abs(variance - 1.6449340668) < 0.05)
  }

  /// The vectors of docs/MODEL.md, computed apart from this code with forty digits.
  @Test func noiseAndDrawsAreThoseOfTheSpecification() throws {
    let vectors: [(seed: UInt64, position: Int, index: Int, bits: UInt64, value: Double)] = [
      (0, 0, 0, 2_938_366_760_112_535, 0.85091718996123827),
      (1, 0, 0, 1_658_178_165_490_582, 0.00084286992484956094),
      (1, 0, 1, 4_249_435_518_523_087, 2.8457472994588768),
      (1, 575, 16383, 3_670_817_407_577_194, 1.5873700581946473),
      (.max, 3, 102399, 4_448_275_925_423_448, 4.3932570128637822),
    ]
    for vector in vectors {
      let noise = GumbelNoise(seed: vector.seed, position: vector.position)
      #expect(noise.bits(vector.index) == vector.bits)
      #expect(abs(noise[vector.index] - vector.value) < 1e-14)
    }
    let logits = (0..<8).map { Float($0) / 2 }
    func draws(_ sampler: Sampler) -> [Int?] {
      (0..<16).map { place in
        logits.withUnsafeBufferPointer { sampler.choose(from: $0, at: place) }
      }
    }
    #expect(
      draws(try Sampler(temperature: 1, seed: 42)) == [
        7, 6, 7, 7, 7, 2, 5, 6, 7, 6, 6, 6, 6, 7, 6, 5,
      ])
    #expect(
      draws(try Sampler(temperature: 2, topK: 3, seed: 42)) == [
        7, 6, 7, 5, 7, 6, 5, 6, 7, 6, 6, 6, 6, 7, 6, 5,
      ])
  }
}
