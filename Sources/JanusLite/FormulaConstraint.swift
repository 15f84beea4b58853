import JanusFormulas
import JanusWords

/// Holds an answer to the grammar of formulas: a token is taken only if the text stays the beginning of
/// a valid formula, and the end only where the formula is complete.
struct FormulaConstraint {
  private let tokenizer: Tokenizer
  private let isFormulaOnly: Bool
  private var prefix: AnswerPrefix
  /// Tokens that the model preferred but the grammar refused.
  private(set) var repairs = 0

  /// - Parameter isFormulaOnly: whether the model answers with LaTeX alone, without words around it.
  init(_ tokenizer: Tokenizer, isFormulaOnly: Bool) {
    self.tokenizer = tokenizer
    self.isFormulaOnly = isFormulaOnly
    prefix = AnswerPrefix(isFormulaOnly: isFormulaOnly)
  }

  /// What closes everything that is open.
  var closing: String { String(decoding: prefix.closing, as: UTF8.self) }

  /// Chooses the next token and takes it in; nil where no choice is possible: logits that are NaN.
  mutating func choose(
    from logits: UnsafeBufferPointer<Float>, at position: Int, with sampler: Sampler
  ) -> Int? {
    guard let wanted = sampler.choose(from: logits, at: position) else { return nil }
    if let next = after(wanted) {
      prefix = next
      return wanted
    }
    repairs += 1
    return chooseAllowed(from: logits, at: position, with: sampler)
  }

  /// The constraint with a token taken in; nil where the grammar does not allow it.
  func advanced(by token: Int) -> FormulaConstraint? {
    guard let next = after(token) else { return nil }
    var advanced = self
    advanced.prefix = next
    return advanced
  }

  /// Starts again from what an answer has left after a cut.
  mutating func restart(with tokens: [Int]) {
    prefix = AnswerPrefix(isFormulaOnly: isFormulaOnly)
    for token in tokens { _ = prefix.advance(by: tokenizer.bytes(of: token)) }
  }

  /// The answer's prefix followed by a token; nil where the grammar does not allow it.
  private func after(_ token: Int) -> AnswerPrefix? {
    if token == tokenizer.eosID { return prefix.isComplete ? prefix : nil }
    let bytes = tokenizer.bytes(of: token)
    // A special token says nothing, and an answer of nothing would never end.
    return bytes.isEmpty ? nil : prefix.advanced(by: bytes)
  }

  /// Draws among the allowed of the most likely tokens: of few, and of more while none of them is.
  private mutating func chooseAllowed(
    from logits: UnsafeBufferPointer<Float>, at position: Int, with sampler: Sampler
  ) -> Int? {
    var count = 64
    while true {
      let likely = TopSelection(min(count, logits.count), of: logits)
      var allowed: [Int: AnswerPrefix] = [:]
      for token in likely where logits[token] > -.infinity {
        if let next = after(token) { allowed[token] = next }
      }
      if !allowed.isEmpty {
        var masked = [Float](repeating: -.infinity, count: logits.count)
        for token in allowed.keys { masked[token] = logits[token] }
        let token = masked.withUnsafeBufferPointer { sampler.choose(from: $0, at: position) }
        if let token, let next = allowed[token] { prefix = next }
        return token
      }
      // Nothing can follow: the formula is closed where it is.
      if count >= logits.count { return tokenizer.eosID }
      count *= 8
    }
  }
}
