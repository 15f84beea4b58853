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

  /// The pictures that the arguments name: a folder stands for the pictures in it, by name.
  static func list(_ names: [String]) throws(Failure) -> [PictureInput] {
    var inputs: [PictureInput] = []
    for name in names {
      var isFolder = ObjCBool(false)
      guard name != standardInput,
        FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue
      else {
        inputs.append(PictureInput(name: name))
        continue
      }
      let pictures = try pictures(in: name)
      guard !pictures.isEmpty else {
        throw Failure(.data, "'\(name)': expected a folder with PNG or JPEG pictures, found none")
      }
      inputs += pictures
    }
    return inputs
  }

  /// Files that begin as PNG or JPEG do. Their names are ignored.
  private static func pictures(in folder: String) throws(Failure) -> [PictureInput] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw Failure(.inputOutput, "cannot list '\(folder)': \(error.localizedDescription)")
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    return names.filter { !$0.hasPrefix(".") }.sorted().map { prefix + $0 }
      .filter(looksLikePicture).map(PictureInput.init)
  }

  private static func looksLikePicture(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path) else { return false }
    let signatures: [[UInt8]] = [[0x89, 0x50, 0x4e, 0x47], [0xff, 0xd8, 0xff]]
    return signatures.contains { file.bytes.starts(with: $0) }
  }
}
