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

/// Painting against transformers in float32 on the same weights.
@Suite struct PaintingReferenceTests {
  @Test(arguments: Fixture.all, [Quantization.f32, .bf16])
  func greedyCodesEqualTheReferences(_ fixture: Fixture, _ quantization: Quantization) throws {
    let model = try fixture.model(quantization)
    for painting in try fixture.expected().paintings {
      let ids = try model.promptFormat.painting(painting.prompt)
      #expect(ids.conditional == painting.promptIds)
      #expect(ids.unconditional == painting.unconditionalIds)
      let run = try painting.run(model)
      for (step, code) in painting.codes.enumerated() {
        let logits = try run.nextLogits()
        let values = UnsafeBufferPointer(start: logits.base, count: logits.columns)
        if let guided = painting.guided.first(where: { $0.step == step }) {
          let scale = guided.values.map(abs).max()!
          for (id, value) in zip(guided.ids, guided.values) {
            #expect(abs(Double(values[id]) - value) < 1e-3 * scale, "step \(step), code \(id)")
          }
        }
        // After a near tie the two may go different ways, and there is nothing to compare.
        if painting.gaps[step] < 1e-3 {
          print("\(fixture.name): comparison ends at step \(step), a gap of \(painting.gaps[step])")
          break
        }
        let best = values.indices.max { values[$0] < values[$1] }!
        #expect(best == code, "\(fixture.name): step \(step) of '\(painting.prompt)'")
        if best != code { break }
        try run.take([code])
      }
    }
  }

  /// Where a tier has no fast products of bytes, an int4 model's pictures are those of floats, too.
  @Test(arguments: Fixture.all, [Quantization.f32, .bf16, .int4])
  func decodedPixelsEqualTheReferences(_ fixture: Fixture, _ quantization: Quantization) throws {
    let decoded = try fixture.expected().decoded
    let file = fixture.folder.appendingPathComponent(decoded.picture)
    let expected = try Picture(decoding: [UInt8](Data(contentsOf: file)))
    for set in InstructionSet.available {
      let model = try fixture.model(quantization, .init(instructionSet: set.rawValue))
      let found = try Painter(model).picture(decoded.codes)
      #expect(found.width == decoded.width && found.height == decoded.height)
      let squares = zip(found.bytes, expected.bytes).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
      let error = squares / Double(expected.bytes.count)
      let decibels = error == 0 ? .infinity : 10 * log10(255 * 255 / error)
      print("\(fixture.name) \(quantization.rawValue) \(set): VQ decoder at \(decibels) dB")
      #expect(decibels >= (quantization == .int4 && set.hasDotProduct ? 45 : 60), "\(set)")
    }
  }

  @Test(arguments: Fixture.all, Quantization.allCases)
  func aPicturesCodesDoNotDependOnTheOthers(
    _ fixture: Fixture, _ quantization: Quantization
  ) throws {
    let painter = try Painter(try fixture.model(quantization))
    let steps = 12
    func codes(_ seeds: [UInt64]) throws -> [[Int]] {
      var last: [[Int]] = []
      let stop = StopToken()
      _ = try painter.codes(
        for: try painter.request("a red circle"), seeds: seeds, stop: stop,
        onStep: { done, codes in
          last = codes
          if done == steps { stop.stop() }
        })
      return last
    }
    let together = try codes([5, 6, 7, 8, 9])
    #expect(try codes([6])[0] == together[1])
    #expect(try codes([9, 5]) == [together[4], together[0]])
    #expect(Set(together).count > 1)
  }
}

extension Expected.Painting {
  fileprivate func run(_ model: Janus) throws -> PaintingRun {
    try PaintingRun(
      model.languageModel, model.painting!.codes,
      Ops(kernels: model.kernels, pool: model.pool), prompt: promptIds,
      emptyPrompt: unconditionalIds, pictures: 1, guidance: guidance,
      cacheFormat: model.cacheFormat)
  }
}
