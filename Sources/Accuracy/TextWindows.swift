import JanusWords

/// Texts as tokens, in pieces that are short enough.
struct TextWindows {
  struct Window {
    /// Which of the texts.
    let text: Int
    /// Tokens of the text before this window.
    let offset: Int
    /// The first token of every prompt, then the text's.
    let tokens: [Int]
  }

  let windows: [Window]

  /// - Parameter length: positions of a window at most, two or more.
  init(_ texts: [String], tokenizer: Tokenizer, length: Int) {
    precondition(length > 1)
    windows = texts.enumerated().flatMap { number, text in
      let tokens = tokenizer.encode(text, specialTokens: .asText)
      return stride(from: 0, to: tokens.count, by: length - 1).map { start in
        Window(
          text: number, offset: start,
          tokens: [tokenizer.bosID] + tokens[start..<min(tokens.count, start + length - 1)])
      }
    }
  }
}
