import Foundation
import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Brings the files of a repository into the hub's cache.
///
/// What is there already is not moved again; what an earlier run left is taken up. Every content is
/// compared with the hub's checksum before it gets its name.
public struct Downloader {
  /// What is to be fetched.
  public struct Plan: Sendable {
    public let repository: RepositoryName
    public let revision: String
    /// The commit that the revision stands for.
    public let commit: String
    /// The files chosen, in the order in which they come.
    public let files: [Manifest.File]
    /// Bytes of all files, and of those that are not there yet.
    public let bytesTotal: Int
    public let bytesMissing: Int
    /// The folder that will hold them.
    public let folder: String
  }

  public struct Progress: Sendable {
    public enum Phase: Sendable {
      /// Another process downloads the same.
      case waiting
      case downloading
      /// All bytes are there and are compared with the checksum.
      case checking
      /// A server failed; it is asked again in so many seconds.
      case retrying(DownloadError, seconds: Double)

      fileprivate var isMoving: Bool {
        if case .downloading = self { true } else { false }
      }
    }

    public let phase: Phase
    /// The file at hand, by its path in the repository.
    public let file: String
    public let bytesDone: Int
    public let bytesTotal: Int
    /// Over the last seconds; 0 until it is known.
    public let bytesPerSecond: Double

    /// Nil until it can be told.
    public var secondsLeft: Double? {
      bytesPerSecond > 0 ? Double(bytesTotal - bytesDone) / bytesPerSecond : nil
    }
  }

  public let settings: HubSettings
  public var cache: HubCache { HubCache(path: settings.cache) }

  public init(settings: HubSettings) { self.settings = settings }

