import JanusEngine
import JanusImages
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords

/// Two models of one network, side by side over the same tokens: how far the second is from the first.
///
/// Both take in what is given, or what the first answers or paints. At each place their logits are
/// compared. Nothing of the logits is kept, so memory does not grow with the number of places. Belongs
/// to one thread at a time.
package final class Comparison {
  private let first: Side
  private let second: Side

  /// Tokens of a text that are taken in without what stood before them.
  package static let window = 512
  /// Texts that share each pass over the weights.
  private static let together = 8

  /// - Throws: `ComparisonError` where the models do not have the same words and dimensions.
  package init(_ first: Janus, _ second: Janus) throws(ComparisonError) {
    try Self.check(first, second)
    self.first = Side(first)
    self.second = Side(second)
  }

  /// Whether both can paint.
  package var paints: Bool { first.model.paints && second.model.paints }

  // MARK: Texts

  /// Compares what follows each token of some texts.
  ///
  /// - Parameter progress: called with the number of texts that are finished.
  package func compare(
    texts: [String], progress: (Int) -> Void = { _ in }
  ) throws(JanusError) -> DivergenceSummary {
    var summary = DivergenceSummary()
    let windows = TextWindows(
      texts, tokenizer: first.model.tokenizer,
      length: min(Self.window, first.model.language.contextLength)
    ).windows
    for start in stride(from: 0, to: windows.count, by: Self.together) {
      let group = Array(windows[start..<min(windows.count, start + Self.together)])
      try compare(group, into: &summary)
      progress(group.last.map { $0.text + 1 } ?? 0)
    }
    return summary
  }

  private func compare(
    _ group: [TextWindows.Window], into summary: inout DivergenceSummary
  ) throws(JanusError) {
    let longest = group.reduce(0) { max($0, $1.tokens.count) }
    let runs = (first.runs(group.count), second.runs(group.count))
    for step in 0..<longest - 1 {
      let rows = group.indices.filter { group[$0].tokens.count > step + 1 }
      let logits = (
        try first.step(rows.map { (runs.0[$0], group[$0].tokens[step]) }),
        try second.step(rows.map { (runs.1[$0], group[$0].tokens[step]) })
      )
      for (index, row) in rows.enumerated() {
        let window = group[row]
        try add(
          logits.0[index], logits.1[index], target: window.tokens[step + 1], input: window.text,
          index: window.offset + step, "text", to: &summary)
      }
    }
  }

  // MARK: Pictures

  /// Compares what follows each token of the first model's answer to a question about a picture.
  ///
  /// - Parameters:
  ///   - input: the picture's number.
  ///   - question: nil for the one about formulas.
  ///   - maxTokens: the longest answer.
  package func compare(
    picture: Picture, input: Int, question: String? = nil, maxTokens: Int,
    into summary: inout DivergenceSummary
  ) throws(JanusError) {
    let items = try PictureQuestion(first.model, question).items
    var logits = (
      try first.see(
        picture, items, input: input, isFormula: question == nil, answer: maxTokens),
      try second.see(
        picture, items, input: input, isFormula: question == nil, answer: maxTokens)
    )
    for index in 0..<maxTokens {
      let token = try add(
        logits.0, logits.1, target: nil, input: input, index: index, "answer", to: &summary)
      if token == first.model.tokenizer.eosID || index + 1 == maxTokens { break }
      logits = (try first.step(token), try second.step(token))
    }
  }

  // MARK: Codes

  /// Compares the guided logits of each code of a picture that the first model paints.
  ///
  /// - Parameters:
  ///   - input: the prompt's number, which is the picture's seed, too.
  package func compare(
    painting prompt: String, input: Int, guidance: Float = 5, into summary: inout DivergenceSummary
  ) throws(JanusError) {
    let sampler: Sampler
    do throws(SamplerError) {
      sampler = try Sampler(temperature: 1, seed: UInt64(input))
    } catch {
      preconditionFailure("a temperature of 1 is allowed")
    }
    let runs = (
      try first.painting(prompt, guidance: guidance),
      try second.painting(prompt, guidance: guidance)
    )
    let count = first.model.painting?.codes.geometry.codesPerPicture ?? 0
    for index in 0..<count {
      let logits = (
        try JanusError.carrying(runs.0.nextLogits), try JanusError.carrying(runs.1.nextLogits)
      )
      let rows = (Side.row(logits.0), Side.row(logits.1))
      try add(rows.0, rows.1, target: nil, input: input, index: index, "codes", to: &summary)
      guard let code = sampler.choose(from: rows.0, at: index) else {
        throw .nan(where: "code logits of step \(index)")
      }
      if index + 1 == count { break }
      try JanusError.carrying { () throws(MemoryError) in try runs.0.take([code]) }
      try JanusError.carrying { () throws(MemoryError) in try runs.1.take([code]) }
    }
  }

  /// - Returns: the first model's most likely token.
  @discardableResult
  private func add(
    _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>, target: Int?, input: Int,
    index: Int, _ kind: String, to summary: inout DivergenceSummary
  ) throws(JanusError) -> Int {
    guard let divergence = Divergence(first: a, second: b, target: target) else {
      throw .nan(where: "logits of \(kind) \(input + 1), place \(index + 1)")
    }
    summary.add(divergence, input: input, index: index)
    return divergence.first
  }
}

extension Comparison {
  /// Both must be files of one network: the same tokens, dimensions and places of pictures.
  private static func check(_ first: Janus, _ second: Janus) throws(ComparisonError) {
    let (file, other) = (first.container.file.path, second.container.file.path)
    func same<Value: Equatable>(
      _ what: String, _ a: Value, _ b: Value
    ) throws(ComparisonError) {
      guard a == b else {
        throw .different(what: what, file: file, first: "\(a)", other: other, second: "\(b)")
      }
    }
    let (a, b) = (first.tokenizer, second.tokenizer)
    try same(
      IntegerKey.vocabularySize.name, first.language.vocabularySize, second.language.vocabularySize)
    try same("tokens of the tokenizer", a.count, b.count)
    for token in 0..<a.count {
      let texts = (a.bytes(of: token, skipSpecial: false), b.bytes(of: token, skipSpecial: false))
      guard texts.0 == texts.1 else {
        throw .vocabulary(
          token: token, file: file, first: String(decoding: texts.0, as: UTF8.self), other: other,
          second: String(decoding: texts.1, as: UTF8.self))
      }
    }
    let (l, m) = (first.language, second.language)
    try same(IntegerKey.blockCount.name, l.layerCount, m.layerCount)
    try same(IntegerKey.embeddingLength.name, l.embeddingLength, m.embeddingLength)
    try same(IntegerKey.feedForwardLength.name, l.feedForwardLength, m.feedForwardLength)
    try same(IntegerKey.headCount.name, l.headCount, m.headCount)
    try same(IntegerKey.contextLength.name, l.contextLength, m.contextLength)
    try same("dimensions of the language model", l, m)
    try same(IntegerKey.visionImageSize.name, first.vision.imageSize, second.vision.imageSize)
    try same("dimensions of the vision tower", first.vision, second.vision)
    if let p = first.painting?.codes.geometry, let q = second.painting?.codes.geometry {
      try same(IntegerKey.paintingCodeCount.name, p.codeCount, q.codeCount)
      try same("dimensions of the painting parts", p, q)
    }
  }
}
