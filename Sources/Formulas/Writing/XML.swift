/// An element of MathML under construction: its markup, and what the lists around it need to know.
struct XML {
  enum Kind: Equatable { case element, number, space, operators, empty }
  var text: String
  var kind = Kind.element

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: if !Grammar.isControl(scalar) { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }

  static func element(_ name: String, _ content: String) -> String { element(name, "", content) }

  static func element(_ name: String, _ attributes: String, _ content: String) -> String {
    let space = attributes.isEmpty ? "" : " "
    return "<\(name)\(space)\(attributes)>\(content)</\(name)>"
  }

  /// One element for a list of them.
  static func row(_ parts: [XML]) -> String {
    parts.count == 1 ? parts[0].text : element("mrow", parts.map(\.text).joined())
  }
}
