import Foundation
import JanusConvert
import JanusImages
import Synchronization
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusWords

/// Many pictures in one pass, and other readings of one.
@Suite struct FormulaReaderTests {
  /// A reading's bits: its tokens and the log-probabilities of each.
  private struct Bits: Equatable {
    let tokens: [Int]
    let logprobs: [Float]
    let latex: String

    init(_ reading: FormulaReading) {
      tokens = reading.answer.tokenIDs
      logprobs = reading.answer.logprobs.flatMap { $0.top.map(\.logprob) }
      latex = reading.latex
    }
  }

  private static let names = ["waves", "rings", "bricks", "rings", "waves", "bricks", "waves"]

  private func readAll(
    _ model: Janus, together: Int, _ settings: GenerationSettings
  ) throws -> [Bits] {
    let reader = try FormulaReader(model, readsMany: true)
    var left = try Self.names.map(Fixture.picture)[...]
    var found: [Int: Bits] = [:]
    reader.readAll(
      together: together, settings: settings, next: { left.popFirst() },
      onReading: { index, result in
        do { found[index] = Bits(try result.get()) } catch { Issue.record("\(error)") }
      })
    return try Self.names.indices.map { try #require(found[$0]) }
  }

  @Test(arguments: Quantization.allCases)
  func aPicturesAnswerHasTheSameBitsAloneAndAmongOthers(_ format: Quantization) throws {
    for fixture in Fixture.small {
      let model = try fixture.model(format)
      for temperature in [Float(0), 1.3] {
        // Answers of different lengths, so that pictures take each other's places.
        let settings = GenerationSettings(
          temperature: temperature, seed: 3, maxTokens: 24, logprobs: 3)
        let alone = try Self.names.map { name in
          Bits(try FormulaReader(model).read(Fixture.picture(name), settings: settings))
        }
        for together in [2, 3, 8] {
          #expect(try readAll(model, together: together, settings) == alone)
        }
      }
    }
  }

  @Test func aBlankPictureAmongOthersIsAnErrorOfItsOwn() throws {
    let model = try Fixture.small[0].model(.int8)
    let blank = Picture(width: 64, height: 64, filledWith: [255, 255, 255])
    var left = [try Fixture.picture("waves"), blank, try Fixture.picture("rings")][...]
    var results: [Int: Bool] = [:]
    try FormulaReader(model).readAll(
      settings: GenerationSettings(maxTokens: 4), next: { left.popFirst() },
      onReading: { index, result in results[index] = (try? result.get()) != nil })
    #expect(results == [0: true, 1: false, 2: true])
  }

  @Test func stoppingEndsAllThatWereBegun() throws {
    let model = try Fixture.small[0].model(.int8)
    let stop = StopToken()
    var left = try Self.names.map(Fixture.picture)[...]
    var reasons: [Answer.FinishReason] = []
    try FormulaReader(model).readAll(
      together: 3, settings: GenerationSettings(maxTokens: 400), stop: stop,
      next: { left.popFirst() }, onText: { _, _ in stop.stop() },
      onReading: { _, result in
        if let reading = try? result.get() { reasons.append(reading.answer.finishReason) }
      })
    #expect(!reasons.isEmpty && reasons.count <= 3)
    #expect(reasons.contains(.cancelled))
    #expect(!left.isEmpty)
  }

  @Test func alternativesAreValidDifferentAndInOrder() throws {
    for fixture in Fixture.small {
      let model = try fixture.model(.int8)
      let settings = GenerationSettings(maxTokens: 12)
      let reader = try FormulaReader(model)
      let plain = try reader.read(Fixture.picture("waves"), settings: settings)
      let reading = try reader.read(
        Fixture.picture("waves"), settings: settings, alternatives: 5)
      #expect(Bits(plain) == Bits(reading))
      #expect(plain.alternatives.isEmpty && reading.alternatives.count <= 5)
      let all = reading.alternatives
      #expect(Set(all.map(\.latex)).count == all.count)
      #expect(!all.contains { $0.latex == reading.latex })
      #expect(zip(all, all.dropFirst()).allSatisfy { $0.probability >= $1.probability })
      #expect(all.allSatisfy { $0.probability > 0 && $0.probability <= 1 })
    }
  }

  /// Random weights end no formula, so that they have no other readings.
  private static let nano = Fixture(
    folder: Fixture.root.appendingPathComponent("../../Models/janus-nano"))

  @Test(
    .enabled(
      if: FileManager.default.fileExists(
        atPath: nano.folder.appendingPathComponent("config.json").path),
      "Models/janus-nano is not in this checkout"))
  func tasksGetTheSameAlternatives() async throws {
    let reader = try FormulaReader(try Self.nano.model(.bf16))
    let picture = try Picture(
      contentsOf: Fixture.root.appendingPathComponent("../../samples/plain.png").path)
    let settings = GenerationSettings(maxTokens: 40)
    // A function of its own: where tasks run, `read` is the form for tasks.
    func blocking() throws -> FormulaReading {
      try reader.read(picture, settings: settings, alternatives: 3)
    }
    let here = try blocking()
    let there = try await reader.read(picture, settings: settings, alternatives: 3)
    #expect(Bits(here) == Bits(there))
    #expect(!here.alternatives.isEmpty)
    #expect(here.alternatives.map(\.latex) == there.alternatives.map(\.latex))
  }
}
