import JanusModelFile
import JanusSystem

/// The strings of which prompts are made, checked against the vocabulary.
struct PromptWords: Sendable {
  let beginning: Int
  let end: Int
  let padding: Int
  /// In the order of the file.
  let words: [(key: StringKey, text: String)]

  /// deepseek's system prompt, from its `processing_vlm.py`.
  private static let system =
    "You are a helpful language and vision assistant. You are able to understand the visual "
    + "content that the user provides, and assist the user with a variety of tasks using natural "
    + "language."
  /// The question of deepseek's own demonstration of formula recognition.
  private static let formula = "Convert the formula into latex code."

  /// Special tokens go by their strings: their ids differ between published models.
  init(folder: CheckpointFolder, tokenizer: TokenizerFile) throws(ConversionError) {
    let processor = try folder.json("processor_config.json")?.object
    let configuration = try folder.json("tokenizer_config.json")?.object
    let special = try folder.json("special_tokens_map.json")?.object
    func text(_ key: String, _ fallback: String) -> String {
      for object in [configuration, special] {
        // Either the text itself or an object that describes it.
        if let text = object?[key]?.string ?? object?[key]?.object?["content"]?.string {
          return text
        }
      }
      return fallback
    }
    func id(_ text: String, _ purpose: String) throws(ConversionError) -> Int {
      guard let id = tokenizer.id(of: text) else {
        throw .data(
          file: "\(folder.path)/tokenizer.json",
          problem: "no token '\(shown(text))', expected one as \(purpose)")
      }
      return id
    }
    let end = text("eos_token", "<｜end▁of▁sentence｜>")
    let padding = text("pad_token", "<｜▁pad▁｜>")
    let placeholder = processor?["image_tag"]?.string ?? text("image_token", "<image_placeholder>")
    let imageStart = text("boi_token", "<begin_of_image>")
    let imageEnd = text("eoi_token", "<end_of_image>")
    beginning = try id(
      text("bos_token", "<｜begin▁of▁sentence｜>"), "the beginning of a text (bos_token)")
    self.end = try id(end, "the end of an answer (eos_token)")
    self.padding = try id(padding, "padding (pad_token)")
    _ = try id(placeholder, "a picture's place (image_tag)")
    _ = try id(imageStart, "a picture's beginning")
    _ = try id(imageEnd, "a picture's end")
    words = [
      (.promptSystem, Self.system),
      (.promptUser, "<|User|>"),
      (.promptAssistant, "<|Assistant|>"),
      (.promptUserSeparator, "\n\n"),
      (.promptAssistantSeparator, end),
      (.promptImagePlaceholder, placeholder),
      (.promptImageStart, imageStart),
      (.promptImageEnd, imageEnd),
      (.promptPad, padding),
      (.promptFormula, Self.formula),
    ]
  }
}
