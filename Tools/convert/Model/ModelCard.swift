/// What a checkpoint's card says first of it.
enum ModelCard {
  private static let file = "README.md"
  private static let mostBytes = 1 << 20
  private static let mostCharacters = 400

  /// The first paragraph of prose in the folder's README.md; nil where there is none.
  static func description(in folder: CheckpointFolder) -> String? {
    // A card describes its own folder, not one that lends it files.
    guard let tree = folder.trees.first, tree.contains(file), let source = try? tree.open(file),
      source.count <= mostBytes, let bytes = try? source.bytes(0..<source.count)
    else { return nil }
    return description(String(decoding: bytes, as: UTF8.self))
  }

  /// Passes over front matter, headings, pictures, tables, lists, code and HTML.
  static func description(_ card: String) -> String? {
    var lines = card.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
    if lines.first == "---" {
      guard let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
      lines = lines[(end + 1)...]
    }
    var isCode = false
    var paragraph: [Substring] = []
    for line in lines {
      let text = line.drop(while: \.isWhitespace)
      if text.hasPrefix("```") { isCode.toggle() }
      let isProse = !isCode && text.first.map { $0.isLetter || $0.isNumber || $0 == "*" } == true
      if isProse, !text.hasPrefix("* ") {
        paragraph.append(text)
      } else if !paragraph.isEmpty {
        break
      }
    }
    let words = paragraph.joined(separator: " ").unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
        ? " " : String(scalar)
    }.joined().split(separator: " ")
    var text = ""
    for word in words {
      guard text.count + word.count < mostCharacters else {
        return text.isEmpty ? nil : text + " …"
      }
      text += (text.isEmpty ? "" : " ") + word
    }
    return text.isEmpty ? nil : text
  }
}
