import Foundation
import Testing

/// Files named in all the ways that shells, desktops and old archives give names.
@Suite struct NamesTests {
  let scratch: Scratch
  let model: String
  let answer: String

  init() throws {
    scratch = try Scratch()
    model = try Fixture.modelPath
    try scratch.write("a ü.png", Fixture.pictureData("rings"))
    let run = try CommandLineRun(
      ["ocr", scratch.file("a ü.png"), "-m", model, "--max-tokens", "6"])
    answer = run.output
    #expect(run.status == 0 && !answer.isEmpty, "\(run.errors)")
  }

  private func read(_ name: String, _ more: [String] = []) throws -> CommandLineRun {
    try CommandLineRun(
      ["ocr", name, "-m", model, "--max-tokens", "6"] + more, environment: ["HOME": scratch.path],
      in: scratch)
  }

  @Test func addressesOfFilesAreFiles() throws {
    let path = scratch.path.replacing(" ", with: "%20")
    for uri in [
      "file://\(path)/a%20%C3%BC.png", "file://localhost\(path)/a%20ü.png",
      "FILE:\(path)/a%20%c3%bc.png",
    ] {
      let run = try read(uri)
      #expect(run.output == answer && run.status == 0, "\(uri): \(run.errors)")
    }
    for wrong in ["file://elsewhere/a.png", "file:///a%2", "file:///a%zz", "file:///a%00b"] {
      let run = try read(wrong)
      #expect(run.status == 64 && run.output.isEmpty && run.errorLines.count == 1, "\(run.errors)")
    }
  }

  @Test func aTildeThatNoShellReplacedIsTheHomeFolder() throws {
    #expect(try read("~/a ü.png").output == answer)
    // A file of that very name comes first.
    try FileManager.default.createDirectory(
      atPath: scratch.file("~"), withIntermediateDirectories: true)
    try scratch.write("~/b.png", Fixture.pictureData("rings"))
    #expect(try read("~/b.png").output == answer)
    #expect(try read("~nobody-of-this-name/x.png").status == 66)
  }

