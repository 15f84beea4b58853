import GGUF
import JanusModelFile

/// Deepseek's conversation format for Janus, from what is said to token ids.
///
/// The ids are those of the published code, which formats a whole conversation as one string and
/// encodes it once. A role cannot be forged: the text of a special token inside a question or an
/// answer is encoded as plain text. Only the picture placeholder has its meaning in a question.
package struct PromptFormat: Sendable {
  /// The strings of the format, as the model file states them.
  package struct Words: Sendable {
    package var system =
      "You are a helpful language and vision assistant. You are able to understand the visual "
      + "content that the user provides, and assist the user with a variety of tasks using natural "
      + "language."
    package var user = "<|User|>"
    package var assistant = "<|Assistant|>"
    package var userSeparator = "\n\n"
    package var assistantSeparator = "<｜end▁of▁sentence｜>"
    package var imagePlaceholder = "<image_placeholder>"
    package var imageStart = "<begin_of_image>"
    package var imageEnd = "<end_of_image>"
    package var pad = "<｜▁pad▁｜>"

    package init() {}
  }

  package struct Message: Equatable, Sendable {
    package enum Role: Sendable { case user, assistant }

    package var role: Role
    /// Empty for the answer that is to be generated.
    package var text: String
    package var pictures: Int
    /// Whether placeholders in the text are places of pictures; otherwise they are text like any other,
    /// and the pictures stand before it.
    package var placesPictures: Bool

    package init(
      _ role: Role, _ text: String, pictures: Int = 0, placesPictures: Bool = true
    ) {
      self.placesPictures = placesPictures
      self.role = role
      self.text = text
      self.pictures = pictures
    }
  }

  /// The token at each place that a patch of a picture takes.
  package let imageTokenID: Int
  private let imageStartID: Int
  private let imageEndID: Int
  private let padID: Int
  private let patchCount: Int
  private let tokenizer: Tokenizer
  private let words: Words
  private let placeholder: LiteralMatcher

  /// - Parameter patchCount: places that one picture takes.
  package init(
    _ words: Words = Words(), tokenizer: Tokenizer, patchCount: Int
  ) throws(TokenizerError) {
    func id(_ key: StringKey, _ text: String) throws(TokenizerError) -> Int {
      guard let id = tokenizer.id(of: text) else {
        throw .noToken(key: key.name, text: text)
      }
      return id
    }
    imageTokenID = try id(.promptImagePlaceholder, words.imagePlaceholder)
    imageStartID = try id(.promptImageStart, words.imageStart)
    imageEndID = try id(.promptImageEnd, words.imageEnd)
    padID = try id(.promptPad, words.pad)
    let separator = try id(.promptAssistantSeparator, words.assistantSeparator)
    // The token that ends an answer is also the separator before the next question.
    guard separator == tokenizer.eosID else {
      throw .unsupported(
        part: StringKey.promptAssistantSeparator.name,
        feature: "\(TokenizerError.quote(words.assistantSeparator)), not the end-of-sentence token")
    }
    self.words = words
    self.tokenizer = tokenizer
    self.patchCount = patchCount
    placeholder = LiteralMatcher([(words.imagePlaceholder, imageTokenID)])
  }

  /// The tokens of a whole conversation, each picture as start, patches, end.
  ///
  /// A question's pictures are placed where its text has placeholders, if there is one for each.
  /// Otherwise they come before the text, a line for each, and placeholders are plain text.
  /// - Parameter system: the system prompt; nil takes the format's own, "" none.
  package func conversation(
    _ messages: [Message], system: String? = nil
  ) throws(TokenizerError) -> [Int] {
    var prompt = Prompt(tokenizer)
    let opening = system ?? words.system
    if !opening.isEmpty {
      prompt.add(text: opening)
      prompt.add(template: words.userSeparator)
    }
    for (index, message) in messages.enumerated() {
      add(message, at: index, to: &prompt)
    }
    prompt.strip()
    return try checked([tokenizer.bosID] + prompt.finished(), messages)
  }

  /// The tokens that one more question adds to a conversation, up to where its answer begins.
  ///
  /// The first question (`index` 0) brings the beginning of the text and the system's words. Before
  /// each later one the answer must have been ended with the end-of-sentence token. Then, with each
  /// answer's tokens being those of " " and its stripped text, all together are exactly
  /// `conversation` of the same messages: at special tokens, and between ":" and a space, no merge
  /// crosses. A model that spells its answer in other tokens keeps its own.
  package func turn(
    _ question: String, pictures: Int, index: Int, system: String? = nil
  ) throws(TokenizerError) -> [Int] {
    let messages = [Message(.user, question, pictures: pictures), Message(.assistant, "")]
    if index == 0 { return try conversation(messages, system: system) }
    var prompt = Prompt(tokenizer)
    for (index, message) in messages.enumerated() {
      add(message, at: index, to: &prompt)
    }
    return try checked(prompt.finished(), messages)
  }

  /// `tokens`, if all their image tokens are those of the pictures. The words of the file and the
  /// system prompt could contain others.
  private func checked(_ tokens: [Int], _ messages: [Message]) throws(TokenizerError) -> [Int] {
    let found = tokens.count { $0 == imageTokenID }
    let expected = messages.reduce(0) { $0 + $1.pictures * patchCount }
    guard found == expected else { throw .imageTokens(found: found, expected: expected) }
    return tokens
  }

  /// The tokens that ask for a picture, and the same with the question padded out, which guidance
  /// steers away from.
  package func painting(
    _ description: String
  ) throws(TokenizerError) -> (conditional: [Int], unconditional: [Int]) {
    // A placeholder is ordinary text here: no picture replaces it.
    var prompt = Prompt(tokenizer)
    add(.user, at: 0, to: &prompt) { prompt in
      let text = description.stripped
      prompt.add(text: text)
      return !text.isEmpty
    }
    add(Message(.assistant, ""), at: 1, to: &prompt)
    let asked = [tokenizer.bosID] + prompt.finished() + [imageStartID]
    let padding = Array(repeating: padID, count: asked.count - 2)
    return (asked, [tokenizer.bosID] + padding + [imageStartID])
  }

  /// As `painting`, but with words to go away from in place of the padding. Without words it is the
  /// padding.
  package func painting(
    _ description: String, negative: String
  ) throws(TokenizerError) -> (conditional: [Int], unconditional: [Int]) {
    let (asked, padded) = try painting(description)
    guard !negative.stripped.isEmpty else { return (asked, padded) }
    return (asked, try painting(negative).conditional)
  }
}

