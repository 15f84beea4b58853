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

  /// - Parameters:
  ///   - context: positions to use at most; nil takes what the model was made for.
  ///   - readsMany: whether several pictures will be read, so that the vision tower's pages are worth
  ///     keeping while there is memory.
  public init(
    _ model: Janus, context: Int? = nil, readsMany: Bool = false
  ) throws(JanusError) {
    conversation = try Conversation(model, context: context)
    self.readsMany = readsMany
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

  /// Asks the model's formula question about `picture` and cleans what it says: `text` is the LaTeX
  /// without chatter, fences and dollar signs; `tokenIDs` are all that was generated.
  ///
  /// - Parameter onText: called with each piece of the raw answer as it comes; false stops.
  public func read(
    _ picture: Picture, settings: GenerationSettings = GenerationSettings(),
    onText: (String) -> Bool = { _ in true }
  ) throws(JanusError) -> Answer {
    conversation.reset()
    decideOnTower()
    var answer = try conversation.send(
      conversation.model.formulaQuestion, pictures: [picture], settings: settings, onText: onText)
    answer.text = FormulaText.cleaned(answer.text)
    return answer
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
