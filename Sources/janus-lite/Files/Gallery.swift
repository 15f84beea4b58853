import Foundation
import JanusEngine
import JanusImages
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// Where painted pictures go: a folder, one file, or standard output.
struct Gallery {
  enum Place: Equatable {
    case folder(String)
    case file(String)
    case standardOutput
  }

  let place: Place
  /// The names in a folder, without ending: `{prompt}`, `{seed}` and `{i}` stand for the picture's own.
  private let template: String
  private let format: PictureFile.Format
  private let quality: Int
  private let replaces: Bool
  /// Paths of other files, in standard form.
  private let reserved: Set<String>

  static let usualNames = "{prompt}-{seed}"
  private static let pictureEndings: Set<String> = [
    "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "heic", "avif",
  ]

  /// Endings of files that are no pictures, which a folder hardly has.
  private static let otherEndings: Set<String> = [
    "txt", "pdf", "svg", "json", "jsonl", "csv", "html", "md", "eps", "psd", "ppm", "ico", "mp4",
    "zip", "gguf",
  ]

  /// Why nothing can go to a place; nil where all is well.
  static func problem(ofPlace output: String) -> String? {
    let ending = URL(filePath: output).pathExtension.lowercased()
    guard otherEndings.contains(ending), !output.hasSuffix("/"), !PictureInput.isFolder(output)
    else { return nil }
    return "expected a folder, or a name in .png, .jpg or .webp, found '\(output)'"
  }

  /// What `--output` means: `-`, a name of a picture, or a folder.
  static func place(_ output: String) -> Place {
    if output == "-" { return .standardOutput }
    let isFolder = PictureInput.isFolder(output)
    let ending = URL(filePath: output).pathExtension.lowercased()
    return !isFolder && !output.hasSuffix("/") && pictureEndings.contains(ending)
      ? .file(output) : .folder(output)
  }

