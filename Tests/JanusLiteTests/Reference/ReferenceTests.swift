import Foundation
import JanusConvert
import JanusImages
import SIMDKernels
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

/// The network against transformers in float32 on the same weights.
@Suite struct ReferenceTests {
  /// A step whose two best logits are closer than this may fall either way in float32.
  private static let nearTie = 1e-3

  /// How much more than in the small networks rounded weights may move the answers: every layer of
  /// random weights multiplies what the ones before it lost. Peers' files of the 1B checkpoint are as
  /// far from the reference (`benchmarks/compare/accuracy.py`).
  private static func growth(_ model: Janus, deep: Double = 6) -> Double {
    model.languageModel.layers.count > 4 ? deep : 1
  }

  @Test(arguments: Fixture.all, [Quantization.f32, .bf16])
  func floatModelsGiveTheReferencesGreedyTokens(
    _ fixture: Fixture, _ quantization: Quantization
  ) throws {
    let model = try fixture.model(quantization)
    let expected = try fixture.expected()
    for question in expected.questions + expected.scripted + expected.continued {
      let answer = try Greedy(model, question).answer
      let compared = question.gaps.firstIndex { $0 < Self.nearTie } ?? question.tokenIds.count
      #expect(
        answer.prefix(compared) == question.tokenIds.prefix(compared),
        "\(fixture.name): \(question.prompt)")
    }
  }

  @Test(arguments: Fixture.all, [Quantization.f32, .bf16])
  func floatModelsGiveTheReferencesFirstLogProbabilities(
    _ fixture: Fixture, _ quantization: Quantization
  ) throws {
    let model = try fixture.model(quantization)
    let expected = try fixture.expected()
    for question in expected.questions + expected.scripted + expected.continued {
      let found = try Greedy(model, question, tokens: 1).firstLogProbabilities
      for ranking in [question.top, question.fixed] {
        for (id, value) in zip(ranking.ids, ranking.values) {
          #expect(abs(found[id] - value) < 1e-3, "\(fixture.name): \(question.prompt), token \(id)")
        }
      }
    }
  }

  @Test(arguments: Fixture.all)
  func int8KeepsClearFirstTokensAndLogProbabilities(_ fixture: Fixture) throws {
    let model = try fixture.model(.int8)
    let bound = 0.05 * Self.growth(model)
    let expected = try fixture.expected()
    var differences: [Double] = []
    for question in expected.questions + expected.scripted + expected.continued {
      let found = try Greedy(model, question, tokens: 1)
      let values = question.top.values
      if values[0] - values[1] > 2 * bound {
        #expect(found.answer[0] == question.tokenIds[0], "\(fixture.name): \(question.prompt)")
      }
      for (id, value) in zip(question.top.ids, values) {
        differences.append(abs(found.firstLogProbabilities[id] - value))
      }
    }
    let mean = differences.reduce(0, +) / Double(differences.count)
    print("\(fixture.name) int8: mean |Δ log p| of the reference's 8 best tokens \(mean)")
    #expect(mean < bound)
  }

  @Test(arguments: Fixture.all, [Quantization.int4, .int4v1])
  func int4StaysCloseToTheReference(_ fixture: Fixture, _ quantization: Quantization) throws {
    let model = try fixture.model(quantization)
    let expected = try fixture.expected()
    var differences: [Double] = []
    for question in expected.questions {
      let found = try Greedy(model, question, tokens: 1).firstLogProbabilities
      for (id, value) in zip(question.top.ids, question.top.values) {
        differences.append(abs(found[id] - value))
      }
    }
    let mean = differences.reduce(0, +) / Double(differences.count)
    print(
      "\(fixture.name) \(quantization.rawValue): mean |Δ log p| of the reference's 8 best tokens \(mean)"
    )
    // A fifteenth of the weights' size is lost to 4.3 or 4.5 bits; random networks of this kind then
    // move by some tenths of a nat. Broken kernels or scales move them by whole nats.
    #expect(mean < 0.5 * Self.growth(model, deep: 4))
  }

  /// The tests above run the best tier; these, at their bounds, each of the others.
  @Test(arguments: Fixture.small, InstructionSet.available)
  func everyTierStaysAsCloseToTheReference(_ fixture: Fixture, _ tier: InstructionSet) throws {
    let expected = try fixture.expected()
    let bounds: [(Quantization, Double)] = [
      (.f32, 1e-3), (.bf16, 1e-3), (.int8, 0.05), (.int4, 0.5), (.int4v1, 0.5),
    ]
    for (quantization, bound) in bounds {
      let model = try fixture.model(quantization, .init(instructionSet: tier.rawValue))
      #expect(model.kernels.isa == tier)
      var differences: [Double] = []
      for question in expected.questions {
        let found = try Greedy(model, question, tokens: 1).firstLogProbabilities
        differences += zip(question.top.ids, question.top.values).map { abs(found[$0] - $1) }
      }
      let isFloat = quantization == .f32 || quantization == .bf16
      let mean = differences.reduce(0, +) / Double(differences.count)
      #expect(
        (isFloat ? differences.max()! : mean) < bound,
        "\(fixture.name), \(quantization), \(tier)")
    }
  }

  @Test(arguments: Fixture.all, [Quantization.f32, .int8, .int4, .int4v1])
  func singleStepsEqualOnePrefill(_ fixture: Fixture, _ quantization: Quantization) throws {
    let model = try fixture.model(quantization)
    let question = try fixture.expected().questions[0]
    let whole = try Greedy(model, question, tokens: 16)
    let steps = try Greedy(model, question, tokens: 16, rowsAtOnce: 1)
    #expect(whole.answer == steps.answer)
    if quantization == .f32 {
      // BLAS takes many rows together and may sum in another order.
      let pairs = zip(whole.firstLogProbabilities, steps.firstLogProbabilities)
      #expect(pairs.allSatisfy { abs($0 - $1) < 1e-4 })
    } else {
      #expect(whole.firstLogits.map(\.bitPattern) == steps.firstLogits.map(\.bitPattern))
    }
  }

  @Test(arguments: Fixture.all, Quantization.allCases)
  func anyNumberOfThreadsGivesTheSameBits(
    _ fixture: Fixture, _ quantization: Quantization
  ) throws {
    let question = try fixture.expected().questions[3]
    let runs = try [1, 2, 3, 7].map { threads in
      try Greedy(
        fixture.model(quantization, .init(threads: threads)), question, tokens: 8)
    }
    for run in runs.dropFirst() {
      #expect(run.answer == runs[0].answer)
      #expect(run.firstLogits.map(\.bitPattern) == runs[0].firstLogits.map(\.bitPattern))
    }
  }

  /// With float weights: activations in int8 turn the smallest difference into whole steps here and
  /// there, which would hide what the cache itself costs.
  @Test(arguments: Fixture.all)
  func anInt8CacheStaysCloseToAnF16Cache(_ fixture: Fixture) throws {
    let exact = try fixture.model(.f32, .init(cacheFormat: .f16))
    let small = try fixture.model(.f32, .init(cacheFormat: .int8))
    let expected = try fixture.expected()
    var differences: [Double] = []
    for question in expected.questions + expected.scripted + expected.continued {
      let truth = try Greedy(exact, question, tokens: 1).firstLogProbabilities
      let found = try Greedy(small, question, tokens: 1).firstLogProbabilities
      let best = truth.indices.sorted { truth[$0] > truth[$1] }.prefix(8)
      differences += best.map { abs(found[$0] - truth[$0]) }
    }
    let mean = differences.reduce(0, +) / Double(differences.count)
    print("\(fixture.name), int8 cache: mean |Δ log p| \(mean)")
    #expect(mean > 0, "the cache is not in int8")
    #expect(mean < 0.01 * Self.growth(exact, deep: 10))
  }

  @Test(arguments: Fixture.all)
  func singleStepsEqualOnePrefillWithAnInt8Cache(_ fixture: Fixture) throws {
    let model = try fixture.model(.int8, .init(cacheFormat: .int8))
    let question = try fixture.expected().questions[0]
    let whole = try Greedy(model, question, tokens: 16)
    let steps = try Greedy(model, question, tokens: 16, rowsAtOnce: 1)
    #expect(whole.answer == steps.answer)
    #expect(whole.firstLogits.map(\.bitPattern) == steps.firstLogits.map(\.bitPattern))
  }

  @Test(arguments: Fixture.all)
  func pixelsEqualTheReferences(_ fixture: Fixture) throws {
    let model = try fixture.model(.f32)
    for vision in try fixture.expected().vision {
      let pixels = model.preprocessor.pixels(of: try Fixture.picture(vision.image))
      let digest = pixels.withUnsafeBytes { Digest.sha256($0) }
      #expect(Digest.hexadecimal(digest) == vision.pixelsSha256)
    }
  }

  @Test(arguments: Fixture.all, [Quantization.f32, .bf16])
  func pictureFeaturesEqualTheReferences(
    _ fixture: Fixture, _ quantization: Quantization
  ) throws {
    let model = try fixture.model(quantization)
    let ops = Ops(kernels: model.kernels, pool: model.pool)
    for vision in try fixture.expected().vision {
      let features = try model.encode(try Fixture.picture(vision.image), index: 0, ops)
      let rows = [
        (0, vision.firstRow), (features.patchCount / 2, vision.middleRow),
        (features.patchCount - 1, vision.lastRow),
      ]
      for (index, expected) in rows {
        for (column, value) in expected.enumerated() {
          #expect(abs(features.row(index)[column] - value) < 1e-3 * Float(vision.deviation) + 1e-4)
        }
      }
    }
  }
}

