import Foundation
import Testing

/// What bash offers where Tab is pressed.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "no bash"))
struct CompletionTests {
  private static let script = """
    j=$1; shift
    source <("$j" --generate-completion-script bash)
    f=$(complete -p janus-lite | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    COMP_WORDS=(janus-lite "$@"); COMP_CWORD=$#; COMP_LINE="janus-lite $*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
    $f janus-lite "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """

  private func offered(_ words: String..., in place: Scratch? = nil) throws -> Set<String> {
    let command = CommandLineRun.executable.path(percentEncoded: false)
    let run = try CommandLineRun(
      ["-c", Self.script, "bash", command] + words, command: URL(filePath: "/bin/bash"), in: place)
    #expect(run.status == 0, "\(run.errors)")
    return Set(run.outputLines.map { $0.trimmingCharacters(in: .whitespaces) })
  }

  @Test func valuesOfOptionsAreOffered() throws {
    let sets = try offered("ocr", "--isa", "")
    #expect(sets.contains("portable"))
    // Those of this processor, which `info` lists.
    let info = try CommandLineRun(["info", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any]
    let machine = object?["machine"] as? [String: Any]
    #expect(sets == Set(machine?["available_instruction_sets"] as? [String] ?? []))
    #expect(try offered("bench", "--stages", "de") == ["decode"])
    #expect(try offered("bench", "--stages", "").contains("first-token"))
    #expect(try offered("ocr", "--format", "") == ["tsv", "json", "csv", "markdown", "html"])
    #expect(try offered("convert", "--progress", "") == ["auto", "plain", "none"])
    #expect(try offered("pull", "1") == ["1b"])
    #expect(try offered("ch") == ["chat"])
  }

  @Test func onlyPicturesAreOfferedToOCR() throws {
    let scratch = try Scratch()
    for name in ["a.png", "b.JPG", "c.pdf", "m.gguf", "notes.txt", "d.tiff"] {
      try scratch.write(name, Data())
    }
    try FileManager.default.createDirectory(
      atPath: scratch.file("folder"), withIntermediateDirectories: true)
    #expect(try offered("ocr", "", in: scratch) == ["a.png", "b.JPG", "c.pdf", "d.tiff", "folder"])
    #expect(try offered("chat", "--image", "", in: scratch).isDisjoint(with: ["m.gguf", "c.pdf"]))
    #expect(try offered("ocr", "-m", "", in: scratch) == ["m.gguf", "folder"])
  }
}
