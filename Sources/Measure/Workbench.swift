import JanusEngine
import JanusImages
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords

/// Runs single stages of a model, for benchmarks: the same code as conversations and paintings, with
/// made-up input. Belongs to one thread at a time.
package final class Workbench {
  private let model: Janus
  private let ops: Ops
  private let run: TextRun
  private let maps = FeatureMapBuffers()

  package init(_ model: Janus) {
    self.model = model
    ops = Ops(kernels: model.kernels, pool: model.pool)
    run = TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
  }

  /// Seconds from the model's file, which the system's cache holds, to the first token of an answer
  /// about a picture: the model is opened anew, as at the start of a process.
  package func firstToken() -> Double? {
    let side = model.vision.imageSize
    let bytes = (0..<3 * side * side).map { UInt8($0 % 251) }
    let picture = Picture(width: side, height: side, bytes: bytes)
    let settings = GenerationSettings(maxTokens: 1)
    let watch = Stopwatch()
    let options = Janus.Options(
      threads: model.threads, instructionSet: model.kernels.isa.rawValue,
      cacheFormat: model.cacheFormat)
    do {
      let conversation = try Conversation(
        try Janus(path: model.container.file.path, options: options))
      _ = try conversation.send("What is this?", pictures: [picture], settings: settings)
    } catch {
      return nil
    }
    return watch.seconds
  }

  /// Seconds to encode one picture, from pixels to rows of the language model.
  package func encodePicture() -> Double? {
    let side = model.vision.imageSize
    let pixels = (0..<3 * side * side).map { Float($0 % 251) / 125 - 1 }
    let watch = Stopwatch()
    let features = try? PictureFeatures(
      encoding: pixels, with: model.visionTower, columns: model.language.embeddingLength,
      VisionBuffers(), ops)
    return features == nil ? nil : watch.seconds
  }

  /// Seconds to take in `tokens` tokens, from an empty cache to the logits after the last.
  package func prefill(tokens: Int) -> Double? {
    run.cache.truncate(to: 0)
    let watch = Stopwatch()
    return (try? run.prefill(items(tokens), pictures: [])) == nil ? nil : watch.seconds
  }

  /// Seconds for `steps` single tokens after `depth` positions that are already in the cache.
  package func decode(steps: Int, depth: Int) -> Double? {
    run.cache.truncate(to: 0)
    do throws(MemoryError) {
      if depth > 0 { _ = try run.prefill(items(depth), pictures: []) }
      try run.cache.reserve(depth + steps)
      let watch = Stopwatch()
      ops.planeCounts = PlaneCounts()
      // As a greedy answer is written.
      for step in 0..<steps { _ = try run.step(token(step), largest: 1) }
      return watch.seconds
    } catch {
      return nil
    }
  }

  /// Seconds for `steps` single tokens of each of `together` answers, in one pass for all of them, each
  /// after `depth` positions of its own.
  package func decode(together: Int, steps: Int, depth: Int) -> Double? {
    let batch = TextBatch(model.languageModel, ops)
    let runs = (0..<together).map { _ in
      TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
    }
    do throws(MemoryError) {
      for run in runs { _ = try run.prefill(items(depth), pictures: []) }
      _ = try batch.step(runs.map { ($0, token(0)) })
      let watch = Stopwatch()
      for step in 0..<steps { _ = try batch.step(runs.map { ($0, token(step)) }, largest: 1) }
      return watch.seconds
    } catch {
      return nil
    }
  }

  /// Tokens of the answer that `grammar` holds.
  package var formulaTokens: Int { formula.count }

  private var formula: [Int] {
    let row =
      #"\frac{\partial^2 u}{\partial x_1^2}+\left[\sum_{k=1}^{n}\alpha_k\right]=\sqrt{1-v^2/c^2} \\ "#
    return model.tokenizer.encode(
      #"\begin{gathered} "# + String(repeating: row, count: 4) + #"\end{gathered}"#)
  }

  /// Seconds that a whole answer takes more for being held to the grammar of formulas, its confidence
  /// included: the time to choose its tokens so, less the time to choose them freely.
  package func grammar() -> Double? {
    let tokens = formula
    var logits = (0..<model.language.vocabularySize).map { Float($0 % 17) / 4 }
    func seconds(constrained: Bool) -> Double? {
      let settings = GenerationSettings(maxTokens: tokens.count + 1, stopsLoops: false)
      guard
        var writer = try? AnswerWriter(
          model, settings, limit: tokens.count + 1, readsFormula: constrained)
      else { return nil }
      let watch = Stopwatch()
      for token in tokens where !writer.isFinished {
        let before = logits[token]
        logits[token] = 40
        guard (try? logits.withUnsafeBufferPointer { try writer.take($0) }) != nil else {
          return nil
        }
        logits[token] = before
      }
      return watch.seconds
    }
    guard let held = seconds(constrained: true), let free = seconds(constrained: false) else {
      return nil
    }
    return max(0, held - free)
  }

  /// Seconds for one step of painting with `rows` rows (two for each picture), each after `depth`
  /// positions of its own, as in the middle of a picture; nil for a model without the painting parts.
  package func paint(rows: Int, depth: Int, steps: Int) -> Double? {
    guard let parts = model.painting else { return nil }
    let prompt = (0..<depth).map(token)
    do throws(MemoryError) {
      let painting = try PaintingRun(
        model.languageModel, parts.codes, ops, prompt: prompt, emptyPrompt: prompt,
        pictures: rows / 2, guidance: 5, cacheFormat: model.cacheFormat, sharingPrompt: false)
      _ = try painting.nextLogits()
      let watch = Stopwatch()
      for step in 0..<steps {
        try painting.take([Int](repeating: step, count: rows / 2))
        _ = try painting.nextLogits()
      }
      return watch.seconds / Double(steps)
    } catch {
      return nil
    }
  }

  /// Seconds to decode the codes of one picture into pixels.
  package func decodeCodes() -> Double? {
    guard let parts = model.painting else { return nil }
    let g = parts.codes.geometry
    let codes = (0..<g.codesPerPicture).map { $0 * 37 % g.codeCount }
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: g.imageSize * g.imageSize * 3)
    defer { bytes.deallocate() }
    let watch = Stopwatch()
    return (try? parts.decoder.decode(codes, into: bytes, maps, ops)) == nil ? nil : watch.seconds
  }

  /// Bytes of weights that one decoded token reads: the layers, the norms and the text head, of which the low plane
  /// counts as far as it was read so far.
  package var bytesPerToken: Int {
    model.container.tensors.reduce(0) { sum, tensor in
      guard ModelPart.answering.contains(ModelPart(tensor: tensor.name)) else { return sum }
      guard tensor.format == .int8Planes, let share = headShare else {
        return sum + tensor.range.count
      }
      return sum + Int(Double(tensor.range.count) * (1 + share) / 2)
    }
  }

  /// The share of the text head's panels of which decoded tokens read the low plane, too; nil where there is none, or
  /// nothing was decoded.
  package var headShare: Double? {
    ops.planeCounts.panels > 0 ? ops.planeCounts.share : nil
  }

  /// Bytes of the cache that a token at `depth` reads.
  package func cacheBytes(depth: Int) -> Int { depth * run.cache.shape.bytesPerPosition }

  /// Multiply-accumulates of the language model's layers for `segments` sequences of `rows` rows
  /// each, attention left out. In the last layer only keys and values are computed for every row.
  package func operations(segments: Int, rows: Int) -> Int {
    let g = model.language
    let keysAndValues = 2 * g.embeddingLength * g.headDim * g.keyValueHeadCount
    let others =
      2 * g.embeddingLength * g.headDim * g.headCount
      + 3 * g.embeddingLength * g.feedForwardLength
    return segments
      * (rows * (g.layerCount * keysAndValues + (g.layerCount - 1) * others) + others)
  }

  /// Multiply-accumulates of one picture's encoding, attention left out.
  package var operationsPerPicture: Int {
    let g = model.vision
    let (e, d) = (g.embeddingLength, model.language.embeddingLength)
    let layer = 4 * e * e + 2 * e * g.feedForwardLength
    let patch = 3 * g.patchSize * g.patchSize * e
    return g.patchCount * (patch + g.layerCount * layer + e * d + (g.alignerDepth - 1) * d * d)
  }

  private func items(_ count: Int) -> [PromptItem] { (0..<count).map { .token(token($0)) } }

  private func token(_ index: Int) -> Int { index * 7_919 % model.tokenizer.count }
}
