import Foundation
import GGUF
import JanusEngine
import JanusImages
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A picture as it is named on the command line: a file, or `-` for standard input.
struct PictureInput {
  let name: String

  static let standardInput = InputFile.standardInput
  /// More than any picture within the limits of pixels takes.
  private static let byteLimit = 1 << 30

  func load() throws(Failure) -> Picture {
    do {
      return try InputFile.withBytes(of: name, limit: Self.byteLimit) { try Picture(decoding: $0) }
    } catch let error as PictureError {
      throw Failure(.data, "\(shownName): \(error)")
    } catch {
      throw Failure(error)
    }
  }

  /// Its name in messages.
  var shownName: String { InputFile.shownName(name) }

  /// What the arguments name: pictures, and how many files of folders are none.
  struct List {
    var inputs: [PictureInput] = []
    var skipped = 0
  }

  /// The pictures that the arguments name: a folder stands for the pictures in it, by name.
  static func list(_ names: [String]) throws(Failure) -> List {
    var list = List()
    for name in names {
      guard name != standardInput, isFolder(name) else {
        list.inputs.append(PictureInput(name: name))
        continue
      }
      let count = list.inputs.count
      try add(folder: name, to: &list)
      guard list.inputs.count > count else {
        throw Failure(.data, "'\(name)': expected a folder with pictures, found none")
      }
    }
    return list
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return SystemPath.withBytes(of: path) { stat($0, &status) } == 0
      && status.st_mode & S_IFMT == S_IFDIR
  }

  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif",
    "avif",
  ]

  /// Files that are pictures by their content or their name. One that turns out to be none is told
  /// as a failure, not passed over.
  private static func add(folder: String, to list: inout List) throws(Failure) {
    guard let names = SystemPath.names(in: folder) else {
      let reason = String(cString: strerror(errno))
      throw Failure(.inputOutput, "cannot list '\(folder)': \(reason)")
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    for name in names.sorted() where !name.hasPrefix(".") {
      let path = prefix + name
      var status = stat()
      let isThere = SystemPath.withBytes(of: path) { stat($0, &status) } == 0
      if isThere, status.st_mode & S_IFMT == S_IFDIR { continue }
      // Nobody may ever write to a pipe that lies in a folder.
      if isThere, status.st_mode & S_IFMT != S_IFREG {
        list.skipped += 1
        continue
      }
      let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
      if endings.contains(ending) || isPicture(path) {
        list.inputs.append(PictureInput(name: path))
      } else {
        list.skipped += 1
      }
    }
  }

  private static func isPicture(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path) else { return false }
    return PictureKind(of: UnsafeRawBufferPointer(rebasing: file.bytes.prefix(64))) != nil
  }
}
