import GGUF
import JanusEngine
import JanusImages
import JanusLite
import JanusModelFile
import JanusSystem
import JanusWords

/// Runs a model over texts, pictures and prompts to see how much each column of its weights matters.
///
/// Three kinds of work have sums of their own. In a picture that is read, its patches count a tenth of the
/// words around them: there are many, and much alike (MBQ, arXiv 2412.19509). In a painting what counts
/// is the row that guidance makes of the rows with and without the prompt, `w · with − (w − 1) · without`: so
/// do the errors of a weight arrive in the guided logits, as far as the network is linear. What both rows share is
/// not amplified, and their difference is. Memory does not grow with the number of inputs. Belongs to one thread at a time.
package final class Calibration {
  private let side: Side
  private let sums: InputSums
  private let fingerprint: String
  private var inputs: Set<String>

  /// How much a patch of a picture counts beside a word.
  private static let patchWeight = 0.1
  /// Texts that share each pass over the weights.
  package static let together = 8

  /// - Parameter earlier: what another run has counted; this one goes on with it.
  package init(_ model: Janus, from earlier: Importance? = nil) throws(ImportanceError) {
    do throws(ContainerError) {
      fingerprint = try ModelFingerprint.of(model.container, model.language)
    } catch {
      throw .container(error)
    }
    try earlier?.check(model: fingerprint)
    let geometry: Geometry
    do throws(ModelFileError) {
      geometry = try MetadataReader(model.container).geometry()
    } catch {
      preconditionFailure("an open model has a geometry")
    }
    inputs = earlier?.inputs ?? []
    sums = InputSums(model.container, geometry, from: earlier?.entries ?? [:])
    side = Side(model)
    side.ops.observer = sums
  }

  /// What was counted so far.
  package var importance: Importance {
    Importance(
      model: fingerprint, inputs: inputs, entries: sums.entries.filter { $0.value.isSeen })
  }

  /// Throws where a kind of inputs is missing without which some weights saw nothing.
  ///
  /// - Parameter coming: passes that have inputs yet to be taken in.
  package func checkComplete(with coming: [Importance.Pass] = []) throws(ImportanceError) {
    func seen(_ pass: Importance.Pass) -> Bool {
      coming.contains(pass) || sums.entries.values.contains { $0.counts[pass.index] > 0 }
    }
    guard seen(.pictures) else {
      throw .noInputs(kind: "pictures", needed: "the vision tower and its aligner")
    }
    guard seen(.text) else { throw .noInputs(kind: "texts", needed: "writing") }
    guard seen(.codes) || !side.model.paints else {
      throw .noInputs(kind: "prompts", needed: "the code head and its aligner")
    }
  }

  // MARK: Inputs

  /// Takes in texts. Those that were counted already are passed over.
  package func take(texts: [String]) throws(JanusError) {
    sums.pass = .text
    sums.rows = .single { _, _ in 1 }
    var seen: Set<String> = []
    let new = texts.filter { text in
      let digest = Self.digest("text", Array(text.utf8))
      return !inputs.contains(digest) && seen.insert(digest).inserted
    }
    let windows = TextWindows(
      new, tokenizer: side.model.tokenizer,
      length: min(Comparison.window, side.model.language.contextLength)
    ).windows
    for start in stride(from: 0, to: windows.count, by: Self.together) {
      let group = Array(windows[start..<min(windows.count, start + Self.together)])
      let runs = side.runs(group.count)
      // Token by token: in a prompt the last layer would compute its last row only.
      for step in 0..<(group.map(\.tokens.count).max() ?? 0) {
        let rows = group.indices.filter { group[$0].tokens.count > step }
        _ = try side.step(rows.map { (runs[$0], group[$0].tokens[step]) })
      }
    }
    inputs.formUnion(seen)
  }

  /// Takes in a picture, a question about it, and the model's answer.
  ///
  /// - Parameters:
  ///   - number: of the picture, for messages.
  ///   - question: nil for the one about formulas.
  package func take(
    picture: Picture, number: Int, question: String? = nil, maxTokens: Int
  ) throws(JanusError) {
    let size = "\(picture.width) \(picture.height) \(question ?? "") "
    let digest = Self.digest("picture", Array(size.utf8) + picture.bytes)
    guard !inputs.contains(digest) else { return }
    let items = try PictureQuestion(side.model, question).items
    sums.pass = .pictures
    sums.rows = .single { _, _ in 1 }
    var logits = try side.see(
      picture, items, input: number, isFormula: question == nil, answer: maxTokens
    ) { part in
      let weights = part.map { item -> Double in
        if case .patch = item { Self.patchWeight } else { 1 }
      }
      // The last layer may compute the last row alone.
      sums.rows = .single { row, rows in rows == weights.count ? weights[row] : 1 }
    }
    sums.rows = .single { _, _ in 1 }
    for index in 0..<maxTokens {
      guard let token = Self.mostLikely(logits) else {
        throw .nan(where: "logits of picture \(number + 1)")
      }
      if token == side.model.tokenizer.eosID || index + 1 == maxTokens { break }
      logits = try side.step(token)
    }
    inputs.insert(digest)
  }

  /// Takes in a prompt and the codes of a picture that the model paints for it.
  ///
  /// - Parameter seed: of the picture.
  package func take(prompt: String, seed: UInt64, guidance: Float = 5) throws(JanusError) {
    let digest = Self.digest("prompt", Array("\(seed) \(guidance) \(prompt)".utf8))
    guard !inputs.contains(digest) else { return }
    let words = try side.model.paintingPrompt(prompt)
    sums.pass = .codes
    sums.rows = .guided(w: Double(guidance), prompt: words.conditional.count)
    let run = try side.painting(prompt, guidance: guidance)
    let sampler: Sampler
    do throws(SamplerError) {
      sampler = try Sampler(temperature: 1, seed: seed)
    } catch {
      preconditionFailure("a temperature of 1 is allowed")
    }
    let count = side.model.painting?.codes.geometry.codesPerPicture ?? 0
    for index in 0..<count {
      let logits = Side.row(try JanusError.carrying(run.nextLogits))
      guard let code = sampler.choose(from: logits, at: index) else {
        throw .nan(where: "code logits of step \(index)")
      }
      if index + 1 == count { break }
      try JanusError.carrying { () throws(MemoryError) in try run.take([code]) }
    }
    inputs.insert(digest)
  }

  private static func mostLikely(_ logits: UnsafeBufferPointer<Float>) -> Int? {
    (try? Sampler(temperature: 0))?.choose(from: logits, at: 0)
  }

  private static func digest(_ kind: String, _ bytes: [UInt8]) -> String {
    Digest.hexadecimal(Digest.sha256(Array("\(kind)\n".utf8) + bytes))
  }
}

extension Importance.Entry {
  fileprivate var isSeen: Bool { counts.contains { $0 > 0 } }
}

extension Importance.Pass {
  fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
