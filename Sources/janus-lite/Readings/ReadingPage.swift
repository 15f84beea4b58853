import Foundation
import JanusImages
import JanusLite

/// A page of HTML with each picture beside its formula. It is one file, loads nothing and runs nothing.
enum ReadingPage {
  /// A picture on the page has no more pixels on a side.
  private static let longestSide = 1200

  static let head = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Formulas</title>
    <style>
    :root { color-scheme: light dark; }
    body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
    figure { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: center;
      border-top: 1px solid #8888; margin: 0; padding: 1rem 0; }
    figure img { background: #fff; max-width: 100%; }
    figcaption { overflow-x: auto; }
    math { font-size: 1.3rem; }
    code { display: block; overflow-wrap: anywhere; white-space: pre-wrap; }
    .name { grid-column: 1 / -1; font-weight: 600; overflow-wrap: anywhere; }
    .note, .error { color: #b30; }
    @media (max-width: 40rem) { figure { grid-template-columns: 1fr; } }
    </style>
    </head>
    <body>

    """

  static let foot = "</body>\n</html>\n"

  static func row(_ reading: FormulaReading, name: String, image: String?) -> String {
    let parts =
      [
        reading.hasFormula ? reading.mathML : "",
        "<code>\(escaped(reading.latex))</code>",
        "<p>confidence \(Format.fixed(reading.confidence, 3))</p>",
      ] + reading.warnings.map { "<p class=\"note\">\(escaped($0))</p>" }
      + reading.alternatives.map {
        "<p>or, with \(Format.fixed($0.probability, 3)):</p><code>\(escaped($0.latex))</code>"
      }
    return figure(name, image ?? "", parts.joined(separator: "\n"))
  }

  static func failedRow(name: String, error: String) -> String {
    figure(name, "", "<p class=\"error\">\(escaped(error))</p>")
  }

  private static func figure(_ name: String, _ image: String, _ caption: String) -> String {
    let title = name.isEmpty ? "" : "<div class=\"name\">\(escaped(name))</div>\n"
    return "<figure>\n\(title)<div>\(image)</div>\n<figcaption>\(caption)</figcaption>\n</figure>\n"
  }

  /// The picture in the page itself, without anything else that its file held.
  static func image(_ picture: Picture) -> String? {
    var shown = picture
    let side = max(picture.width, picture.height)
    if side > longestSide {
      shown = picture.resized(
        toWidth: max(1, picture.width * longestSide / side),
        height: max(1, picture.height * longestSide / side))
    }
    guard let bytes = try? shown.encodePNG() else { return nil }
    let data = Data(bytes).base64EncodedString()
    return "<img alt=\"\" width=\"\(shown.width)\" src=\"data:image/png;base64,\(data)\">"
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
