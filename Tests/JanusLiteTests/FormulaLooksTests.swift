import Foundation
import JanusImages
import Testing

@testable import JanusLite

/// Further looks at a picture whose formula the model is not sure of.
@Suite struct FormulaLooksTests {
  private let views = [UInt8(1), 2].map {
    Picture(width: 1, height: 1, filledWith: [$0, $0, $0])
  }

  private func answer(_ confidence: Double, _ reason: Answer.FinishReason = .stop) -> Answer {
    var answer = Answer(promptTokenCount: 1)
    answer.finishReason = reason
    answer.certainty = [
      .init(probability: confidence, alternatives: []), .init(probability: 1, alternatives: []),
    ]
    return answer
  }

  /// Takes answers until there is no further look.
  private func result(of answers: [Answer], isGreedy: Bool = true) -> (Answer?, looks: Int) {
    var looks = FormulaLooks(further: views, isGreedy: isGreedy)
    for (index, answer) in answers.enumerated() {
      _ = looks.take(answer)
      guard let view = looks.next() else { return (looks.surest, index + 1) }
      #expect(view == views[index])
    }
    return (looks.surest, answers.count)
  }

  @Test func anAnswerThatIsSureIsNotTriedAgain() {
    #expect(result(of: [answer(0.8), answer(0.9)]).looks == 1)
    #expect(result(of: [answer(0.79), answer(0.9), answer(1)]).looks == 2)
    #expect(result(of: [answer(0.1), answer(0.2), answer(0.3), answer(0.9)]).looks == 3)
  }

  @Test func theSurestAnswerCountsAndOfEqualOnesTheFirst() {
    #expect(result(of: [answer(0.5), answer(0.7), answer(0.6)]).0?.confidence == 0.7)
    var other = answer(0.5)
    other.text = "other"
    #expect(result(of: [answer(0.5), other, other]).0?.text == "")
    #expect(result(of: [answer(0.2), other, answer(0.5)]).0?.text == "other")
  }

  @Test func anAnswerThatEndedByItselfIsSurerThanALoop() {
    let found = result(of: [answer(0.99, .loop), answer(0.3), answer(0.95, .length)])
    #expect(found.looks == 3)
    #expect(found.0?.confidence == 0.3)
  }

