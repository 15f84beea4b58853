import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords

/// What a server needs of an open model.
extension Janus {
  /// A scheduler for many requests on this model.
  ///
  /// - Parameter prefixBytes: keys and values to keep of answered requests.
  package func scheduler(prefixBytes: Int) -> Scheduler {
    Scheduler(
      languageModel, codes: painting?.codes, kernels: kernels, pool: pool,
      cacheFormat: cacheFormat, prefixBytes: prefixBytes)
  }

  /// The positions of a whole conversation, up to where the answer begins. Pictures stand before the
  /// text of their message, whatever it says.
  package func promptItems(
    _ messages: [PromptFormat.Message], system: String? = nil
  ) throws(JanusError) -> [PromptItem] {
    for message in messages { try checkLength(message.text, context: language.contextLength) }
    let tokens: [Int]
    do throws(TokenizerError) {
      tokens = try promptFormat.conversation(
        messages + [PromptFormat.Message(.assistant, "")], system: system)
    } catch {
      throw .prompt(problem: "\(error)")
    }
    var seen = 0
    return tokens.map { token in
      guard token == promptFormat.imageTokenID else { return .token(token) }
      defer { seen += 1 }
      return .patch(picture: seen / vision.patchCount, index: seen % vision.patchCount)
    }
  }

  /// The tokens that ask for a picture, with its description and without.
  package func paintingPrompt(
    _ description: String
  ) throws(JanusError) -> (conditional: [Int], unconditional: [Int]) {
    do throws(TokenizerError) {
      return try promptFormat.painting(description)
    } catch {
      throw .prompt(problem: "\(error)")
    }
  }

  /// Runs the pixels of a picture through the vision tower; nil when stopped.
  package func features(
    of pixels: [Float], _ ops: Ops, keepGoing: () -> Bool
  ) throws(JanusError) -> PictureFeatures? {
    try ops.runToEnd(while: keepGoing) { () throws(JanusError) in try encode(pixels, ops) }
  }

  /// Positions that a request may take.
  package func positions(atMost limit: Int?) throws(JanusError) -> Int {
    try contextLength(atMost: limit)
  }
}

extension Janus {
  /// Tells models apart: a checksum of what the file says of itself, the checksums of its tensors among it.
  package var identity: String {
    let texts = [formulaQuestion, "\(container.file.count)", cacheFormat.rawValue]
    return Digest.hexadecimal(
      Digest.sha256((texts + container.tensors.map(\.sha256)).joined(separator: "\n").utf8))
  }
}
