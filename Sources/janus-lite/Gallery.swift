import Foundation
import Images

/// The folder that pictures are written to, named after their prompt and seed.
struct Gallery {
  private let folder: String
  private let prompt: String
  private let format: PictureFile.Format
  private let quality: Int

  /// Makes the folder where it does not exist, and checks that it can be written to before anything
  /// is painted.
  init(
    folder: String, prompt: String, format: PictureFile.Format, quality: Int
  ) throws(Failure) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(.inputOutput, "cannot make folder '\(folder)': \(error.localizedDescription)")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw Failure(.inputOutput, "cannot write to folder '\(folder)'")
    }
    self.folder = folder
    self.prompt = prompt
    self.format = format
    self.quality = quality
  }

  /// Returns the path.
  func write(
    _ picture: Picture, seed: UInt64, settings: [(key: String, value: String)]
  ) throws(Failure) -> String {
    let ending = format == .png ? "png" : "jpg"
    let name = "\(Self.slug(prompt))-\(seed).\(ending)"
    let path = folder == "." ? name : folder + (folder.hasSuffix("/") ? "" : "/") + name
    let text =
      [("Description", prompt), ("Software", "janus-lite \(Root.version)"), ("Seed", "\(seed)")]
      .map { (key: $0.0, value: $0.1.filter { $0 != "\0" }) }
    try PictureFile(path: path, format: format, quality: quality)
      .write(picture, text: text + settings)
    return path
  }

  /// The prompt's first words as a file name: lower-case letters and digits with dashes between.
  static func slug(_ prompt: String) -> String {
    let words = prompt.lowercased().split { !$0.isLetter && !$0.isNumber }
    var name = ""
    for word in words where name.utf8.count + word.utf8.count < 48 {
      name += (name.isEmpty ? "" : "-") + word
    }
    return name.isEmpty ? "picture" : name
  }
}
