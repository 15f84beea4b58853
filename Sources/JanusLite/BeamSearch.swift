import JanusEngine
import JanusFormulas
import JanusSystem
import JanusWords

/// Looks for the most likely answers that are valid formulas: at each step the `width` most likely beginnings
/// go on, all in one pass over the weights.
struct BeamSearch {
  private struct Beam {
    let run: TextRun
    var tokens: [Int]
    /// Of all its tokens together.
    var logprob: Double
    var constraint: FormulaConstraint
    var loops: RepetitionGuard
  }

  /// A beginning and the token that it might go on with; the end-of-answer token ends it.
  private struct Candidate {
    let beam: Int
    let token: Int
    let logprob: Double
    let constraint: FormulaConstraint
  }

  private let model: Janus
  private let batch: TextBatch
  private let width: Int
  private let limit: Int

  /// - Parameters:
  ///   - width: beginnings to follow at once.
  ///   - limit: tokens that an answer may have.
  init(_ model: Janus, batch: TextBatch, width: Int, limit: Int) {
    self.model = model
    self.batch = batch
    self.width = width
    self.limit = limit
  }

  /// The answers found, each LaTeX once, most likely first.
  ///
  /// - Parameters:
  ///   - start: the sequence at the end of the question, which is used up.
  ///   - logits: those that follow it.
  ///   - share: what probabilities are multiplied by.
  func run(
    from start: TextRun, _ logits: [Float], share: Double = 1, keepGoing: () -> Bool
  ) throws(MemoryError) -> [FormulaReading.Alternative] {
    let first = Beam(
      run: start, tokens: [], logprob: 0,
      constraint: FormulaConstraint(model.tokenizer, isFormulaOnly: model.formulaPage != nil),
      loops: RepetitionGuard(alignmentTokens: model.alignmentTokens))
    var ended: [(tokens: [Int], logprob: Double)] = []
    var beams = [first]
    try logits.withUnsafeBufferPointer { logits throws(MemoryError) in
      beams = try next(after: beams, [logits], &ended)
    }
    for _ in 1..<max(limit, 2) {
      // A beginning only gets less likely, so that these cannot become better than all found ones.
      let worst = ended.count < width ? -.infinity : ended.map(\.logprob).sorted(by: >)[width - 1]
      beams.removeAll { $0.logprob <= worst }
      guard !beams.isEmpty, keepGoing() else { break }
      let rows = try batch.step(beams.map { ($0.run, $0.tokens[$0.tokens.count - 1]) })
      beams = try next(after: beams, rows, &ended)
    }
    return readings(of: ended, share: share)
  }

  /// The most likely beginnings that are one token longer; those that end here go to `ended`.
  private func next(
    after beams: [Beam], _ rows: [UnsafeBufferPointer<Float>],
    _ ended: inout [(tokens: [Int], logprob: Double)]
  ) throws(MemoryError) -> [Beam] {
    let candidates = zip(beams, rows).enumerated()
      .flatMap { self.candidates(of: $1.0, at: $0, $1.1) }
      .sorted { ($0.logprob, -$0.beam, -$0.token) > ($1.logprob, -$1.beam, -$1.token) }
    var longer: [Beam] = []
    var isTaken = Array(repeating: false, count: beams.count)
    for candidate in candidates where longer.count < width {
      let beam = beams[candidate.beam]
      if candidate.token == model.tokenizer.eosID {
        ended.append((beam.tokens, candidate.logprob))
        continue
      }
      var loops = beam.loops
      if loops.append(candidate.token) != nil { continue }
      // The first one goes on in the sequence itself, which has taken nothing in yet.
      let run = isTaken[candidate.beam] ? try beam.run.fork() : beam.run
      isTaken[candidate.beam] = true
      longer.append(
        Beam(
          run: run, tokens: beam.tokens + [candidate.token], logprob: candidate.logprob,
          constraint: candidate.constraint, loops: loops))
    }
    return longer
  }

  /// The most likely tokens that the grammar allows, one more than are followed: the end may be one of them.
  private func candidates(
    of beam: Beam, at index: Int, _ logits: UnsafeBufferPointer<Float>
  ) -> [Candidate] {
    if logits.contains(where: \.isNaN) { return [] }
    let logprob = Confidence(temperature: model.confidenceTemperature).logprobs(logits)
    var found: [Candidate] = []
    for token in TopSelection(max(64, 4 * width), of: logits) where found.count <= width {
      guard logits[token] > -.infinity, let next = beam.constraint.advanced(by: token) else {
        continue
      }
      found.append(
        Candidate(
          beam: index, token: token, logprob: beam.logprob + logprob(token),
          constraint: next))
    }
    return found
  }

  private func readings(
    of ended: [(tokens: [Int], logprob: Double)], share: Double
  ) -> [FormulaReading.Alternative] {
    var seen: Set<String> = []
    var result: [FormulaReading.Alternative] = []
    for (tokens, logprob) in ended.sorted(by: { $0.logprob > $1.logprob }) {
      let cleaned = FormulaAnswer(model.tokenizer.decode(tokens, skipSpecial: true))
      guard cleaned.isValid, seen.insert(cleaned.formula.canonicalLaTeX).inserted else { continue }
      result.append(
        FormulaReading.Alternative(
          latex: cleaned.latex, probability: share * Confidence.probability(logprob)))
    }
    return result
  }
}
