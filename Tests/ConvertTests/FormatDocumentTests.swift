import Foundation
import GGUF
import JanusModelFile
import Testing

@testable import JanusConvert

/// `docs/FORMAT.md` against the files that are written.
@Suite struct FormatDocumentTests {
  private func document() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return try String(contentsOf: root.appending(path: "docs/FORMAT.md"), encoding: .utf8)
  }

  /// What stands in backticks.
  private func terms(of text: String) -> [String] {
    text.split(separator: "\n").flatMap { line in
      line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
  }

  /// `a.{b,c}` is `a.b` and `a.c`.
  private func expanded(_ term: String) -> [String] {
    guard let begin = term.firstIndex(of: "{"), let end = term.firstIndex(of: "}"), begin < end
    else { return [term] }
    let (head, tail) = (String(term[..<begin]), String(term[term.index(after: end)...]))
    return term[term.index(after: begin)..<end].split(separator: ",").flatMap { middle in
      expanded(head + String(middle) + tail)
    }
  }

  private func convertedWithEverything() throws -> Container {
    var checkpoint = try TestCheckpoint()
    let name = "preprocessor_config.json"
    let page = try JSONParser.parse(
      Array(#"{"margin":8,"thickness":15,"folds":true,"further_thicknesses":[18]}"#.utf8))
    checkpoint.files[name] =
      try JSONParser.parse(Array(checkpoint.files[name]!.utf8))
      .setting(["formula_page"], page).text
    checkpoint.files["generation_config.json"] = #"{"confidence_temperature":0.8}"#
    checkpoint.files["README.md"] = "# A card\n\nIts first words.\n"
    let folder = try checkpoint.write()
    let path = folder.path + "/model.gguf"
    let origin = Conversion.Origin(repository: "https://hub/org/name", commit: "0123")
    _ = try Conversion(source: folder.path, threads: 2, origin: origin).write(to: path)
    return try Container(path: path)
  }

  @Test func theKeysOfAFileAreThoseOfTheDocument() throws {
    let spaces = ["general.", "janus.", "tokenizer."]
    let known = Set(
      terms(of: try document()).flatMap(expanded).filter { term in
        spaces.contains(where: term.hasPrefix) && !term.contains("/") && !term.hasSuffix(".json")
      })
    let written = Set(try convertedWithEverything().metadata.keys)
    #expect(known.subtracting(written).isEmpty, "documented and never written")
    #expect(written.subtracting(known).isEmpty, "written and not documented")
  }

  @Test func theTensorsOfAFileAreThoseOfTheDocument() throws {
    let section = try #require(
      try document().components(separatedBy: "## Tensor names").last?
        .components(separatedBy: "## Limits").first)
    let patterns = terms(of: section).flatMap(expanded).filter { $0.contains(".") }
      .map { $0.split(separator: ".").map(String.init) }
    for tensor in try convertedWithEverything().tensors {
      let components = tensor.name.split(separator: ".").map(String.init)
      let isKnown = patterns.contains { pattern in
        // `…` stands for the tensors of a block.
        let isOpen = pattern.last == "…"
        let fixed = isOpen ? Array(pattern.dropLast()) : pattern
        guard isOpen ? fixed.count < components.count : fixed.count == components.count else {
          return false
        }
        return zip(fixed, components).allSatisfy { part, component in
          part == component || ("NILJ".contains(part) && Int(component) != nil)
        }
      }
      #expect(isKnown, "\(tensor.name)")
    }
  }

  @Test func theFileSaysTheGeometryOfTheConfiguration() throws {
    let folder = try TestCheckpoint().write()
    let path = folder.path + "/model.gguf"
    let origin = Conversion.Origin(repository: "https://hub/org/name", commit: "0123")
    _ = try Conversion(source: folder.path, threads: 2, origin: origin).write(to: path)
    let stated = try Checkpoint(folder: folder.path, painting: true).geometry.geometry
    let container = try Container(path: path)
    #expect(try MetadataReader(container).geometry() == stated)
    let specs = stated.tensors
    #expect(specs.map(\.name) == container.tensors.map(\.name))
    #expect(specs.map(\.storedShape) == container.tensors.map(\.shape))
    for (spec, tensor) in zip(specs, container.tensors) {
      #expect(spec.role.formats.contains(tensor.format), "\(spec.name)")
    }
  }
}