  /// Finds out what there is to fetch.
  ///
  /// - Parameters:
  ///   - revision: a branch, a tag or a commit; nil takes the main branch.
  ///   - retrying: called where a server failed and is asked again in so many seconds.
  ///   - choose: from the paths in the repository, those that are wanted, in the order in which they are to come.
  ///   - isWanted: asked several times a second; false stops.
  public func plan(
    _ repository: RepositoryName, revision: String? = nil, isWanted: () -> Bool = { true },
    retrying: (_ problem: DownloadError, _ seconds: Double) -> Void = { _, _ in },
    choose: (_ paths: [String]) throws(DownloadError) -> [String]
  ) throws(DownloadError) -> Plan {
    let revision = revision ?? "main"
    guard !revision.isEmpty, revision.utf8.count <= 256, isSafePath(revision) else {
      throw .request("'\(shown(revision))' is no revision of a repository")
    }
    guard !settings.isOffline else { return try cached(repository, revision) }
    let client = try HTTPClient(settings)
    let manifest = try Hub(settings: settings, client: client)
      .manifest(of: repository, revision: revision, isWanted, retrying: retrying)
    let known = Dictionary(
      manifest.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let files = try choose(manifest.files.map(\.path)).compactMap { known[$0] }
    var missing = 0
    var counted: Set<Manifest.Checksum> = []
    for file in files where counted.insert(file.checksum).inserted {
      missing += missingBytes(file, of: repository)
    }
    return Plan(
      repository: repository, revision: revision, commit: manifest.commit, files: files,
      bytesTotal: files.reduce(0) { $0 + $1.size }, bytesMissing: missing,
      folder: cache.snapshot(repository, commit: manifest.commit))
  }

  private func cached(
    _ repository: RepositoryName, _ revision: String
  ) throws(DownloadError) -> Plan {
    guard
      let commit = cache.commit(repository, revision: revision)
        ?? cache.wholeCommit(repository, revision: revision)
    else {
      throw .offline(
        "\(repository) is not in the cache '\(shown(cache.path))', and HF_HUB_OFFLINE forbids to ask "
          + settings.host)
    }
    return Plan(
      repository: repository, revision: revision, commit: commit, files: [], bytesTotal: 0,
      bytesMissing: 0, folder: cache.snapshot(repository, commit: commit))
  }

  private func missingBytes(_ file: Manifest.File, of repository: RepositoryName) -> Int {
    guard !isThere(file, of: repository) else { return 0 }
    // What a partial file has is on the disk, wherever in it.
    var status = stat()
    guard stat(partialPath(file, of: repository), &status) == 0 else { return file.size }
    return max(0, file.size - Int(status.st_blocks) * 512)
  }

  private func path(_ file: Manifest.File, of repository: RepositoryName) -> String {
    "\(cache.blobs(repository))/\(file.checksum.digits)"
  }

  private func partialPath(_ file: Manifest.File, of repository: RepositoryName) -> String {
    path(file, of: repository) + ".janus-partial"
  }

  private func isThere(_ file: Manifest.File, of repository: RepositoryName) -> Bool {
    var status = stat()
    return stat(path(file, of: repository), &status) == 0
      && status.st_mode & S_IFMT == S_IFREG && Int(status.st_size) == file.size
  }

  /// Fetches what is missing and returns the folder.
  ///
  /// - Parameters:
  ///   - keeping: whether the files stay for other programs; else `HubCache.discard` removes them,
  ///     unless they were there before.
  ///   - reserve: bytes that must stay free on the cache's disk besides.
  ///   - progress: called several times a second; false stops with `cancelled`.
  ///   - inspect: called before each file with the folder as it is by then, so that a caller can look at small
  ///     files before large ones come. What it throws ends the download.
  public func fetch(
    _ plan: Plan, keeping: Bool = true, reserve: Int = 0,
    progress: @escaping (Progress) -> Bool = { _ in true },
    inspect: (_ folder: String, _ next: Manifest.File) throws(DownloadError) -> Void = {
      (_, _) throws(DownloadError) in
    }
  ) throws(DownloadError) -> String {
    guard !plan.files.isEmpty else { return plan.folder }
    let needed = plan.bytesMissing + reserve
    if plan.bytesMissing > 0, let free = HubCache.freeBytes(at: cache.path), free < needed {
      throw .disk(path: cache.path, needed: needed, free: free)
    }
    let missing = plan.files.filter { !isThere($0, of: plan.repository) }
    if keeping {
      cache.unmark(plan.repository, commit: plan.commit)
    } else {
      try cache.unmarkIfTaken(plan.repository, commit: plan.commit, isWhole: missing.isEmpty)
      try cache.mark(
        plan.repository, commit: plan.commit, revision: plan.revision,
        missing: missing.map(\.checksum.digits))
    }
    // A cache that holds all of it may be one that nobody can write to.
    if !missing.isEmpty { try cache.prepare(plan.repository, commit: plan.commit) }
    let client = try HTTPClient(settings)
    let hub = Hub(settings: settings, client: client)
    let rate = Rate()
    var before = 0
    for file in plan.files {
      let done = before
      func tell(_ phase: Progress.Phase, _ bytes: Int) -> Bool {
        rate.note(done + bytes)
        return progress(
          Progress(
            phase: phase, file: file.path, bytesDone: done + bytes, bytesTotal: plan.bytesTotal,
            bytesPerSecond: phase.isMoving ? rate.bytesPerSecond : 0))
      }
      try inspect(plan.folder, file)
      if !isThere(file, of: plan.repository) {
        let lock = try cache.lock(file.checksum.digits, of: plan.repository) { tell(.waiting, 0) }
        // Another process may have fetched it meanwhile.
        if !isThere(file, of: plan.repository) { try fetch(file, plan, hub, tell) }
        withExtendedLifetime(lock) {}
      }
      try cache.link(
        file.path, to: file.checksum.digits, size: file.size, of: plan.repository,
        commit: plan.commit)
      before += file.size
      guard tell(.downloading, file.size) else { throw .cancelled }
    }
    cache.markAsWhole(plan.repository, commit: plan.commit)
    // What is there for one use is nobody else's to find: who notes the commit has taken it.
    if keeping { try cache.record(plan.revision, is: plan.commit, of: plan.repository) }
    return plan.folder
  }

  private func fetch(
    _ file: Manifest.File, _ plan: Plan, _ hub: Hub,
    _ tell: @escaping (Progress.Phase, Int) -> Bool
  ) throws(DownloadError) {
    // A content that arrived damaged is fetched once more.
    for isLast in [false, true] {
      let blob = try PartialBlob(
        path: partialPath(file, of: plan.repository), size: file.size,
        rangeBytes: settings.rangeBytes)
      let download = FileDownload(file, into: blob, of: plan.repository, hub: hub) { bytes in
        tell(bytes == file.size ? .checking : .downloading, bytes)
      }
      download.retrying = { error, seconds in
        _ = tell(.retrying(error, seconds: seconds), blob.bytesDone)
      }
      let digits = try download.run()
      if digits == file.checksum.digits {
        try cache.markAsFetched(digits, of: plan.repository, commit: plan.commit)
        return try blob.commit(to: path(file, of: plan.repository))
      }
      blob.remove()
      guard isLast else { continue }
      throw .data(
        address: file.address,
        problem: "the checksum is \(digits), expected \(file.checksum.digits); twice, so that the "
          + "file on the server seems to be another")
    }
  }
}

/// How fast bytes come, over the last seconds.
final class Rate {
  private var samples: [(time: ContinuousClock.Instant, bytes: Int)] = []
  private static let window = Duration.seconds(8)

  func note(_ bytes: Int) {
    let now = ContinuousClock.now
    if let last = samples.last, now - last.time < .milliseconds(100) { return }
    samples.append((now, bytes))
    while samples.count > 2, now - samples[0].time > Self.window { samples.removeFirst() }
  }

  var bytesPerSecond: Double {
    guard let first = samples.first, let last = samples.last else { return 0 }
    let seconds = (last.time - first.time) / .seconds(1)
    return seconds > 0.5 ? max(0, Double(last.bytes - first.bytes) / seconds) : 0
  }
}
