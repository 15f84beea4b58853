import Foundation
import JanusSystem

/// Names of files as they are typed in a shell, or as a terminal writes them when files are dragged into it: in
/// quotes, with backslashes before blanks, as a URI, or with ~ for the home folder.
enum DroppedFiles {
  /// The path that the whole text means.
  static func path(_ text: Substring) -> String {
    var text = text
    while text.last?.isWhitespace == true { text.removeLast() }
    for quote in ["'", "\""] where text.count > 1 && text.hasPrefix(quote) && text.hasSuffix(quote)
    {
      return String(text.dropFirst().dropLast())
    }
    if let path = try? FileName.path(String(text)) { text = Substring(path) }
    // A backslash may belong to the name.
    if SystemPath.status(of: String(text)) != nil { return String(text) }
    return words(text, separated: false).first ?? ""
  }

  /// The pictures whose names are all that a line holds; nil where it is something else.
  static func pictures(in line: String) -> [String]? {
    let whole = path(Substring(line))
    if isPicture(whole) { return [whole] }
    let paths = words(Substring(line), separated: true).map { (try? FileName.path($0)) ?? $0 }
    return !paths.isEmpty && paths.allSatisfy(isPicture) ? paths : nil
  }

  /// Whether there is a file of this name, and the name ends as those of pictures do.
  private static func isPicture(_ path: String) -> Bool {
    guard PictureInput.isPicture(named: path), let status = SystemPath.status(of: path) else {
      return false
    }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// The words of a text as a shell takes them apart.
  ///
  /// - Parameter separated: whether blanks and quotes mean something; otherwise all of it is one word.
  private static func words(_ text: Substring, separated: Bool) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in text {
      switch character {
      case _ where isEscaped:
        word = (word ?? "") + String(character)
        isEscaped = false
      case "\\" where quote != "'": isEscaped = true
      case _ where quote == character: quote = nil
      case "'" where separated && quote == nil, "\"" where separated && quote == nil:
        quote = character
        word = word ?? ""
      case _ where separated && quote == nil && character.isWhitespace:
        if let word { words.append(word) }
        word = nil
      default: word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
