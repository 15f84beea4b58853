import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords

/// Reads the formula in a picture as LaTeX.
///
/// Each picture is a conversation of its own, in one cache that is used again. Belongs to one thread
/// at a time.
public final class FormulaReader {
  private let conversation: Conversation
  private let readsMany: Bool
  private let trims: Bool

  /// - Parameters:
  ///   - context: positions to use at most; nil takes what the model was made for.
  ///   - readsMany: whether several pictures will be read, so that the vision tower's pages are worth
  ///     keeping while there is memory.
  ///   - trims: whether pictures are cut to their writing first.
  public init(
    _ model: Janus, context: Int? = nil, readsMany: Bool = false, trims: Bool = true
  ) throws(JanusError) {
    conversation = try Conversation(model, context: context)
    self.readsMany = readsMany
    self.trims = trims
  }

  /// The memory that `read` will take for the same arguments.
  public func memoryNeed(
    _ picture: Picture, settings: GenerationSettings = GenerationSettings()
  ) throws(JanusError) -> MemoryNeed {
    conversation.reset()
    decideOnTower()
    return try conversation.memoryNeed(
      conversation.model.formulaQuestion, pictures: [picture], settings: settings)
  }

  /// Reads the formula in `picture`.
  ///
  /// The answer is held to the grammar of formulas while it is generated. So it is valid LaTeX for
  /// any model.
  /// - Parameters:
  ///   - stop: ends the work early, with the finish reason `cancelled`.
  ///   - onText: called with each piece of the raw answer as it comes.
  public func read(
    _ picture: Picture, settings: GenerationSettings = GenerationSettings(),
    stop: StopToken? = nil, onText: (String) -> Void = { _ in }
  ) throws(JanusError) -> FormulaReading {
    let (shown, warning) = try shown(picture)
    conversation.reset()
    decideOnTower()
    let answer = try conversation.send(
      conversation.model.formulaQuestion, pictures: [shown], settings: settings,
      readsFormula: true, stop: stop, onText: onText)
    return FormulaReading(
      answer, tokenizer: conversation.model.tokenizer,
      pictureWarnings: warning.map { [$0.description] } ?? [])
  }

  private func shown(_ picture: Picture) throws(JanusError) -> (Picture, PictureWarning?) {
    do throws(BlankPicture) {
      return try conversation.model.formulaPicture(picture, trims: trims)
    } catch {
      throw .blankPicture(index: 0, error)
    }
  }

  /// The tower stays while the available memory is more than twice the weights that a picture
  /// reads.
  private func decideOnTower() {
    let model = conversation.model
    let parts = ModelPart.seeing.union(ModelPart.answering)
    let weights = model.languageModel.file.byteCount(of: parts)
    conversation.keepsTower = readsMany && (AvailableMemory.bytes ?? .max) > 2 * weights
  }
}

extension Janus {
  /// A picture of a formula as the model is to see it, cut to its writing unless `trims` is false.
  ///
  /// - Throws: where there is no writing: a model would invent a formula.
  package func formulaPicture(
    _ picture: Picture, trims: Bool = true
  ) throws(BlankPicture) -> (Picture, PictureWarning?) {
    // A page finds the writing by itself.
    if formulaPage != nil { return (picture, nil) }
    let writing = try Writing(in: picture)
    let shown = trims ? picture.trimmed(to: writing) : picture
    let scale = Double(vision.imageSize) / Double(max(shown.width, shown.height))
    return (shown, writing.warning(atScale: scale))
  }
}