  @Test func warningsTellHowAnAnswerEnded() {
    #expect(FormulaReading.ending(answer(1)) == [])
    #expect(
      FormulaReading.ending(answer(1, .length)) == ["the answer ended at the limit of tokens"])
    #expect(
      FormulaReading.ending(answer(1, .loop)) == [
        "the answer began to repeat itself and was cut there"
      ])
  }

  @Test func aDrawnOrCancelledAnswerIsTheResult() {
    #expect(result(of: [answer(0.1), answer(0.9)], isGreedy: false).looks == 1)
    #expect(result(of: [answer(0.1, .cancelled), answer(0.9)]).looks == 1)
    // What was read before stays, but is not the result of all looks.
    var first = answer(0.5)
    first.text = "first"
    let stopped = result(of: [first, answer(0.1, .cancelled)])
    #expect(stopped.0?.finishReason == .cancelled && stopped.0?.text == "first")
  }

  // MARK: With the bundled model

  private static let root = Fixture.root.appendingPathComponent("../..")
  private static let nano = Fixture(folder: root.appendingPathComponent("Models/janus-nano"))
  private static let hasNano = FileManager.default.fileExists(
    atPath: nano.folder.appendingPathComponent("config.json").path)

  /// Some are read at the first look, others at none.
  private func pictures() throws -> [Picture] {
    try ["plain", "dark", "small", "tall", "colour"].map {
      try Picture(
        contentsOf: Self.root.appendingPathComponent("Tests/ImagesTests/Fixtures/pages/\($0).png")
          .path)
    }
  }

  @Test(.enabled(if: hasNano, "Models/janus-nano is not in this checkout"))
  func furtherLooksHaveTheSameBitsAloneAndAmongOthers() throws {
    let model = try Self.nano.model(.int4)
    let settings = GenerationSettings(maxTokens: 64, logprobs: 2)
    let pictures = try pictures()
    let alone = try pictures.map {
      try FormulaReader(model).read($0, settings: settings, alternatives: 2)
    }
    // What the first look alone says, by the network's own probabilities.
    let reader = try FormulaReader(model)
    var first = Array(repeating: "", count: pictures.count)
    var left = pictures[...]
    var together: [Int: FormulaReading] = [:]
    reader.readAll(
      together: 4, settings: settings, alternatives: 2, next: { left.popFirst() },
      onText: { first[$0] += $1 }, onReading: { together[$0] = try? $1.get() })
    for (index, reading) in alone.enumerated() {
      let other = try #require(together[index])
      #expect(other.answer.tokenIDs == reading.answer.tokenIDs)
      #expect(
        other.answer.logprobs.flatMap { $0.top.map(\.logprob) }
          == reading.answer.logprobs.flatMap { $0.top.map(\.logprob) })
      #expect(other.alternatives == reading.alternatives)
      if reading.confidence >= FormulaLooks.sureEnough, first[index] == reading.answer.text {
        continue
      }
      #expect(reading.answer.timings.prefillTokens > reading.answer.promptTokenCount)
    }
    #expect(zip(first, alone).contains { $0 != $1.answer.text })
    #expect(zip(first, alone).contains { $0 == $1.answer.text })
  }

  /// The model with one page alone, of this thickness.
  private func model(thickness: Int) throws -> Janus {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("janus-lite-look-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Self.nano.folder, to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("preprocessor_config.json")
    var config = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    config["formula_page"] = ["folds": true, "margin": 8, "thickness": thickness]
    try JSONSerialization.data(withJSONObject: config).write(to: file)
    return try Fixture(folder: folder).model(.int4)
  }

  @Test(.enabled(if: hasNano, "Models/janus-nano is not in this checkout"))
  func theResultAndItsAlternativesAreThoseOfTheSurestLook() throws {
    let looking = try Self.nano.model(.int4)
    let single = try [12, 14, 10, 17].map(model(thickness:))
    let settings = GenerationSettings(maxTokens: 64)
    var surestLooks: Set<Int> = []
    for picture in try pictures() {
      let found = try FormulaReader(looking).read(picture, settings: settings, alternatives: 2)
      let looks = found.answer.timings.prefillTokens / found.answer.promptTokenCount
      let each = try single[..<looks].map {
        try FormulaReader($0).read(picture, settings: settings, alternatives: 2)
      }
      let most = try #require(each.map(\.confidence).max())
      let surest = try #require(each.firstIndex { $0.confidence == most })
      surestLooks.insert(surest)
      #expect(found.answer.tokenIDs == each[surest].answer.tokenIDs)
      #expect(found.confidence == each[surest].confidence)
      #expect(found.alternatives == each[surest].alternatives)
    }
    // Among the pictures are some of which the first look is the surest, and others.
    #expect(surestLooks.contains(0) && surestLooks.count > 1)
  }

  @Test(.enabled(if: hasNano, "Models/janus-nano is not in this checkout"))
  func aDrawnAnswerTakesOneLook() throws {
    let model = try Self.nano.model(.int4)
    let dark = try pictures()[1]
    let drawn = try FormulaReader(model).read(
      dark, settings: GenerationSettings(temperature: 1, seed: 1, maxTokens: 64))
    #expect(drawn.answer.timings.prefillTokens == drawn.answer.promptTokenCount)
    let greedy = try FormulaReader(model).read(dark, settings: GenerationSettings(maxTokens: 64))
    let looks = greedy.answer.timings.prefillTokens / greedy.answer.promptTokenCount
    #expect((2...4).contains(looks))
  }
  @Test(.enabled(if: hasNano, "Models/janus-nano is not in this checkout"))
  func anAnswerAboutTwoFormulasBesideEachOtherClaimsHalfItsProbability() throws {
    let model = try Self.nano.model(.int4)
    let one = try pictures()[0]
    func beside(gap: Int) throws -> FormulaReading {
      var bytes: [UInt8] = []
      for y in 0..<one.height {
        let line = one.bytes[y * one.width * 3..<(y + 1) * one.width * 3]
        bytes += line + [UInt8](repeating: one.bytes[0], count: gap * 3) + line
      }
      return try FormulaReader(model).read(
        Picture(width: 2 * one.width + gap, height: one.height, bytes: bytes))
    }
    let (far, near) = (try beside(gap: 3 * one.height), try beside(gap: 0))
    #expect(far.warnings.contains { $0.contains("several formulas beside each other") })
    #expect(far.confidence == 0.5 * far.answer.confidence)
    #expect(!near.warnings.contains { $0.contains("several formulas beside each other") })
    #expect(near.confidence == near.answer.confidence)
  }
}