  /// Each command takes such names, for what it reads and for what it writes.
  @Test func everyCommandTakesThem() throws {
    func run(_ arguments: [String], input: String = "") throws -> CommandLineRun {
      let run = try CommandLineRun(
        arguments, input: Data(input.utf8), environment: ["HOME": scratch.path], in: scratch)
      #expect(run.status == 0, "\(arguments): \(run.errors)")
      return run
    }
    let uri = "file://\(scratch.path)/"
    _ = try run(["convert", "file://\(Fixture.checkpoint)", "-o", "~/m.gguf", "--quant", "int8"])
    _ = try run(["info", "~/m.gguf"])
    _ = try run(["info", "-m", uri + "m.gguf"])
    let paint = ["generate", "x", "--seed", "1", "-m", "~/m.gguf"]
    _ = try run(paint + ["-o", "~/p.png", "--grid", uri + "g.png", "--preview", "~/v.png"])
    _ = try run(["generate", "--like", "~/p.png", "-o", uri + "again", "-m", "~/m.gguf"])
    let json = try run(paint + ["--json", "-o", "~/again"]).output
    try scratch.write("codes.json", Data(json.utf8))
    _ = try run(["decode", "~/codes.json", "-o", uri + "d.jpg", "-m", uri + "m.gguf"])
    _ = try run(
      ["chat", "x", "--image", "~/a ü.png", "-m", "~/m.gguf", "--max-tokens", "2"])
    try scratch.write("list", Data("~/a ü.png\n\(uri)a%20ü.png\n".utf8))
    let listed = try run(
      ["ocr", "--files-from", "~/list", "-o", "~/all.tsv", "-m", "~/m.gguf", "--max-tokens", "6"])
    #expect(listed.output.isEmpty)
    try scratch.write("f.tex", Data("x^2".utf8))
    #expect(try run(["formula", "~/f.tex"]).output == "x^{2}\n")
    let line = #"{"id": 1, "image": "\#(uri)a%20ü.png", "max_tokens": 2}"#
    #expect(try !run(["worker", "-m", "~/m.gguf"], input: line + "\n").output.contains("error"))
    let named = try CommandLineRun(
      ["tokenize", "x"], environment: ["HOME": scratch.path, "JANUS_LITE_MODEL": "~/m.gguf"])
    #expect(named.status == 0, "\(named.errors)")
    #expect(
      try scratch.names == [
        "a ü.png", "again", "all.tsv", "all.tsv.resume", "codes.json", "d.jpg", "f.tex", "g.png",
        "list", "m.gguf", "p.png", "v.png",
      ])
  }

  /// A shell script, since Foundation repairs the bytes of arguments.
  private func shell(_ script: String) throws -> CommandLineRun {
    let command = CommandLineRun.executable.path(percentEncoded: false)
    return try CommandLineRun(
      ["-c", "n=$(printf 'caf\\351'); j='\(command)'; m='\(model)'; set -e; \(script)"],
      command: URL(filePath: "/bin/sh"), in: scratch)
  }

  @Test(
    .enabled(if: isLinux, "other systems have names in UTF-8 only"),
    arguments: [
      "cp 'a ü.png' $n.png; $j ocr $n.png -m $m --max-tokens 6",
      "mkdir $n; cp 'a ü.png' $n/$n.png; $j ocr $n -m $m --no-name --max-tokens 6",
      "cp 'a ü.png' $n.png; ls $n.png | $j ocr --files-from - -m $m --no-name --max-tokens 6",
      "cp 'a ü.png' \"$n\n.png\"; find . -name \"$n*\" -print0 "
        + "| $j ocr --files-from - -m $m --no-name --max-tokens 6",
      "cp $m $n.gguf; $j ocr 'a ü.png' -m $n.gguf --max-tokens 6",
      "cp -R '\(Fixture.checkpoint)' $n; $j convert $n -o $n.gguf --quant int8; test -s $n.gguf; "
        + "$j ocr 'a ü.png' -m $n.gguf --max-tokens 6",
      "$j generate x --seed 1 -o $n.png -m $m >p; test \"$(cat p)\" = $n.png; test -s $n.png; "
        + "$j ocr 'a ü.png' -m $m --max-tokens 6",
      "$j generate x --seed 1 -o $n -m $m >p; test -s \"$(cat p)\"; "
        + "$j ocr 'a ü.png' -m $m --max-tokens 6",
      "$j ocr 'a ü.png' -m $m --max-tokens 6 -o $n.tsv; cat $n.tsv",
    ])
  func namesThatAreNoTextWork(_ script: String) throws {
    let run = try shell(script)
    #expect(run.status == 0 && run.output == answer, "\(run.errors)")
  }

  #if os(Linux)
    static let isLinux = true
  #else
    static let isLinux = false
  #endif

  @Test(.enabled(if: isLinux, "other systems have names in UTF-8 only"))
  func aTableWritesBytesThatAreNoTextAsEscapes() throws {
    let run = try shell("cp 'a ü.png' $n.png; $j ocr $n.png 'a ü.png' -m $m --max-tokens 6")
    #expect(run.outputLines.first == "caf\\xe9.png\t" + answer.dropLast(), "\(run.output)")
  }

  @Test func namesOfModelsAreTakenByEveryCommand() throws {
    let folder = scratch.file("data/janus-lite/models/me")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: model, toPath: "\(folder)/mine-int8.gguf")
    for arguments in [["tokenize", "x"], ["info"], ["chat", "x", "--max-tokens", "1"]] {
      let run = try CommandLineRun(
        arguments + ["-m", "mine-int8"], environment: ["XDG_DATA_HOME": scratch.file("data")])
      #expect(run.status == 0 && !run.output.isEmpty, "\(arguments): \(run.errors)")
    }
  }
}
