import Foundation
import JanusImages
import JanusSystem

/// Paintings that lie in a folder, by what they say of how they were made.
struct Paintings {
  private var paths: [Set<[String]>: [String]] = [:]

  /// - Parameter ending: of their names.
  init(in files: [String], ending: String) {
    for path in files where path.hasSuffix("." + ending) {
      guard let status = SystemPath.status(of: path), status.st_mode & S_IFMT == S_IFREG,
        let pairs = try? InputFile.withBytes(of: path, limit: 1 << 28, PictureText.pairs)
      else { continue }
      paths[Self.key(pairs), default: []].append(path)
    }
  }

  private static func key(_ text: [(key: String, value: String)]) -> Set<[String]> {
    Set(text.map { [$0.key, $0.value] })
  }

  /// The file of a picture that an earlier run has painted with the same settings, and its pixels; nil where
  /// there is none that is whole.
  ///
  /// - Parameters:
  ///   - path: its name, unless another picture had it; then a number stands behind.
  ///   - text: what its file says.
  func find(
    _ path: String, text: [(key: String, value: String)]
  ) -> (path: String, picture: Picture)? {
    guard let mark = path.lastIndex(of: ".") else { return nil }
    let (stem, ending) = (path[..<mark], path[mark...])
    for found in paths[Self.key(text)] ?? [] {
      let rest = found.dropFirst(stem.count).dropLast(ending.count)
      let isNamedSo =
        found == path
        || found.hasPrefix(stem + "-") && rest.count > 1
          && rest.dropFirst().allSatisfy { ("0"..."9").contains($0) }
      guard isNamedSo, let picture = try? PictureInput(name: found).load() else { continue }
      return (found, picture)
    }
    return nil
  }
}
