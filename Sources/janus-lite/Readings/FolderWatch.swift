import Foundation
import JanusSystem

/// A folder into which pictures come.
struct FolderWatch {
  private struct Stamp: Equatable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      size = Int(status.st_size)
      seconds = Int(time.tv_sec)
      nanoseconds = Int(time.tv_nsec)
    }
  }

  /// How often it is looked at.
  private static let milliseconds: Int32 = 250

  let folder: String
  /// Whether the folders in it are watched, too.
  let recursive: Bool
  /// Pictures that were there, or have been given out, as they were then.
  private var known: [String: Stamp]
  /// Those that were there at the last look, and may still grow, and at how many looks they were the same.
  private var growing: [String: (stamp: Stamp, looks: Int)] = [:]
  /// Looks at which a picture is the same before it counts as whole: some programs write in bursts.
  private static let looksUntilWhole = 3

  /// From now on pictures count as new.
  init(_ folder: String, recursive: Bool) throws(Failure) {
    self.folder = folder
    self.recursive = recursive
    known = try Self.stamps(folder, recursive)
  }

  /// Waits for pictures that came or changed, and no longer grow. Nil when Ctrl-C was pressed.
  mutating func next() throws(Failure) -> [String]? {
    while !Interrupt.isRaised {
      let found = try Self.stamps(folder, recursive)
      let new = found.filter { known[$0.key] != $0.value }
      var still: [String: (stamp: Stamp, looks: Int)] = [:]
      for (path, stamp) in new {
        let before = growing[path]
        still[path] = (stamp, before?.stamp == stamp ? (before?.looks ?? 0) + 1 : 1)
      }
      growing = still
      let whole = still.filter { $0.value.looks >= Self.looksUntilWhole }.keys.sorted()
      // One that went and comes again is new.
      known = known.filter { found[$0.key] != nil }
      if !whole.isEmpty {
        for path in whole { known[path] = found[path] }
        return whole
      }
      var descriptor = pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0)
      _ = poll(&descriptor, 1, Self.milliseconds)
    }
    return nil
  }

  private static func stamps(
    _ folder: String, _ recursive: Bool
  ) throws(Failure) -> [String: Stamp] {
    guard SystemPath.names(in: folder) != nil else {
      throw Failure(FileError(path: folder, operation: "list", code: errno))
    }
    var stamps: [String: Stamp] = [:]
    var seen = PictureInput.SeenFolders()
    var folders = [(path: folder, depth: 0)]
    while let (path, depth) = folders.popLast() {
      // One that went meanwhile, or that may not be looked into, has no pictures for us.
      guard seen.insert(path), let names = SystemPath.names(in: path) else { continue }
      let prefix = path.hasSuffix("/") ? path : path + "/"
      for name in names where !name.hasPrefix(".") {
        guard let status = SystemPath.status(of: prefix + name) else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR where recursive && depth < PictureInput.deepest:
          folders.append((prefix + name, depth + 1))
        case S_IFREG where status.st_size > 0 && PictureInput.isPicture(named: name):
          stamps[prefix + name] = Stamp(status)
        default: break
        }
      }
    }
    return stamps
  }
}
