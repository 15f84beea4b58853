import Foundation
import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The cache of downloads in the layout that huggingface_hub made usual: contents as `blobs`, named
/// by their checksum, and for each commit a folder of links to them.
///
/// https://huggingface.co/docs/huggingface_hub/guides/manage-cache
public struct HubCache: Sendable {
  /// The folder of all repositories.
  public let path: String

  public init(path: String) { self.path = path }

  private func folder(_ repository: RepositoryName) -> String {
    "\(path)/models--\(repository.organization)--\(repository.name)"
  }

  func blobs(_ repository: RepositoryName) -> String { folder(repository) + "/blobs" }

  public func snapshot(_ repository: RepositoryName, commit: String) -> String {
    "\(folder(repository))/snapshots/\(commit)"
  }

  /// The commit that a revision stood for when it was downloaded last; nil where it never was.
  public func commit(_ repository: RepositoryName, revision: String = "main") -> String? {
    if isHexadecimal(revision, count: 40) {
      return exists(snapshot(repository, commit: revision)) ? revision : nil
    }
    guard isSafePath(revision),
      let handle = FileHandle(forReadingAtPath: "\(folder(repository))/refs/\(revision)"),
      let data = try? handle.read(upToCount: 64)
    else { return nil }
    let commit = String(decoding: data, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return isHexadecimal(commit, count: 40) && exists(snapshot(repository, commit: commit))
      ? commit : nil
  }

  /// The folder of a repository's files as they were downloaded, if they were.
  public func snapshot(_ repository: RepositoryName, revision: String = "main") -> String? {
    commit(repository, revision: revision).map { snapshot(repository, commit: $0) }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Makes the folders of a repository.
  func prepare(_ repository: RepositoryName, commit: String) throws(DownloadError) {
    for place in [
      blobs(repository), snapshot(repository, commit: commit), "\(folder(repository))/refs",
      locks(repository),
    ] { try makeFolder(place) }
  }

  private func locks(_ repository: RepositoryName) -> String {
    "\(path)/.locks/models--\(repository.organization)--\(repository.name)"
  }

  /// The file that `CacheUse` locks.
  func use(_ repository: RepositoryName) -> String { "\(locks(repository)).janus-lite" }

  private func makeFolder(_ path: String) throws(DownloadError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      let code = underlying?.domain == NSPOSIXErrorDomain ? Int32(underlying?.code ?? 0) : errno
      throw .file(FileError(path: path, operation: "create the folder", code: code))
    }
  }

  /// Takes the lock of one content, which huggingface_hub takes as well, waiting for another process.
  ///
  /// - Parameter waiting: called about twice a second while another has it; false gives up.
  func lock(
    _ blob: String, of repository: RepositoryName, _ waiting: () -> Bool
  ) throws(DownloadError) -> FileLock {
    let path = "\(locks(repository))/\(blob).lock"
    while true {
      if let lock = try FileLock(path) { return lock }
      guard waiting() else { throw .cancelled }
      Thread.sleep(forTimeInterval: 0.3)
    }
  }

  /// Gives a content its name in a snapshot: a link, or a copy where the system has no links.
  func link(
    _ file: String, to blob: String, of repository: RepositoryName, commit: String
  ) throws(DownloadError) {
    let place = "\(snapshot(repository, commit: commit))/\(file)"
    let depth = file.utf8.count { $0 == UInt8(ascii: "/") } + 2
    let target = String(repeating: "../", count: depth) + "blobs/\(blob)"
    if let found = try? FileManager.default.destinationOfSymbolicLink(atPath: place),
      found == target
    {
      return
    }
    try makeFolder(URL(fileURLWithPath: place).deletingLastPathComponent().path)
    let temporary = "\(place).link-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    if symlink(target, temporary) != 0 {
      guard Foundation.link("\(blobs(repository))/\(blob)", temporary) == 0 else {
        throw .file(FileError(path: place, operation: "create the link", code: errno))
      }
    }
    guard rename(temporary, place) == 0 else {
      let code = errno
      unlink(temporary)
      throw .file(FileError(path: place, operation: "create the link", code: code))
    }
  }

