import Foundation
import JanusEngine
import JanusImages
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// The folder that pictures are written to, named after their prompt and seed.
struct Gallery {
  private let folder: String
  private let prompt: String
  private let format: PictureFile.Format
  private let quality: Int
  /// Paths of other files, in standard form.
  private let reserved: Set<String>

  /// Makes the folder where it does not exist, and checks that it can be written to before anything
  /// is painted.
  init(
    folder: String, prompt: String, format: PictureFile.Format, quality: Int, reserved: [String]
  ) throws(Failure) {
    try Self.make(folder)
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw Failure(.inputOutput, "cannot write to folder '\(folder)'")
    }
    self.folder = folder
    self.prompt = prompt
    self.format = format
    self.quality = quality
    self.reserved = Set(reserved.map(Self.standardized))
  }

  /// Two names of one place give the same text.
  static func standardized(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// Makes a folder, and those that it lies in.
  private static func make(_ folder: String) throws(Failure) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue {
      return
    }
    // All up to the slash before the name, which may have slashes behind it.
    var parent = Substring(folder)
    while parent.last == "/" { parent.removeLast() }
    while let last = parent.last, last != "/" { parent.removeLast() }
    if !parent.isEmpty, parent.count < folder.count { try make(String(parent)) }
    guard mkdir(folder, 0o777) == 0 else {
      throw Failure(
        .inputOutput, "cannot make folder '\(folder)': \(String(cString: strerror(errno)))")
    }
  }

  /// The path of a seed's picture, unless another picture has that path.
  func path(_ seed: UInt64) -> String { path(seed, number: 1) }

  private func path(_ seed: UInt64, number: Int) -> String {
    let suffix = number == 1 ? "" : "-\(number)"
    let name = "\(Self.slug(prompt))-\(seed)\(suffix).\(format.ending)"
    return folder == "." ? name : folder + (folder.hasSuffix("/") ? "" : "/") + name
  }

  /// Returns the path: the first that is free, or that holds exactly these bytes already. Prompts
  /// with the same first words, or other settings, may give another picture the same name.
  func write(
    _ picture: Picture, seed: UInt64, text: [(key: String, value: String)]
  ) throws(Failure) -> String {
    var number = 1
    var file = PictureFile(path: path(seed), format: format, quality: quality)
    let bytes = try file.encoded(picture, text: text)
    while reserved.contains(Self.standardized(file.path)) || Self.holdsOther(file.path, bytes) {
      number += 1
      file = PictureFile(path: path(seed, number: number), format: format, quality: quality)
    }
    try file.write(bytes)
    return file.path
  }

  private static func holdsOther(_ path: String, _ bytes: [UInt8]) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_size != bytes.count
      || FileManager.default.contents(atPath: path)?.elementsEqual(bytes) != true
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
