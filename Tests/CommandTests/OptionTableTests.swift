import Foundation
import Testing

/// The table of options of several commands in docs/COMMAND.md.
@Suite struct OptionTableTests {
  private struct Row {
    let option: String
    let commands: Set<String>
  }

  private func rows() throws -> [Row] {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/COMMAND.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let start = try #require(text.range(of: "| option | commands | meaning |\n|---|---|---|\n"))
    var commands: Set<String> = []
    return try text[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { $0.hasPrefix("|") }.map { line in
        let cells = line.split(separator: " | ")
        let option = try #require(cells[0].firstRange(of: "--"))
        let names = cells[1].split(separator: "`").filter { $0.contains { $0.isLetter } }
        if cells[1] != "the same" { commands = Set(names.map(String.init)) }
        return Row(
          option: String(cells[0][option.lowerBound...].prefix { $0.isLetter || $0 == "-" }),
          commands: commands)
      }
  }

  /// Long options in the left column of a command's help.
  private func options(_ command: [String]) throws -> Set<String> {
    let run = try CommandLineRun(command + ["--help"])
    #expect(run.status == 0)
    // Of a command that has commands of its own, what it does without one.
    if let usual = run.outputLines.first(where: { $0.contains(" (default) ") }),
      let name = usual.split(separator: " ").first
    {
      return try options(command + [String(name)])
    }
    return Set(
      run.outputLines.compactMap { line in
        guard line.hasPrefix("  "), line.dropFirst(2).first == "-" else { return nil }
        let names = line.dropFirst(2).prefix { $0 != "<" }.split(whereSeparator: {
          " ,".contains($0)
        })
        return names.first { $0.hasPrefix("--") }.map(String.init)
      })
  }

  @Test func theTableNamesTheCommandsWhoseHelpHasTheOption() throws {
    let rows = try rows()
    #expect(rows.count > 10)
    let listed = try CommandLineRun(["--help"]).outputLines.drop { $0 != "SUBCOMMANDS:" }
      .compactMap { line -> String? in
        guard line.hasPrefix("  "), let first = line.dropFirst(2).first, first.isLowercase else {
          return nil
        }
        return String(line.dropFirst(2).prefix { $0.isLetter })
      }
    let help = try Dictionary(
      Set(listed).subtracting(["help"]).map { ($0, try options([$0])) }, uniquingKeysWith: { $1 })
    #expect(help.count > 10)
    for row in rows {
      let found = Set(help.filter { $0.value.contains(row.option) }.keys)
      #expect(found == row.commands, "\(row.option)")
    }
  }
}