  /// Makes the folder where it does not exist, and checks that it can be written to before anything
  /// is painted.
  ///
  /// - Parameter replaces: whether a file that is no painting of this program may be replaced.
  init(
    folder output: String, names template: String = Gallery.usualNames, format: PictureFile.Format,
    quality: Int, replaces: Bool = false, reserved: [String]
  ) throws(Failure) {
    place = Self.place(output)
    self.template = template
    self.quality = quality
    self.replaces = replaces
    self.reserved = Set(reserved.map(Self.standardized))
    switch place {
    case .standardOutput: self.format = format
    case .file(let path): self.format = try PictureFile(path: path, quality: quality).format
    case .folder(let folder):
      self.format = format
      try Self.make(folder)
      guard SystemPath.withBytes(of: folder, { access($0, W_OK) }) == 0 else {
        throw Failure(
          .inputOutput, "cannot write to folder '\(folder)': \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Two names of one place give the same text.
  static func standardized(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// Makes a folder, and those that it lies in.
  private static func make(_ folder: String) throws(Failure) {
    if PictureInput.isFolder(folder) { return }
    // All up to the slash before the name, which may have slashes behind it.
    var parent = Substring(folder)
    while parent.last == "/" { parent.removeLast() }
    while let last = parent.last, last != "/" { parent.removeLast() }
    if !parent.isEmpty, parent.count < folder.count { try make(String(parent)) }
    guard SystemPath.withBytes(of: folder, { mkdir($0, 0o777) }) == 0 else {
      throw Failure(
        .inputOutput, "cannot make folder '\(folder)': \(String(cString: strerror(errno)))")
    }
  }

  /// What a picture is called.
  struct Title {
    let prompt: String
    let seed: UInt64
    /// Among all pictures, from 1 on.
    var index = 1
    /// Pictures in all.
    var count = 1
    /// Pattern of its name; nil for the gallery's own.
    var names: String?
  }

  /// The path of a picture, unless another picture has that path. Nil for standard output.
  func path(_ title: Title) -> String? { path(title, number: 1) }

  private func path(_ title: Title, number: Int) -> String? {
    switch place {
    case .standardOutput: return nil
    case .file(let path):
      guard title.count > 1 else { return path }
      let ending = URL(filePath: path).pathExtension
      return String(path.dropLast(ending.count + 1)) + "-\(title.index).\(ending)"
    case .folder(let folder):
      let suffix = number == 1 ? "" : "-\(number)"
      let names = Self.withoutEnding(title.names ?? template, format)
      let name = Self.name(names, prompt: title.prompt, seed: title.seed, index: title.index)
      let file = "\(name)\(suffix).\(format.ending)"
      return folder == "." ? file : folder + (folder.hasSuffix("/") ? "" : "/") + file
    }
  }

  /// A template with its picture's own values; each stays one name without slashes.
  static func name(_ template: String, prompt: String, seed: UInt64, index: Int) -> String {
    template.replacing("{prompt}", with: slug(prompt)).replacing("{seed}", with: "\(seed)")
      .replacing("{i}", with: "\(index)")
  }

  private static func endings(_ format: PictureFile.Format) -> [String] {
    format == .jpeg ? [".jpg", ".jpeg"] : ["." + format.ending]
  }

  /// A pattern whose files get their format's ending anyway may have it, too.
  private static func withoutEnding(_ pattern: String, _ format: PictureFile.Format) -> String {
    let ending = endings(format).first {
      pattern.lowercased().hasSuffix($0) && pattern.count > $0.count
    }
    return String(pattern.dropLast(ending?.count ?? 0))
  }

  /// Why a pattern gives no names; nil for one that does.
  static func problem(ofNames pattern: String, _ format: PictureFile.Format) -> String? {
    guard !pattern.isEmpty, !pattern.contains("/"), !pattern.contains("\0"), pattern != ".",
      pattern != ".."
    else { return "expected a name without slashes, found '\(pattern)'" }
    let braces = pattern.matches(of: /\{[^{}]*\}/).map { String($0.output) }
    let ending = pattern.split(separator: ".").dropFirst().last.map { ".\($0)".lowercased() }
    if let ending, let other = PictureFile.Format(argument: String(ending.dropFirst())),
      !endings(other).contains(where: { endings(format).contains($0) })
    {
      return
        "expected a name without ending or with .\(format.ending), found '\(pattern)'; --format \(other.rawValue) writes the other kind"
    }
    let known = ["{prompt}", "{seed}", "{i}"]
    if let other = braces.first(where: { !known.contains($0) }) {
      return "expected \(known.joined(separator: ", ")), found '\(other)'"
    }
    return nil
  }

  /// The paintings of the folder.
  func paintings() -> Paintings {
    guard case .folder(let folder) = place else { return Paintings(in: [], ending: "") }
    let names = (SystemPath.names(in: folder) ?? []).sorted()
    let prefix = folder == "." ? "" : folder + (folder.hasSuffix("/") ? "" : "/")
    return Paintings(in: names.map { prefix + $0 }, ending: format.ending)
  }

  /// Whether a file that stands there may be replaced: nothing, or a painting of this program.
  ///
  /// - Throws: where it is something else.
  func check(_ path: String, option: String = "-o") throws(Failure) {
    try Self.check(path, option: option, replaces: replaces)
  }

  /// - Parameter replaces: whether anything may be replaced.
  static func check(_ path: String, option: String, replaces: Bool) throws(Failure) {
    guard !replaces, case let kind? = found(at: path), kind == .other else { return }
    throw Failure(
      .usage,
      "\(option) '\(path)': expected a new file or a painting to replace, found another kind of file; "
        + "--force replaces it")
  }

  enum Found {
    case painting, other
  }

  static func found(at path: String) -> Found? {
    guard let status = SystemPath.status(of: path) else { return nil }
    // Devices and pipes are told by who writes to them.
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else { return nil }
    let text = try? InputFile.withBytes(of: path, limit: 1 << 28) { PictureText.pairs(in: $0) }
    return text?.contains { $0.key == "Software" && $0.value.hasPrefix("janus-lite") } == true
      ? .painting : .other
  }

  /// Returns the path, nil for standard output. In a folder it is the first that is free, or that holds
  /// exactly these bytes already: prompts with the same first words, or other settings, may give another
  /// picture the same name. `whole` is called once the picture is there.
  func write(
    _ picture: Picture, _ title: Title, text: [(key: String, value: String)],
    whole: () -> Void = {}
  ) throws(Failure) -> String {
    guard let first = path(title) else {
      let file = PictureFile(path: "standard output", format: format, quality: quality)
      try StandardOutput.write(file.encoded(picture, text: text))
      whole()
      return "-"
    }
    var file = PictureFile(path: first, format: format, quality: quality)
    let bytes = try file.encoded(picture, text: text)
    if case .folder = place, !replaces {
      var number = 1
      while reserved.contains(Self.standardized(file.path)) || Self.holdsOther(file.path, bytes) {
        number += 1
        let next = path(title, number: number) ?? first
        file = PictureFile(path: next, format: format, quality: quality)
      }
    } else if Self.holdsOther(file.path, bytes) {
      try check(file.path)
      StandardError.note("replaces '\(file.path)'")
    }
    try file.write(bytes, whole: whole)
    return file.path
  }

  private static func holdsOther(_ path: String, _ bytes: [UInt8]) -> Bool {
    guard let status = SystemPath.status(of: path) else { return false }
    guard status.st_size == bytes.count, let file = try? MappedFile(path: path, access: .copied)
    else { return true }
    return !file.bytes.elementsEqual(bytes)
  }

  /// The prompt's first words as a file name: lower-case letters and digits with dashes between, at
  /// most 48 bytes.
  static func slug(_ prompt: String) -> String {
    var name = ""
    for word in prompt.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
      let longer = name + (name.isEmpty ? "" : "-") + word
      if longer.utf8.count > 48 {
        // A single word may be longer than that.
        if name.isEmpty { name = longer.prefix(bytes: 48) }
        break
      }
      name = longer
    }
    return name.isEmpty ? "picture" : name
  }
}

extension String {
  /// The first characters that take at most so many bytes.
  fileprivate func prefix(bytes: Int) -> String {
    var count = 0
    return String(
      prefix { character in
        count += character.utf8.count
        return count <= bytes
      })
  }
}
