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
      let data = Self.contents(of: "\(folder(repository))/refs/\(revision)", limit: 64)
    else { return nil }
    let commit = String(decoding: data, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return isHexadecimal(commit, count: 40) && exists(snapshot(repository, commit: commit))
      ? commit : nil
  }

  /// The commit of a revision of which all files are there for one use, as after an interruption.
  func wholeCommit(_ repository: RepositoryName, revision: String) -> String? {
    names(repository, ".janus-lite").first { commit in
      guard isHexadecimal(commit, count: 40), let mark = CacheMark(mark(repository, commit)) else {
        return false
      }
      return mark.isWhole && mark.revision == revision
        && exists(snapshot(repository, commit: commit))
    }
  }

  /// The folder of a repository's files as they were downloaded, if they were.
  public func snapshot(_ repository: RepositoryName, revision: String = "main") -> String? {
    commit(repository, revision: revision).map { snapshot(repository, commit: $0) }
  }

  /// The beginning of a regular file; nil for anything else. A pipe under that name would wait for a writer.
  static func contents(of path: String, limit: Int) -> Data? {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return try? handle.read(upToCount: limit) ?? Data()
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
    do throws(FileError) {
      try Folder.make(path)
    } catch {
      throw .file(error)
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
  ///
  /// - Parameter size: of the content. A copy of it under that name will do as well.
  func link(
    _ file: String, to blob: String, size: Int, of repository: RepositoryName, commit: String
  ) throws(DownloadError) {
    let place = "\(snapshot(repository, commit: commit))/\(file)"
    let depth = file.utf8.count { $0 == UInt8(ascii: "/") } + 2
    let target = String(repeating: "../", count: depth) + "blobs/\(blob)"
    if let found = try? FileManager.default.destinationOfSymbolicLink(atPath: place),
      found == target
    {
      return
    }
    var status = stat()
    if lstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == size {
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
    // A cache that holds all of it may be one that nobody can write to.
    guard self.commit(repository, revision: revision) != commit else { return }
    let path = "\(folder(repository))/refs/\(revision)"
    try makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    do {
      try Data(commit.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .file(FileError(path: path, operation: "write to", code: errno))
    }
  }

  // MARK: What is there for one use only

  /// Says that missing contents of a commit are fetched for one use only.
  ///
  /// - Parameter contents: those that are missing. What is there is somebody's.
  func mark(
    _ repository: RepositoryName, commit: String, revision: String, missing contents: [String]
  ) throws(DownloadError) {
    let path = mark(repository, commit)
    // Looked at before the mark: another process that fetches the same marks first and links then.
    let isOthers =
      exists(snapshot(repository, commit: commit)) || isNoted(repository, commit: commit)
    let found = CacheMark(path)
    let new = contents.filter { found?.wanted.contains($0) != true }
    guard !new.isEmpty else { return }
    try makeFolder("\(folder(repository))/.janus-lite")
    var lines = new.map { CacheMark.Line.wanted($0) }
    if found == nil {
      lines.append(.revision(revision))
      if isOthers { lines.append(.shared) }
    }
    try CacheMark.append(lines, to: path)
  }

  /// Says that this program fetches a content; before it has its name, so that a kill in between leaves nothing.
  func markAsFetched(
    _ content: String, of repository: RepositoryName, commit: String
  ) throws(DownloadError) {
    let path = mark(repository, commit)
    if exists(path) { try CacheMark.append([.fetched(content)], to: path) }
  }

  /// Says that all of them are there.
  func markAsWhole(_ repository: RepositoryName, commit: String) {
    let path = mark(repository, commit)
    if exists(path) { try? CacheMark.append([.whole], to: path) }
  }

  /// Whether a revision's file names the commit: another program knows it.
  private func isNoted(_ repository: RepositoryName, commit: String) -> Bool {
    let refs = "\(folder(repository))/refs"
    for case let ref as String in FileManager.default.enumerator(atPath: refs) ?? .init() {
      if self.commit(repository, revision: ref) == commit { return true }
    }
    return false
  }

  /// Whether another program went on with what was begun here: it noted the commit, which this one does not for one
  /// use, or fetched contents that were missing.
  private func isTaken(_ repository: RepositoryName, commit: String, _ mark: CacheMark) -> Bool {
    if !mark.isShared, isNoted(repository, commit: commit) { return true }
    return mark.wanted.subtracting(mark.fetched)
      .contains { exists("\(blobs(repository))/\($0)") }
  }

  /// Takes the mark back where another program went on with what was begun here.
  ///
  /// - Parameter isWhole: whether nothing is missing. Otherwise what this program fetched is its own still.
  func unmarkIfTaken(
    _ repository: RepositoryName, commit: String, isWhole: Bool
  ) throws(DownloadError) {
    let path = mark(repository, commit)
    guard let mark = CacheMark(path), isTaken(repository, commit: commit, mark) else { return }
    if isWhole {
      leave(repository, commit: commit, mark)
    } else if !mark.isShared {
      try CacheMark.append([.shared], to: path)
    }
  }

  /// Leaves everything to another program but parts of contents.
  private func leave(_ repository: RepositoryName, commit: String, _ mark: CacheMark) {
    for content in mark.wanted { unlink("\(blobs(repository))/\(content).janus-partial") }
    unmark(repository, commit: commit)
  }

  /// Takes that back: the files are to stay.
  ///
  /// - Returns: whether all of them are there.
  @discardableResult
  public func keep(
    _ repository: RepositoryName, commit: String, revision: String
  ) throws(DownloadError) -> Bool {
    let isWhole = CacheMark(mark(repository, commit))?.isWhole ?? false
    if isWhole {
      unmark(repository, commit: commit)
      try record(revision, is: commit, of: repository)
    }
    return isWhole || self.commit(repository, revision: revision) == commit
  }

  func unmark(_ repository: RepositoryName, commit: String) { unlink(mark(repository, commit)) }

  private func mark(_ repository: RepositoryName, _ commit: String) -> String {
    "\(folder(repository))/.janus-lite/\(commit)"
  }

  private func names(_ repository: RepositoryName, _ place: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(folder(repository))/\(place)")) ?? []
  }

  /// The links of a snapshot, by their paths, and the contents that they lead to.
  private func links(_ repository: RepositoryName, _ commit: String) -> [String: String] {
    let snapshot = snapshot(repository, commit: commit)
    var links: [String: String] = [:]
    for case let file as String in FileManager.default.enumerator(atPath: snapshot) ?? .init() {
      let path = "\(snapshot)/\(file)"
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
      if let target, let content = target.split(separator: "/").last {
        links[path] = String(content)
      }
    }
    return links
  }

  /// Removes what this program fetched of a commit for one use only, and what it left of earlier commits of the
  /// same revision. Contents that another commit has stay, and those that were there before.
  ///
  /// - Returns: whether there was something to remove.
  @discardableResult
  public func discard(
    _ repository: RepositoryName, commit: String, revision: String = "main"
  ) -> Bool {
    var commits = isHexadecimal(commit, count: 40) ? [commit] : []
    for other in names(repository, ".janus-lite") where other != commit {
      // Where the revision was the commit itself, it stands for the same as ever.
      guard isHexadecimal(other, count: 40), revision != other,
        CacheMark(mark(repository, other))?.revision == revision
      else { continue }
      commits.append(other)
    }
    let removed = commits.filter { removeMarked(repository, commit: $0) }
    for place in ["blobs", "refs", "snapshots", ".janus-lite", ""] {
      rmdir("\(folder(repository))/\(place)")
    }
    rmdir(locks(repository))
    return !removed.isEmpty
  }

  /// Removes what the mark of a commit lists, and the mark.
  private func removeMarked(_ repository: RepositoryName, commit: String) -> Bool {
    guard let own = CacheMark(mark(repository, commit)) else { return false }
    guard !isTaken(repository, commit: commit, own) else {
      leave(repository, commit: commit, own)
      return false
    }
    let snapshot = snapshot(repository, commit: commit)
    var (used, awaited): (Set<String>, Set<String>) = ([], [])
    for other in names(repository, "snapshots") where other != commit {
      used.formUnion(links(repository, other).values)
    }
    for other in names(repository, ".janus-lite") where other != commit {
      awaited.formUnion(CacheMark(mark(repository, other))?.wanted ?? [])
    }
    let contents = own.fetched.subtracting(used)
    // Contents first: whoever is killed in between finds them again by the mark.
    for content in contents { unlink("\(blobs(repository))/\(content)") }
    for content in own.wanted.subtracting(awaited) {
      unlink("\(blobs(repository))/\(content).janus-partial")
      unlink("\(locks(repository))/\(content).lock")
    }
    for (path, content) in links(repository, commit) where contents.contains(content) {
      unlink(path)
    }
    if !own.isShared { try? FileManager.default.removeItem(atPath: snapshot) }
    for ref in names(repository, "refs") where self.commit(repository, revision: ref) == nil {
      unlink("\(folder(repository))/refs/\(ref)")
    }
    unlink(mark(repository, commit))
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
