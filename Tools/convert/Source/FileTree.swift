import Foundation
import JanusSystem

/// The files of a checkpoint: a folder, or an archive of one, which is read without unpacking it.
struct FileTree: Sendable {
  /// The folder or the archive, with the folder inside it, for messages.
  let path: String
  /// The files directly in it, in order of their names.
  let files: [String]
  /// The folders directly in it, hidden ones left out.
  let folders: [String]
  private let archive: Archive?

  /// Members by their path inside the archive.
  private struct Archive: Sendable {
    let file: SourceFile
    let members: [[String]: Range<Int>]
    let prefix: [String]
  }

  /// A folder on the disk.
  init(folder path: String) throws(ConversionError) {
    guard let names = SystemPath.names(in: path)?.sorted() else {
      throw .missing(file: path, why: "the folder cannot be read")
    }
    var files: [String] = []
    var folders: [String] = []
    for name in names {
      // A link that leads nowhere is a file that is missing.
      if let status = SystemPath.status(of: "\(path)/\(name)"),
        status.st_mode & S_IFMT == S_IFDIR
      {
        if !name.hasPrefix(".") { folders.append(name) }
      } else {
        files.append(name)
      }
    }
    self.init(path: path, files: files, folders: folders, archive: nil)
  }

  /// Names alone, of files that are not here.
  init(names: [String], folders: [String], path: String) {
    self.init(path: path, files: names, folders: folders, archive: nil)
  }

  /// An archive. A folder that holds all of it is gone into.
  init(archive file: SourceFile, members: [(name: String, data: Range<Int>)]) {
    var byPath: [[String]: Range<Int>] = [:]
    for member in members {
      let components = Self.components(member.name)
      // What archivers of other systems add is no part of the folder.
      guard !components.isEmpty, components.last?.hasPrefix("._") == false,
        components.first != "__MACOSX", member.name.utf8.last != UInt8(ascii: "/")
      else { continue }
      byPath[components] = member.data
    }
    var prefix: [String] = []
    while byPath.keys.allSatisfy({ $0.count > prefix.count + 1 }),
      let next = byPath.keys.first?[prefix.count],
      byPath.keys.allSatisfy({ $0[prefix.count] == next })
    {
      prefix.append(next)
    }
    self.init(archive: Archive(file: file, members: byPath, prefix: prefix))
  }

  private init(archive: Archive) {
    let depth = archive.prefix.count
    var files: Set<String> = []
    var folders: Set<String> = []
    for member in archive.members.keys where member.starts(with: archive.prefix) {
      if member.count == depth + 1 { files.insert(member[depth]) }
      if member.count > depth + 1 { folders.insert(member[depth]) }
    }
    self.init(
      path: ([archive.file.path] + archive.prefix).joined(separator: "/"), files: files.sorted(),
      folders: folders.filter { !$0.hasPrefix(".") }.sorted(), archive: archive)
  }

  private init(path: String, files: [String], folders: [String], archive: Archive?) {
    self.path = path
    self.files = files
    self.folders = folders
    self.archive = archive
  }

  /// The parts of a member's name; none where it would leave the archive.
  private static func components(_ name: String) -> [String] {
    let parts = name.split(separator: "/").map(String.init).filter { $0 != "." }
    return parts.contains("..") || name.utf8.first == UInt8(ascii: "/") ? [] : parts
  }

  func contains(_ name: String) -> Bool { files.contains(name) }

  /// A folder directly in this one.
  func folder(_ name: String) throws(ConversionError) -> FileTree {
    guard let archive else { return try FileTree(folder: "\(path)/\(name)") }
    return FileTree(
      archive: Archive(
        file: archive.file, members: archive.members, prefix: archive.prefix + [name]))
  }

  /// Opens one of `files`.
  func open(_ name: String) throws(ConversionError) -> SourceFile {
    if let archive {
      guard let range = archive.members[archive.prefix + [name]] else {
        throw .missing(file: "\(path)/\(name)", why: "the archive does not hold it")
      }
      return try SourceFile(
        member: (archive.prefix + [name]).joined(separator: "/"), of: archive.file, at: range)
    }
    let file = "\(path)/\(name)"
    if files.contains(name), SystemPath.status(of: file) == nil {
      throw .missing(
        file: file,
        why: "the name is a link to a file that is missing; the download may be incomplete")
    }
    return try SourceFile(path: file)
  }
}
