import ArgumentParser
import JanusImages
import JanusLite
import JanusRequests
import JanusSystem

import enum JanusFormulas.Delimiters

/// How readings are written.
enum ReadingFormat: String, CaseIterable, ExpressibleByArgument {
  case tsv, json, csv, markdown, html

  /// Endings of files' names mean the same.
  init?(argument: String) {
    guard let format = ReadingFormat(rawValue: argument) ?? ReadingFormat(ofFile: "." + argument)
    else { return nil }
    self = format
  }

  /// What the ending of a file's name says; nil where it says nothing.
  init?(ofFile name: String) {
    guard let mark = name.lastIndex(of: ".") else { return nil }
    switch name[name.index(after: mark)...].lowercased() {
    case "tsv": self = .tsv
    case "json", "jsonl", "ndjson": self = .json
    case "csv": self = .csv
    case "md", "markdown": self = .markdown
    case "html", "htm": self = .html
    default: return nil
    }
  }

  /// Kinds of files whose programs would not open what is written, with what they open.
  private static let others = [
    "xlsx": "csv", "xls": "csv", "ods": "csv", "numbers": "csv",
    "docx": "html", "doc": "html", "odt": "html", "rtf": "html", "pdf": "html", "epub": "html",
    "pptx": "html", "odp": "html", "xhtml": "html", "ipynb": "json", "xml": "json", "yaml": "json",
    "yml": "json", "db": "csv", "sqlite": "csv", "parquet": "csv", "gz": "csv", "zip": "csv",
    "xz": "csv", "zst": "csv",
  ]

  /// The ending that a file should have in place of its own; nil where it may keep it.
  static func better(ofFile name: String) -> String? {
    name.lastIndex(of: ".").flatMap { others[name[name.index(after: $0)...].lowercased()] }
  }
}

extension Delimiters: ExpressibleByArgument {}

/// Writes readings of pictures in a format: what stands before all, one piece for each picture, and what
/// stands behind all.
struct ReadingWriter {
  let format: ReadingFormat
  /// Whether pictures' names are written.
  let names: Bool
  let delimiters: Delimiters
  /// Whether the answer's words are written in the place of its formula.
  let words: Bool
  /// Whether other readings were asked for.
  let alternatives: Bool
  /// Whether pictures that could not be read have a place among the others.
  let keepsPlaces: Bool

  var head: String {
    switch format {
    case .csv: CSV.line(columns)
    case .html: ReadingPage.head
    case .tsv, .json, .markdown: ""
    }
  }

  var foot: String { format == .html ? ReadingPage.foot : "" }

  /// A picture as a page shows it; nil in other formats, and where it cannot be written.
  func image(of picture: Picture) -> String? {
    format == .html ? ReadingPage.image(picture) : nil
  }

  /// - Parameter image: what was read, as ``image(of:)`` made it.
  func piece(
    _ reading: FormulaReading, name: String, image: String?
  ) throws(Failure) -> String {
    switch format {
    case .tsv:
      return lines(of: reading).map { line in
        let columns = (names ? [TSV.field(name)] : []) + (alternatives ? [line.probability] : [])
        return (columns + [line.text]).joined(separator: "\t") + "\n"
      }.joined()
    case .json:
      return try JSONLine.encode(
        FormulaLine(reading, image: name, alternatives: alternatives)) + "\n"
    case .csv:
      let name = Names.text(name)
      return lines(of: reading).enumerated().map { rank, line in
        CSV.line(
          [CSV.name(name)] + (alternatives ? ["\(rank + 1)"] : [])
            + [
              CSV.latex(line.text), line.probability,
              rank > 0 || reading.isValid ? "true" : "false", reading.answer.finishReason.rawValue,
              rank > 0 ? "" : reading.warnings.joined(separator: "; "),
            ])
      }.joined()
    case .markdown:
      let heading = names ? "## \(Markdown.text(Names.text(name)))\n\n" : ""
      let others = reading.alternatives.map {
        "- \(Format.fixed($0.probability, 3)): \(Delimiters.dollar.wrap($0.latex))\n"
      }.joined()
      return heading + reading.markdown + "\n\n" + (others.isEmpty ? "" : others + "\n")
    case .html:
      return ReadingPage.row(reading, name: names ? Names.text(name) : "", image: image)
    }
  }

