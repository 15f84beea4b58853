import JanusEngine
import JanusImages
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords

/// A model with what it needs to run over given tokens.
final class Side {
  let model: Janus
  let ops: Ops
  private let batch: TextBatch
  private let answer: TextRun
  private var texts: [TextRun] = []

  init(_ model: Janus) {
    self.model = model
    ops = Ops(kernels: model.kernels, pool: model.pool)
    batch = TextBatch(model.languageModel, ops)
    answer = TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat)
  }

  /// Empty sequences.
  func runs(_ count: Int) -> [TextRun] {
    while texts.count < count {
      texts.append(TextRun(model.languageModel, ops, cacheFormat: model.cacheFormat))
    }
    for run in texts { run.cache.truncate(to: 0) }
    return Array(texts.prefix(count))
  }

  /// Takes in a token of each sequence; the logits that follow are valid until the next call.
  func step(
    _ rows: [(run: TextRun, token: Int)]
  ) throws(JanusError) -> [UnsafeBufferPointer<Float>] {
    try JanusError.carrying { () throws(MemoryError) in try batch.step(rows) }
  }

  /// Sees a picture and takes in the question about it; the logits are valid until the next call.
  ///
  /// - Parameters:
  ///   - input: the picture's number.
  ///   - isFormula: whether it is shown as `FormulaReader` shows it at its first look.
  ///   - answer: tokens that will follow.
  ///   - willTake: called before some of the positions are taken in.
  func see(
    _ picture: Picture, _ items: [PromptItem], input: Int, isFormula: Bool, answer count: Int,
    willTake: (ArraySlice<PromptItem>) -> Void = { _ in }
  ) throws(JanusError) -> UnsafeBufferPointer<Float> {
    let available = model.language.contextLength
    guard items.count + count <= available else {
      throw .context(needed: items.count + count, available: available)
    }
    try model.memoryNeed(prompt: items.count, answer: count, pictures: 1).checkFits()
    let pixels: [Float]
    do throws(BlankPicture) {
      pixels =
        isFormula
        ? model.pixels(ofView: try model.formulaViews(of: picture).views[0])
        : try model.pixels(of: picture)
    } catch {
      throw .blankPicture(index: input, error)
    }
    guard let features = try model.features(of: pixels, ops, keepGoing: { true }) else {
      preconditionFailure("nobody stops the picture")
    }
    answer.cache.truncate(to: 0)
    var logits: UnsafeMutableBufferPointer<Float>?
    for start in stride(from: 0, to: items.count, by: TextRun.rowsPerPass) {
      let part = items[start..<min(items.count, start + TextRun.rowsPerPass)]
      willTake(part)
      logits = try JanusError.carrying { () throws(MemoryError) in
        try answer.prefill(Array(part), pictures: [features])
      }
    }
    guard let logits else { preconditionFailure("a question has positions") }
    return UnsafeBufferPointer(logits)
  }

  /// Takes in a token of the answer.
  func step(_ token: Int) throws(JanusError) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      try JanusError.carrying { () throws(MemoryError) in try answer.step(token) })
  }

  /// Begins to paint one picture.
  func painting(_ prompt: String, guidance: Float) throws(JanusError) -> PaintingRun {
    guard let codes = model.painting?.codes else {
      throw .noPaintingParts(file: model.container.file.path)
    }
    let (tokens, empty) = try model.paintingPrompt(prompt)
    let (picture, available) = (codes.geometry.codesPerPicture, model.language.contextLength)
    guard tokens.count + picture <= available else {
      throw .paintingContext(prompt: tokens.count, picture: picture, available: available)
    }
    try model.memoryNeed(painting: 1, prompt: tokens.count)?.checkFits()
    return try JanusError.carrying { () throws(MemoryError) in
      try PaintingRun(
        model.languageModel, codes, ops, prompt: tokens, emptyPrompt: empty, pictures: 1,
        guidance: guidance, cacheFormat: model.cacheFormat)
    }
  }

  static func row(_ logits: Matrix) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: logits[row: 0], count: logits.columns)
  }
}
