import Foundation
import Testing

/// docs/RECIPES.md: each recipe that is marked as tested is run as it stands there.
@Suite(.enabled(if: Nano.isThere, "Models/janus-nano is not in this checkout"))
struct RecipeTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    let script: String
    let needsPoppler: Bool
    var testDescription: String { script }
  }

  static let recipes: [Recipe] = {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/RECIPES.md")
    guard let text = try? String(contentsOf: page, encoding: .utf8) else { return [] }
    return text.components(separatedBy: "<!-- runs").dropFirst().compactMap { part in
      guard let start = part.range(of: "```sh\n"), let end = part.range(of: "\n```\n") else {
        return nil
      }
      return Recipe(
        script: String(part[start.upperBound..<end.lowerBound]),
        needsPoppler: part.hasPrefix(": poppler"))
    }
  }()

  @Test func thereAreRecipes() { #expect(Self.recipes.count >= 7) }

  @Test(arguments: recipes)
  func aRecipeWorks(_ recipe: Recipe) throws {
    if recipe.needsPoppler && !ReadingTests.hasPoppler { return }
    let scratch = try Scratch()
    for folder in ["bin", "scans", "scans/old"] {
      try FileManager.default.createDirectory(
        atPath: scratch.file(folder), withIntermediateDirectories: true)
    }
    for (name, sample) in [
      ("formula.png", "plain.png"), ("scans/a.png", "plain.png"), ("scans/old/b.png", "dark.png"),
    ] {
      try FileManager.default.copyItem(atPath: Nano.sample(sample), toPath: scratch.file(name))
    }
    try scratch.write("paper.pdf", ReadingTests.pdf(pages: 2))
    try FileManager.default.createSymbolicLink(
      atPath: scratch.file("bin/janus-lite"), withDestinationPath: CommandLineRun.executable.path)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let run = try CommandLineRun(
      ["-euc", recipe.script],
      environment: [
        "PATH": scratch.file("bin") + ":" + path, "JANUS_LITE_MODEL": try Nano.modelPath,
      ], command: URL(filePath: "/bin/sh"), in: scratch)
    #expect(run.status == 0, "\(run.errors)")
    let made = recipe.script.split(whereSeparator: \.isWhitespace).map(String.init)
    let outputs = made.indices.dropLast().filter { made[$0] == "-o" }.map { made[$0 + 1] }
    for output in outputs {
      let text = try String(contentsOfFile: scratch.file(output), encoding: .utf8)
      #expect(text.contains("\\") && text.count > 20, "\(output)")
    }
    if outputs.isEmpty, !recipe.script.contains("0.9") { #expect(!run.output.isEmpty) }
  }
}
