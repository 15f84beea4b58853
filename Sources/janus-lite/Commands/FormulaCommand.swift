import ArgumentParser
import JanusSystem

import enum JanusFormulas.Delimiters
import struct JanusFormulas.Formula

/// `janus-lite formula`: LaTeX that is there already, checked or in another notation.
struct FormulaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "formula",
    abstract: "Check the LaTeX of a formula, or write it as MathML, Typst or text.",
    discussion: """
      Reads one formula from a file or standard input; dollar signs, \\(…\\) or \\[…\\] around it do \
      not count. With --check it prints what is wrong and \
      where, a line for each problem, and ends with exit code 65 if there is any.
      """)

  /// A notation to write.
  enum Notation: String, CaseIterable, ExpressibleByArgument {
    case latex, mathml, typst, text
  }

  @Argument(
    help: ArgumentHelp("File with LaTeX; standard input without one.", valueName: "file"),
    completion: .file(extensions: ["tex", "txt"]),
    transform: FileName.path)
  var file: String?

  @Option(help: ArgumentHelp("latex, mathml, typst or text.", valueName: "notation"))
  var to = Notation.latex

  @Flag(help: "Say what is wrong instead of writing the formula.")
  var check = false

  func run() throws {
    Interrupt.listen(endingProcess: true)
    let name = file ?? InputFile.standardInput
    if let file, SystemPath.status(of: file) == nil, file.contains(where: "\\{}^$".contains) {
      throw Failure(
        .missingFile,
        "'\(file)' does not exist; a formula comes from a file or standard input: echo '…' | janus-lite formula"
      )
    }
    let bytes = try InputFile.withBytes(of: name, limit: Formula.longest) { Array($0) }
    let shown = InputFile.shownName(name)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Failure(.data, "\(shown): expected text in UTF-8, found other bytes")
    }
    // The mark that some editors write before UTF-8 is no part of the formula.
    let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let unmarked = Delimiters.content(of: Array(bytes[mark...]))
    let content = unmarked.lowerBound + mark..<unmarked.upperBound + mark
    let formula = Formula(String(decoding: bytes[content], as: UTF8.self))
    let lines = bytes[content].split(separator: UInt8(ascii: "\n")).count { line in
      !line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    }
    // Lines of one environment belong together; others are often formulas of their own.
    if lines > 1, bytes[content].firstRange(of: Array("\\begin".utf8)) == nil {
      StandardError.note("\(shown): \(lines) lines were read as one formula")
    }
    let problems = formula.problems.map { $0.description(offset: content.lowerBound) }
    if check {
      for problem in problems { try StandardOutput.line(problem) }
      let unknown = formula.unknownCommands
      if !unknown.isEmpty {
        StandardError.note("commands of no known package: \(unknown.joined(separator: " "))")
      }
      let packages = formula.packages
      if !packages.isEmpty {
        StandardError.note(
          "beside amsmath and amssymb it needs \\usepackage{\(packages.joined(separator: ","))}")
      }
      if !problems.isEmpty { throw ExitCode(Failure.Code.data.rawValue) }
      return
    }
    if let problem = problems.first {
      StandardError.note("\(shown): \(problem); written as far as it was understood")
    }
    switch to {
    case .latex: try StandardOutput.line(formula.canonicalLaTeX)
    case .mathml: try StandardOutput.line(formula.mathML())
    case .typst: try StandardOutput.line(formula.typst)
    case .text: try StandardOutput.line(formula.plainText)
    }
  }
}
