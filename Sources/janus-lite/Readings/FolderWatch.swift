import Foundation
import JanusSystem

/// A folder into which pictures come.
struct FolderWatch {
  private struct Stamp: Equatable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int
  }

  /// How often it is looked at.
  private static let milliseconds: Int32 = 250

  let folder: String
  /// Pictures that were there, or have been given out, as they were then.
  private var known: [String: Stamp]
  /// Those that were there at the last look, and may still grow.
  private var growing: [String: Stamp] = [:]

  /// From now on pictures count as new.
  init(_ folder: String) throws(Failure) {
    self.folder = folder
    known = try Self.stamps(folder)
  }

  /// Waits for pictures that came or changed, and no longer grow. Nil when Ctrl-C was pressed.
  mutating func next() throws(Failure) -> [String]? {
    while !Interrupt.isRaised {
      let found = try Self.stamps(folder)
      let new = found.filter { known[$0.key] != $0.value }
      let whole = new.filter { growing[$0.key] == $0.value }.keys.sorted()
      growing = new
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

  private static func stamps(_ folder: String) throws(Failure) -> [String: Stamp] {
    guard let names = SystemPath.names(in: folder) else {
      throw Failure(FileError(path: folder, operation: "list", code: errno))
    }
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    var stamps: [String: Stamp] = [:]
    for name in names where !name.hasPrefix(".") && PictureInput.isPicture(named: name) {
      var status = stat()
      let path = prefix + name
      guard SystemPath.withBytes(of: path, { stat($0, &status) }) == 0,
        status.st_mode & S_IFMT == S_IFREG, status.st_size > 0
      else { continue }
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      stamps[path] = Stamp(
        size: Int(status.st_size), seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
    }
    return stamps
  }
}