  /// What stands for a picture that could not be read; nil where nothing does.
  func failed(name: String, error: String) throws(Failure) -> String? {
    switch format {
    case .json: try JSONLine.encode(FailedLine(images: [name], error: error)) + "\n"
    case .html: ReadingPage.failedRow(name: names ? Names.text(name) : "", error: error)
    case .tsv where keepsPlaces:
      ((names ? [TSV.field(name)] : []) + (alternatives ? [""] : []) + [""])
        .joined(separator: "\t") + "\n"
    case .csv where keepsPlaces:
      CSV.line(
        [CSV.name(Names.text(name))] + (alternatives ? ["1"] : []) + [
          "", "", "false", "error", error,
        ])
    case .markdown where keepsPlaces:
      (names ? "## \(Markdown.text(Names.text(name)))\n\n" : "") + "*\(Markdown.text(error))*\n\n"
    case .tsv, .csv, .markdown: nil
    }
  }

  private var columns: [String] {
    ["name"] + (alternatives ? ["rank"] : [])
      + ["latex", "confidence", "valid", "finish_reason", "warnings"]
  }

  /// The formula, and other readings of it.
  private func lines(of reading: FormulaReading) -> [(text: String, probability: String)] {
    let text =
      words
      ? reading.markdown.split(whereSeparator: \.isNewline).joined(separator: " ")
      : reading.hasFormula ? delimiters.wrap(reading.latex) : reading.latex
    return [(text, Format.fixed(reading.confidence, 4))]
      + reading.alternatives.map { (delimiters.wrap($0.latex), Format.fixed($0.probability, 4)) }
  }
}

/// What stands for a picture that could not be read, as JSON.
private struct FailedLine: Encodable {
  let images: [String]
  let error: String
}

/// Names of files as text.
enum Names {
  /// A name with `\xNN` for each byte that is no UTF-8.
  static func text(_ name: String) -> String {
    guard name.unicodeScalars.contains(where: { SystemPath.byte($0) != nil }) else { return name }
    return name.unicodeScalars.reduce(into: "") { text, scalar in
      if let byte = SystemPath.byte(scalar) {
        text += "\\x" + String(byte, radix: 16)
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}

/// Columns between tabs.
enum TSV {
  /// A name without tabs and ends of lines, which are written as `\t`, `\n` and so on.
  static func field(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\t": result += "\\t"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      case _ where SystemPath.byte(scalar) != nil:
        result += "\\x" + String(SystemPath.byte(scalar) ?? 0, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// Comma-separated values by RFC 4180.
enum CSV {
  static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  private static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { "\",\r\n ".utf8.contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// Whether a spreadsheet would take a cell for an instruction.
  private static func isInstruction(_ text: String) -> Bool {
    text.unicodeScalars.first.map { "=+-@\t\r\n＝＋－＠|%".unicodeScalars.contains($0) } ?? false
  }

  /// LaTeX, with a blank before it where a spreadsheet would compute it: in a formula blanks say nothing.
  static func latex(_ text: String) -> String { isInstruction(text) ? " " + text : text }

  /// A name, as `./NAME` where a spreadsheet would compute it: that is the same file.
  static func name(_ text: String) -> String { isInstruction(text) ? "./" + text : text }
}

enum Markdown {
  /// Text with nothing in it that Markdown or HTML take for markup.
  static func text(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if "\\`*_{}[]<>()#+!|~$&".unicodeScalars.contains(scalar) { result += "\\" }
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      result.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return result
  }
}
