import Foundation
import JanusAccuracy
import JanusConvert
import Testing

@testable import JanusEngine
@testable import JanusLite
@testable import JanusModelFile
@testable import JanusSystem
@testable import JanusWords

@Suite struct DivergenceTests {
  private func divergence(_ p: [Float], _ q: [Float], target: Int? = nil) -> Divergence? {
    p.withUnsafeBufferPointer { p in
      q.withUnsafeBufferPointer { Divergence(first: p, second: $0, target: target) }
    }
  }

  @Test func ofTwoCoinsIsWhatTheFormulaSays() throws {
    // p = (3/4, 1/4), q = (1/2, 1/2), with any constant added to the logits.
    let found = try #require(
      divergence([Float(log(3.0)) + 7, 7], [-2, -2], target: 1))
    #expect(abs(found.nats - (0.75 * log(1.5) + 0.25 * log(0.5))) < 1e-7)
    #expect(found.first == 0 && found.second == 0 && found.agrees)
    let target = try #require(found.target)
    // The sum of log 3 and 7 is rounded to single precision.
    #expect(abs(target.first - log(0.25)) < 1e-6 && abs(target.second - log(0.5)) < 1e-6)
  }

  @Test func aTokenThatCannotComeAddsNothingAndOneThatOnlyTheSecondForbidsIsInfinite() throws {
    #expect(try #require(divergence([0, -.infinity], [0, 0])).nats - log(2) < 1e-12)
    #expect(try #require(divergence([0, 0], [0, -.infinity])).nats == .infinity)
  }

  @Test(arguments: [
    [Float.nan, 0], [0, .nan], [.infinity, 0], [-.infinity, -.infinity],
  ])
  func rowsThatAreNoDistributionHaveNone(row: [Float]) {
    #expect(divergence(row, [0, 0]) == nil)
    #expect(divergence([0, 0], row) == nil)
  }

  @Test func theSummaryKeepsMeansQuantilesAndTheWorstPlaces() throws {
    var summary = DivergenceSummary(worstCount: 2)
    #expect(summary.mean == nil && summary.quantile(0.5) == nil && summary.perplexity == nil)
    var logits: [[Float]] = []
    for step in [3, 1, 4, 0, 2] { logits.append([Float(step), 0]) }
    for (index, row) in logits.enumerated() {
      summary.add(
        try #require(divergence([0, 0], row, target: 0)), input: index, index: 10 * index)
    }
    let direct = logits.map { row in log((exp(Double(row[0])) + 1) / 2) - Double(row[0]) / 2 }
    #expect(abs(try #require(summary.mean) - direct.reduce(0, +) / 5) < 1e-9)
    #expect(abs(try #require(summary.quantile(0.5)) - direct[4]) < 1e-6)
    #expect(abs(try #require(summary.quantile(1)) - direct[2]) < 1e-6)
    #expect(summary.quantile(0.2) == 0)
    #expect(summary.worst.map(\.input) == [2, 0] && summary.worst.map(\.index) == [20, 0])
    #expect(summary.agreement == 1)
    let perplexity = try #require(summary.perplexity)
    #expect(abs(perplexity.first - 2) < 1e-9)
    let mean = logits.reduce(0.0) { $0 + log(1 + exp(-Double($1[0]))) } / 5
    #expect(abs(perplexity.second - exp(mean)) < 1e-9)
  }
}

@Suite struct ComparisonTests {
  private let texts = ["x^{2} + y_{1} = \\frac{a}{b}", "The picture shows a cat.", " "]

  private func all(_ comparison: Comparison) throws -> [DivergenceSummary] {
    var pictures = DivergenceSummary()
    try comparison.compare(
      picture: try Fixture.picture("rings"), input: 0, question: "What is it?", maxTokens: 6,
      into: &pictures)
    var codes = DivergenceSummary()
    try comparison.compare(painting: "a red circle", input: 3, into: &codes)
    return [try comparison.compare(texts: texts), pictures, codes]
  }

