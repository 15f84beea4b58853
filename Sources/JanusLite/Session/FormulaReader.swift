import Images

/// Reads the formula in a picture as LaTeX.
///
/// Each picture is a conversation of its own, in one cache that is used again. Belongs to one thread
/// at a time.
public final class FormulaReader {
  private let conversation: Conversation

  public init(_ model: Janus) throws(JanusError) {
    conversation = try Conversation(model)
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
    var answer = try conversation.send(
      conversation.model.formulaQuestion, pictures: [picture], settings: settings, onText: onText)
    answer.text = FormulaText.cleaned(answer.text)
    return answer
  }
}
