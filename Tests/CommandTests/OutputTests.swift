import Foundation
import Testing

/// What files that are written may take the place of.
@Suite struct OutputTests {
  let scratch: Scratch
  let model: String

  init() throws {
    scratch = try Scratch()
    model = try Fixture.modelPath
    for name in ["one.png", "two.png"] {
      try scratch.write(name, Fixture.pictureData("rings"))
    }
  }

  private func run(_ arguments: String...) throws -> CommandLineRun {
    try CommandLineRun(arguments, environment: ["HOME": scratch.path], in: scratch)
  }

  private func read(_ arguments: String...) throws -> CommandLineRun {
    try CommandLineRun(
      ["ocr"] + arguments + ["-m", model, "--max-tokens", "3"],
      environment: ["HOME": scratch.path], in: scratch)
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: scratch.file(name), encoding: .utf8)
  }

  @Test func readingsReplaceReadingsAndNothingElse() throws {
    try scratch.write("notes.tsv", Data("precious\n".utf8))
    for pictures in [["one.png"], ["absent.png"], ["one.png", "two.png"]] {
      let run = try CommandLineRun(
        ["ocr", "-o", "notes.tsv", "-m", model] + pictures, in: scratch)
      #expect(run.status == 64 && run.errorLines.count == 1, "\(run.errors)")
      #expect(run.errors.contains("--force") && run.output.isEmpty)
      #expect(try text("notes.tsv") == "precious\n")
    }
    #expect(try scratch.names.filter { $0.hasSuffix(".resume") }.isEmpty)
    #expect(try read("one.png", "-o", "notes.tsv", "--force").status == 0)
    let again = try read("one.png", "two.png", "-o", "notes.tsv")
    #expect(again.status == 0 && again.errors.contains("replaces 'notes.tsv' with its 1 reading"))
    #expect(try text("notes.tsv").split(separator: "\n").count == 2)
    // What somebody added since is not thrown away, with --resume neither.
    try Data((try text("notes.tsv") + "my own line\n").utf8).write(
      to: URL(filePath: scratch.file("notes.tsv")))
    for more in [[], ["--resume"]] {
      let run = try CommandLineRun(
        ["ocr", "one.png", "two.png", "-o", "notes.tsv", "-m", model, "--max-tokens", "3"] + more,
        in: scratch)
      #expect(
        run.status == 64 && run.errors.contains("not as this command wrote it"), "\(run.errors)")
      #expect(try text("notes.tsv").hasSuffix("my own line\n"))
    }
    let force = try read("one.png", "-o", "one.png", "--force")
    #expect(force.status == 64 && force.errors.contains("one of the pictures"), "\(force.errors)")
    // What a shell makes of `-o *.png`.
    #expect(try read("-o", "one.png", "two.png").status == 64)
    let new = try read("one.png", "-o", "new.png")
    #expect(new.status == 64 && new.errors.contains("name of a picture"), "\(new.errors)")
    #expect(try !scratch.names.contains { $0.hasPrefix("new.png") })
    let picture = try Data(contentsOf: URL(filePath: scratch.file("one.png")))
    #expect(picture == (try Fixture.pictureData("rings")))
  }

  @Test(arguments: ["csv", "jsonl"])
  func formatsThatAlwaysHaveNamesGoOnWithAnyNumberOfPictures(_ ending: String) throws {
    let output = "all.\(ending)"
    #expect(try read("one.png", "-o", output).status == 0)
    let more = try read("one.png", "two.png", "-o", output, "--resume")
    #expect(more.status == 0 && more.errors.contains("1 read, 1 done before"), "\(more.errors)")
    let less = try read("one.png", "-o", output, "--resume")
    #expect(less.status == 0, "\(less.errors)")
    #expect(try text(output).contains("two.png"))
    try FileManager.default.removeItem(atPath: scratch.file(output + ".resume"))
    let alone = try read("one.png", "-o", output)
    #expect(alone.status == 64 && alone.errors.contains("\(output).resume'"), "\(alone.errors)")
  }

  @Test func aPictureThatCannotBeReadHasItsRowInAFile() throws {
    let run = try read("absent.png", "-o", "all.csv")
    #expect(run.status == 66)
    #expect(try text("all.csv").contains("absent.png"))
  }

  @Test func linksStayAndWhatTheyLeadToIsReplaced() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("far"), withIntermediateDirectories: true)
    for (link, target) in [("near.tsv", "far/a.tsv"), ("far/back.tsv", "../b.tsv")] {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.file(link), withDestinationPath: target)
      let run = try read("one.png", "-o", link)
      #expect(run.status == 0, "\(run.errors)")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: scratch.file(link)) == target)
    }
    #expect(try !text("far/a.tsv").isEmpty && text("b.tsv") == text("far/a.tsv"))
    try FileManager.default.createSymbolicLink(
      atPath: scratch.file("m.gguf"), withDestinationPath: "far/m.gguf")
    #expect(try run("convert", Fixture.checkpoint, "-o", "m.gguf").status == 0)
    #expect(try run("info", "far/m.gguf", "--verify").status == 0)
    // Two links that lead to each other are told, and stay.
    for (link, target) in [("x.tsv", "y.tsv"), ("y.tsv", "x.tsv")] {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.file(link), withDestinationPath: target)
    }
    #expect(try read("one.png", "-o", "x.tsv").status != 0)
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: scratch.file("x.tsv")) == "y.tsv")
  }

  @Test func theNameOfStandardOutputIsStandardOutput() throws {
    let plain = try read("one.png")
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
      let run = try read("one.png", "-o", name)
      #expect(run.status == 0 && run.output == plain.output, "\(name): \(run.errors)")
    }
    let codes = try scratch.write(
      "codes.json", Data("[\(Array(repeating: "0", count: 64).joined(separator: ","))]".utf8))
    let picture = try run("decode", codes, "-m", model, "-o", "/dev/stdout")
    #expect(picture.status == 0 && picture.output.contains("PNG"))
  }

  @Test func modelsAndWhatWasMeasuredOfThemDoNotReplaceEachOther() throws {
    #expect(try run("convert", Fixture.checkpoint, "-o", "m.gguf", "--quant", "bf16").status == 0)
    let before = try Data(contentsOf: URL(filePath: scratch.file("m.gguf")))
    func calibrate(_ output: String) throws -> CommandLineRun {
      try CommandLineRun(
        [
          "calibrate", "-m", "m.gguf", "--pictures", "one.png", "--texts",
          scratch.write("t.txt", Data("x^{2}\n".utf8)), "--prompts",
          scratch.write("p.txt", Data("a red circle\n".utf8)), "--max-tokens", "2", "-o", output,
        ], in: scratch)
    }
    let own = try calibrate("m.gguf")
    #expect(own.status == 64 && own.errors.contains("found a model"), "\(own.errors)")
    #expect(try Data(contentsOf: URL(filePath: scratch.file("m.gguf"))) == before)
    #expect(try calibrate("i.gguf").status == 0)
    #expect(try calibrate("i.gguf").errors.contains("replaces 'i.gguf'"))
    let stream = try calibrate("-")
    #expect(stream.status == 0 && stream.output.hasPrefix("GGUF"), "\(stream.errors)")
    let model = try run("convert", Fixture.checkpoint, "-o", "i.gguf")
    #expect(model.status == 64 && model.errors.contains("calibrate"), "\(model.errors)")
    // Nothing was replaced where there is nothing to convert.
    let absent = try run("convert", "absent", "-o", "m.gguf")
    #expect(absent.status == 66 && !absent.errors.contains("replaces"))
    let taken = try run("chat", "-m", "i.gguf", "x")
    #expect(taken.status == 65 && taken.errors.contains("calibrate"), "\(taken.errors)")
    let named = try CommandLineRun(
      ["info"], environment: ["JANUS_LITE_MODEL": scratch.file("i.gguf")])
    #expect(named.status == 0 && named.output.contains("no model: it is what 'calibrate'"))
    let info = try run("info", "i.gguf")
    #expect(info.status == 65 && info.errors.contains("calibrate"), "\(info.errors)")
  }

  @Test func aFolderWithoutPicturesDoesNotStopTheOthers() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("empty"), withIntermediateDirectories: true)
    let run = try read("one.png", "empty", "two.png", "--json")
    #expect(run.status == 65 && run.outputLines.count == 3, "\(run.errors)")
    #expect(run.outputLines[1].contains("found none") && run.errors.contains("2 read, 1 failed"))
  }

  @Test func theEndingOfTheFileChoosesTheFormat() throws {
    let starts = [
      "a.csv": "name,latex,", "a.json": "{", "a.JSONL": "{", "a.html": "<!DOCTYPE html>",
      "a.md": "## one.png", "a.tsv": "one.png\t", "a.txt": "one.png\t",
    ]
    for (name, start) in starts {
      let run = try read("one.png", "two.png", "-o", name)
      #expect(run.status == 0, "\(run.errors)")
      let written = try text(name)
      #expect(written.lowercased().hasPrefix(start.lowercased()), "\(name): \(written.prefix(40))")
    }
    // What is said counts more.
    for option in [["--format", "csv"], ["--json"]] {
      let name = "b\(option.count).html"
      let run = try CommandLineRun(
        ["ocr", "one.png", "-o", name, "-m", model, "--max-tokens", "3"] + option, in: scratch)
      #expect(run.status == 0, "\(run.errors)")
      #expect(try !text(name).hasPrefix("<"))
    }
  }

  @Test func devicesAndPipesAreWrittenTo() throws {
    let null = try read("one.png", "-o", "/dev/null")
    #expect(null.status == 0 && null.output.isEmpty && !null.errors.contains("error"))
    #expect(try read("one.png", "-o", "/dev/null", "--resume").status == 64)
    #expect(try scratch.names.filter { $0.hasSuffix(".resume") }.isEmpty)
    let plain = try read("one.png", "--format", "csv")
    let script = "mkfifo p.csv && { cat p.csv > got & \"$0\" \"$@\" && wait; }"
    let command = CommandLineRun.executable.path(percentEncoded: false)
    let pipe = try CommandLineRun(
      ["-c", script, command, "ocr", "one.png", "-o", "p.csv", "-m", model, "--max-tokens", "3"],
      command: URL(filePath: "/bin/sh"), in: scratch)
    #expect(pipe.status == 0 && pipe.output.isEmpty, "\(pipe.errors)")
    #expect(try text("got") == plain.output)
    #if os(Linux)
      let full = try read("one.png", "-o", "/dev/full")
      #expect(full.status == 74 && full.errors.contains("cannot write to '/dev/full'"))
    #endif
  }

  @Test func forceSaysWhatItReplacesAndSparesWhatIsRead() throws {
    try scratch.write("notes.tsv", Data("mine\n".utf8))
    let forced = try read("one.png", "-o", "notes.tsv", "--force")
    #expect(forced.status == 0 && forced.errors.contains("replaces 'notes.tsv'"))
    let list = try scratch.write("list", Data("one.png\n".utf8))
    try FileManager.default.copyItem(atPath: model, toPath: scratch.file("m.gguf"))
    try FileManager.default.createSymbolicLink(
      atPath: scratch.file("link"), withDestinationPath: "m.gguf")
    for (arguments, reason) in [
      (["--files-from", list, "-o", "list"], "the list"),
      (["one.png", "-o", "m.gguf"], "the model"),
      (["one.png", "-o", "link"], "the model"),
      (["one.png", "-o", "one.png"], "one of the pictures"),
    ] {
      let before = try Data(contentsOf: URL(filePath: scratch.file(arguments.last ?? "")))
      let run = try CommandLineRun(
        ["ocr", "--force", "-m", "m.gguf"] + arguments, in: scratch)
      #expect(run.status == 64 && run.errors.contains(reason), "\(run.errors)")
      #expect(try Data(contentsOf: URL(filePath: scratch.file(arguments.last ?? ""))) == before)
    }
    #expect(try scratch.names.filter { $0.hasSuffix(".resume") } == ["notes.tsv.resume"])
  }

  @Test func aListWithoutNamesIsToldAndIsNoError() throws {
    for name in ["/dev/null", try scratch.write("empty", Data("\n\n".utf8))] {
      let run = try read("--files-from", name)
      #expect(
        run.status == 0 && run.errors.contains("'\(name)' names no pictures"), "\(run.errors)")
      #expect(try read("one.png", "--files-from", name).outputLines.count == 1)
    }
  }

  @Test func whatIsNoFileIsToldWhereItBelongs() throws {
    let address = try read("https://example.com/a.png")
    #expect(address.status == 66 && address.errors.contains("download it first"))
    for formula in ["\\frac{1}{2}", "$x$", "frac{1}{2}"] {
      let run = try read(formula)
      #expect(run.status == 66 && run.errors.contains("'janus-lite formula'"), "\(run.errors)")
    }
    let absent = try read("absent {1}.png")
    #expect(absent.status == 66 && !absent.errors.contains("janus-lite formula"))
  }
}