/// A greedy answer to the ids of a question, with what it was chosen from.
struct Greedy {
  private(set) var answer: [Int] = []
  private(set) var firstLogits: [Float] = []

  init(
    _ model: Janus, _ question: Expected.Question, tokens: Int? = nil, rowsAtOnce: Int? = nil
  ) throws {
    let ops = Ops(kernels: model.kernels, pool: model.pool)
    let run = TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
    // A scripted or continued turn carries the pictures of the turns before it.
    let image = model.promptFormat.imageTokenID
    let patches = model.vision.patchCount
    let count = question.promptIds.count { $0 == image } / patches
    let names = question.images + Array(repeating: "bricks", count: count - question.images.count)
    let features = try names.map { try model.encode(try Fixture.picture($0), index: 0, ops) }
    var seen = 0
    let items = question.promptIds.map { id -> PromptItem in
      guard id == image else { return .token(id) }
      defer { seen += 1 }
      return .patch(picture: seen / patches, index: seen % patches)
    }
    var logits: UnsafeMutableBufferPointer<Float>?
    let step = rowsAtOnce ?? items.count
    for first in stride(from: 0, to: items.count, by: step) {
      logits = try run.prefill(
        Array(items[first..<min(items.count, first + step)]), pictures: features)
    }
    firstLogits = Array(logits!)
    for index in 0..<(tokens ?? question.tokenIds.count) {
      if index > 0 { logits = try run.step(answer[index - 1]) }
      answer.append(logits!.indices.max { logits![$0] < logits![$1] }!)
    }
  }

  var firstLogProbabilities: [Double] {
    let values = firstLogits.map(Double.init)
    let largest = values.max()!
    let sum = values.reduce(0) { $0 + exp($1 - largest) }
    return values.map { $0 - largest - log(sum) }
  }
}