  @Test func aModelDoesNotDifferFromItself() throws {
    let comparison = try Comparison(
      try Fixture.small[0].model(.int4), try Fixture.small[0].model(.int4))
    for summary in try all(comparison) {
      #expect(summary.count > 0)
      #expect(summary.mean == 0 && summary.quantile(1) == 0 && summary.agreement == 1)
      if let perplexity = summary.perplexity { #expect(perplexity.first == perplexity.second) }
    }
  }

  @Test func fewerBitsDifferMore() throws {
    let exact = try Fixture.small[0].model(.bf16)
    let eight = try all(Comparison(exact, try Fixture.small[0].model(.int8)))
    let four = try all(Comparison(exact, try Fixture.small[0].model(.int4)))
    for (eight, four) in zip(eight, four) {
      #expect(eight.count > 0)
      #expect(try #require(eight.mean) > 0)
      #expect(try #require(four.mean) > 3 * #require(eight.mean))
      #expect(four.worst.first?.divergence.nats == four.worst.map(\.divergence.nats).max())
    }
    // As many places as the picture has codes.
    #expect(four[2].count == 64)
  }

  @Test func aModelWithAllPartsOfAnotherIsTheOther() throws {
    let exact = try Fixture.small[0].model(.bf16)
    let four = try Fixture.small[0].model(.int4)
    let whole = try all(Comparison(exact, four))
    let mixed = try all(
      Comparison(exact, Janus(exact, with: Set(Janus.Part.allCases), from: four)))
    let none = try all(Comparison(exact, Janus(exact, with: [], from: four)))
    for index in whole.indices {
      #expect(mixed[index].mean == whole[index].mean)
      #expect(mixed[index].worst.map(\.index) == whole[index].worst.map(\.index))
      #expect(none[index].mean == 0)
    }
  }

  /// Against logits of the library's own steps, one text at a time.
  @Test func textsAreComparedAtEveryTokenAsADirectCalculationDoes() throws {
    let models = [try Fixture.small[0].model(.bf16), try Fixture.small[0].model(.int4)]
    var divergences: [Double] = []
    var logs = [0.0, 0.0]
    var agreements = 0
    for text in texts {
      let tokens = models[0].tokenizer.encode(text, specialTokens: .asText)
      var rows: [[[Double]]] = []
      for model in models {
        let run = TextRun(
          model.languageModel, Ops(kernels: model.kernels, pool: model.pool),
          cacheFormat: model.cacheFormat)
        rows.append(
          try ([model.tokenizer.bosID] + tokens.dropLast()).map { token in
            let logits = try run.step(token).map(Double.init)
            let sum = log(logits.reduce(0) { $0 + exp($1) })
            return logits.map { $0 - sum }
          })
      }
      for (place, token) in tokens.enumerated() {
        let (p, q) = (rows[0][place], rows[1][place])
        divergences.append(zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) })
        logs[0] += p[token]
        logs[1] += q[token]
        if p.firstIndex(of: p.max() ?? 0) == q.firstIndex(of: q.max() ?? 0) { agreements += 1 }
      }
    }
    let summary = try Comparison(models[0], models[1]).compare(texts: texts)
    let count = Double(divergences.count)
    #expect(summary.count == divergences.count && summary.count > 20)
    #expect(abs(try #require(summary.mean) - divergences.reduce(0, +) / count) < 1e-6)
    #expect(summary.agreement == Double(agreements) / count)
    let perplexity = try #require(summary.perplexity)
    #expect(abs(perplexity.first / exp(-logs[0] / count) - 1) < 1e-6)
    #expect(abs(perplexity.second / exp(-logs[1] / count) - 1) < 1e-6)
  }

  @Test func aLongTextIsTakenInPiecesAndEveryTokenCounts() throws {
    let model = try Fixture.small[0].model(.int8)
    let text = String(repeating: "a b ", count: 600)
    let tokens = model.tokenizer.encode(text, specialTokens: .asText)
    #expect(tokens.count > Comparison.window)
    let summary = try Comparison(model, model).compare(texts: [text, "a"])
    #expect(summary.count == tokens.count + 1)
  }

  @Test func modelsOfOtherDimensionsAreRefused() throws {
    let (tiny, other) = (try Fixture.small[0].model(.int8), try Fixture.small[1].model(.int8))
    let error = try #require(throws: ComparisonError.self) { try Comparison(tiny, other) }
    #expect("\(error)".contains("expected") && "\(error)".contains("found"))
    guard case .different = error else {
      Issue.record("\(error)")
      return
    }
  }
}
