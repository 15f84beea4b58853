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

  /// The path of a picture, unless another picture has that path. Nil for standard output.
  ///
  /// - Parameters:
  ///   - index: of the picture, from 1 on.
  ///   - count: pictures in all.
  func path(prompt: String, seed: UInt64, index: Int, of count: Int) -> String? {
    path(prompt, seed, index, count, number: 1)
  }

  private func path(
    _ prompt: String, _ seed: UInt64, _ index: Int, _ count: Int, number: Int
  ) -> String? {
    switch place {
    case .standardOutput: return nil
    case .file(let path):
      guard count > 1 else { return path }
      let ending = URL(filePath: path).pathExtension
      return String(path.dropLast(ending.count + 1)) + "-\(index).\(ending)"
    case .folder(let folder):
      let suffix = number == 1 ? "" : "-\(number)"
      let name = Self.name(template, prompt: prompt, seed: seed, index: index)
      let file = "\(name)\(suffix).\(format.ending)"
      return folder == "." ? file : folder + (folder.hasSuffix("/") ? "" : "/") + file
    }
  }

  /// A template with its picture's own values; each stays one name without slashes.
  static func name(_ template: String, prompt: String, seed: UInt64, index: Int) -> String {
    template.replacing("{prompt}", with: slug(prompt)).replacing("{seed}", with: "\(seed)")
      .replacing("{i}", with: "\(index)")
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
    _ picture: Picture, prompt: String, seed: UInt64, index: Int, of count: Int = 1,
    text: [(key: String, value: String)], whole: () -> Void = {}
  ) throws(Failure) -> String {
    guard let first = path(prompt: prompt, seed: seed, index: index, of: count) else {
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
        let next = path(prompt, seed, index, count, number: number) ?? first
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
