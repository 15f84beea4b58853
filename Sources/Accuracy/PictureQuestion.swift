import JanusEngine
import JanusLite
import JanusModelFile
import JanusWords

/// The positions of a question about one picture.
struct PictureQuestion {
  let items: [PromptItem]

  /// - Parameter question: nil for the model's own question about formulas.
  init(_ model: Janus, _ question: String?) throws(JanusError) {
    items = try model.promptItems([
      PromptFormat.Message(.user, question ?? model.formulaQuestion, pictures: 1)
    ])
  }
}