extension PromptFormat {
  private func add(
    _ message: Message, at index: Int, to prompt: inout Prompt
  ) {
    let fragments = fragments(of: message)
    add(message.role, at: index, to: &prompt) { prompt in
      for fragment in fragments {
        switch fragment {
        case .text(let text): prompt.add(text: text)
        case .token: addPicture(to: &prompt)
        }
      }
      return !fragments.isEmpty
    }
  }

  /// The role, its message, and the separator, which depends on whether the index is even.
  private func add(
    _ role: Message.Role, at index: Int, to prompt: inout Prompt,
    content: (inout Prompt) -> Bool
  ) {
    prompt.add(template: (role == .user ? words.user : words.assistant) + ":")
    var text = Prompt(tokenizer)
    guard content(&text) else { return }
    prompt.add(template: " ")
    prompt.add(text)
    prompt.add(template: index.isMultiple(of: 2) ? words.userSeparator : words.assistantSeparator)
  }

  /// A message as text and places of pictures; empty for one that says nothing.
  ///
  /// Placeholders are places if there is one for each picture. Otherwise they are words like any
  /// others, and the pictures come first, a line for each.
  private func fragments(of message: Message) -> [TextFragment] {
    let text = message.text.stripped
    guard message.role == .user else { return text.isEmpty ? [] : [.text(text)] }
    if message.pictures > 0, message.placesPictures {
      let fragments = split(text)
      if Self.pictureCount(fragments) == message.pictures { return fragments }
    }
    let pictures = (0..<message.pictures).flatMap { _ in
      [TextFragment.token(imageTokenID), .text("\n")]
    }
    return text.isEmpty ? Array(pictures.dropLast()) : pictures + [.text(text)]
  }

  private static func pictureCount(_ fragments: [TextFragment]) -> Int {
    fragments.count { if case .token = $0 { true } else { false } }
  }

  private func split(_ text: String) -> [TextFragment] {
    var fragments: [TextFragment] = []
    var text = text
    text.withUTF8 { bytes in
      placeholder.split(bytes) { fragments.append(TextFragment($0)) }
    }
    return fragments
  }

  private func addPicture(to prompt: inout Prompt) {
    prompt.add(token: imageStartID)
    for _ in 0..<patchCount { prompt.add(token: imageTokenID) }
    prompt.add(token: imageEndID)
  }
}

extension PromptFormat {
  /// The format that a model file states.
  package init(
    container: Container, tokenizer: Tokenizer, patchCount: Int
  ) throws(TokenizerError) {
    var words = Words()
    do {
      let metadata = container.metadata
      words.system = try metadata.string(.promptSystem)
      words.user = try metadata.string(.promptUser)
      words.assistant = try metadata.string(.promptAssistant)
      words.userSeparator = try metadata.string(.promptUserSeparator)
      words.assistantSeparator = try metadata.string(.promptAssistantSeparator)
      words.imagePlaceholder = try metadata.string(.promptImagePlaceholder)
      words.imageStart = try metadata.string(.promptImageStart)
      words.imageEnd = try metadata.string(.promptImageEnd)
      words.pad = try metadata.string(.promptPad)
    } catch {
      throw .container(error.problem)
    }
    try self.init(words, tokenizer: tokenizer, patchCount: patchCount)
  }
}
