import Foundation
import Testing

/// docs/RECIPES.md: each recipe is run as it stands there.
@Suite(.enabled(if: Nano.isThere, "Models/janus-nano is not in this checkout"))
struct RecipeTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    enum Kind: String { case plain, poppler, desktop, watch }

    let script: String
    let kind: Kind
    var testDescription: String { script }
  }

  private static let page: String = {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/RECIPES.md")
    return (try? String(contentsOf: page, encoding: .utf8)) ?? ""
  }()

  static let recipes: [Recipe] = page.components(separatedBy: "<!-- runs").dropFirst().compactMap {
    part in
    guard let mark = part.range(of: " -->\n"), let start = part.range(of: "```sh\n"),
      let end = part.range(of: "\n```\n")
    else { return nil }
    let kind = part[..<mark.lowerBound].trimmingPrefix(": ")
    return Recipe(
      script: String(part[start.upperBound..<end.lowerBound]),
      kind: Recipe.Kind(rawValue: String(kind)) ?? .plain)
  }

  static func recipes(_ kinds: Recipe.Kind...) -> [Recipe] {
    recipes.filter { kinds.contains($0.kind) }
  }

  @Test func eachRecipeOfThePageIsRun() {
    #expect(Self.recipes.count >= 15)
    #expect(Self.page.components(separatedBy: "```sh\n").count - 1 == Self.recipes.count)
  }

  /// Pictures, a PDF and a checkpoint, as the recipes name them, and the command as `janus-lite`.
  private func workplace() throws -> Scratch {
    let scratch = try Scratch()
    for folder in ["bin", "scans", "scans/old", "Pictures/Screenshots"] {
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
      atPath: scratch.file("Janus-Pro"), withDestinationPath: Fixture.checkpoint)
    // Its process is known, so that it can be interrupted.
    let command = CommandLineRun.executable.path(percentEncoded: false)
    try program(
      "janus-lite", "echo $$ > '\(scratch.file("pid"))'; exec '\(command)' \"$@\"", scratch)
    return scratch
  }

  private func program(_ name: String, _ script: String, _ scratch: Scratch) throws {
    let path = try scratch.write("bin/\(name)", Data("#!/bin/sh\n\(script)\n".utf8))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  private func environment(_ scratch: Scratch) throws -> [String: String] {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return [
      "PATH": scratch.file("bin") + ":" + path, "JANUS_LITE_MODEL": try Nano.modelPath,
      "HOME": scratch.path,
    ]
  }

  private func run(_ script: String, _ scratch: Scratch) throws -> CommandLineRun {
    try CommandLineRun(
      ["-euc", script], environment: environment(scratch), command: URL(filePath: "/bin/sh"),
      in: scratch)
  }

  @Test(arguments: recipes(.plain, .poppler))
  func aRecipeWorks(_ recipe: Recipe) throws {
    if recipe.kind == .poppler && !ReadingTests.hasPoppler { return }
    let scratch = try workplace()
    let run = try run(recipe.script, scratch)
    #expect(run.status == 0, "\(run.errors)")
    let made = recipe.script.split(whereSeparator: \.isWhitespace).map(String.init)
    let outputs = made.indices.dropLast().filter { made[$0] == "-o" }.map { made[$0 + 1] }
      .filter { !$0.hasSuffix(".gguf") }
    for output in outputs {
      let text = try String(contentsOfFile: scratch.file(output), encoding: .utf8)
      #expect(text.contains("\\") && text.count > 20, "\(output)")
    }
    if outputs.isEmpty, !recipe.script.contains("0.9") { #expect(!run.output.isEmpty) }
  }

  /// The desktop's programs, as far as the recipes need them: the screen and the clipboard hold a formula
  /// first, and what is put into the clipboard is in a file.
  private func desktop(_ scratch: Scratch) throws {
    let (screen, clipboard) = (scratch.file("formula.png"), scratch.file("clipboard"))
    let reads = "cat '\(screen)'"
    let writes = "cat > '\(clipboard).new'; mv '\(clipboard).new' '\(clipboard)'"
    let programs = [
      "maim": reads, "grim": "test \"$2\" = '0,0 9x9' && \(reads)", "slurp": "echo 0,0 9x9",
      "wl-paste": reads, "pngpaste": reads, "screencapture": ":", "pbcopy": writes,
      "xclip": "case \" $* \" in *' -o '*) \(reads) ;; *) \(writes) ;; esac",
      "wl-copy": "case \"$*\" in *--trim-newline*) tr -d '\\n' ;; *) cat ;; esac | (\(writes))",
    ]
    for (name, script) in programs { try program(name, script, scratch) }
  }

  @Test(arguments: recipes(.desktop))
  func aRecipeOfTheClipboardPutsTheFormulaThere(_ recipe: Recipe) throws {
    let scratch = try workplace()
    try desktop(scratch)
    for line in recipe.script.split(separator: "\n") {
      let run = try run(String(line), scratch)
      #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
      let text = try String(contentsOfFile: scratch.file("clipboard"), encoding: .utf8)
      #expect(try text == Nano.answers["plain.png"], "\(line)")
      try FileManager.default.removeItem(atPath: scratch.file("clipboard"))
    }
  }

  @Test(arguments: recipes(.watch))
  func aRecipeThatWatchesReadsWhatComes(_ recipe: Recipe) throws {
    let scratch = try workplace()
    try desktop(scratch)
    let process = CommandLineRun.process(
      ["-euc", recipe.script], environment: try environment(scratch),
      command: URL(filePath: "/bin/sh"))
    let output = try scratch.write("output", Data())
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle.nullDevice
    process.currentDirectoryURL = URL(filePath: scratch.path)
    try process.run()
    let answer = try #require(try Nano.answers["plain.png"])
    let places = [output, scratch.file("clipboard")]
    func hasCome() -> Bool {
      places.contains {
        (try? String(contentsOfFile: $0, encoding: .utf8))?.contains(answer) == true
      }
    }
    // Whenever it has begun to look, one of these is new.
    for number in 0..<120 where !hasCome() {
      try scratch.write(
        "Pictures/Screenshots/\(number).png",
        Data(contentsOf: URL(filePath: scratch.file("formula.png"))))
      usleep(500_000)
    }
    #expect(hasCome())
    let text = try String(contentsOfFile: scratch.file("pid"), encoding: .utf8)
    let number = try #require(
      Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    kill(number, SIGINT)
    process.waitUntilExit()
    #expect([0, 130].contains(process.terminationStatus))
  }
}