  /// Remembers which commit a revision stands for.
  func record(
    _ revision: String, is commit: String, of repository: RepositoryName
  ) throws(DownloadError) {
    guard revision != commit, isSafePath(revision) else { return }
    let path = "\(folder(repository))/refs/\(revision)"
    try makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    do {
      try Data(commit.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .file(FileError(path: path, operation: "write to", code: errno))
    }
  }

  /// Says that a commit's files are being downloaded for one use only. Not where they were there
  /// before: they are somebody's.
  func markAsOurs(_ repository: RepositoryName, commit: String) throws(DownloadError) {
    guard !exists(snapshot(repository, commit: commit)) else { return }
    try makeFolder("\(folder(repository))/.janus-lite")
    let path = mark(repository, commit)
    guard FileManager.default.createFile(atPath: path, contents: Data()) else {
      throw .file(FileError(path: path, operation: "create", code: errno))
    }
  }

  /// Says that this program has fetched all of them.
  func markAsWhole(_ repository: RepositoryName, commit: String) {
    let path = mark(repository, commit)
    guard exists(path) else { return }
    try? Data(Self.whole).write(to: URL(fileURLWithPath: path))
  }

  private static let whole = Array("whole\n".utf8)

  /// Takes the mark back where another program went on with what was begun here: it has noted the commit, which
  /// this one does when all files are there.
  func unmarkIfTaken(_ repository: RepositoryName, commit: String, revision: String) {
    let isWhole = FileManager.default.contents(atPath: mark(repository, commit)) == Data(Self.whole)
    if !isWhole, revision != commit, self.commit(repository, revision: revision) == commit {
      unmark(repository, commit: commit)
    }
  }

  /// Takes that back: the files are to stay.
  func unmark(_ repository: RepositoryName, commit: String) { unlink(mark(repository, commit)) }

  private func mark(_ repository: RepositoryName, _ commit: String) -> String {
    "\(folder(repository))/.janus-lite/\(commit)"
  }

  /// What the links of a snapshot lead to.
  private func targets(_ repository: RepositoryName, _ commit: String) -> Set<String> {
    let snapshot = snapshot(repository, commit: commit)
    let files = FileManager.default.enumerator(atPath: snapshot)?.compactMap { $0 as? String } ?? []
    return Set(
      files.compactMap { file in
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(snapshot)/\(file)"))?
          .split(separator: "/").last.map(String.init)
      })
  }

  /// Removes a commit's files, where they were downloaded for one use only: its contents that no
  /// other commit has, and folders that are left empty.
  ///
  /// - Returns: whether they were.
  @discardableResult
  public func discard(_ repository: RepositoryName, commit: String) -> Bool {
    guard isHexadecimal(commit, count: 40), exists(mark(repository, commit)) else { return false }
    func names(_ place: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: "\(folder(repository))/\(place)")) ?? []
    }
    let others = names("snapshots").filter { $0 != commit }
      .reduce(into: Set<String>()) { $0.formUnion(targets(repository, $1)) }
    let contents = targets(repository, commit).subtracting(others)
    // Contents first: whoever is killed in between finds them again by the links.
    for content in contents { unlink("\(blobs(repository))/\(content)") }
    try? FileManager.default.removeItem(atPath: snapshot(repository, commit: commit))
    for ref in names("refs") where self.commit(repository, revision: ref) == nil {
      unlink("\(folder(repository))/refs/\(ref)")
    }
    unlink(mark(repository, commit))
    for content in contents { unlink("\(locks(repository))/\(content).lock") }
    for place in ["blobs", "refs", "snapshots", ".janus-lite", ""] {
      rmdir("\(folder(repository))/\(place)")
    }
    rmdir(locks(repository))
    return true
  }

  /// Bytes that are free on the disk of a folder that need not exist.
  public static func freeBytes(at path: String) -> Int? {
    var place = URL(fileURLWithPath: path).standardizedFileURL
    while !FileManager.default.fileExists(atPath: place.path), place.pathComponents.count > 1 {
      place.deleteLastPathComponent()
    }
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: place.path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
  }
}

/// A lock between processes, held as long as the object.
public final class FileLock {
  private let descriptor: Int32

  /// Nil where another process holds it.
  public init?(_ path: String) throws(DownloadError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .file(FileError(path: path, operation: "create", code: errno))
    }
    // `deinit` closes it.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
  }

  deinit { close(descriptor) }
}
