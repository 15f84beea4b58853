import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The use of a repository's files in the cache, told to other processes: who is through with them removes them only if
/// nobody else uses them.
public final class CacheUse {
  private let path: String
  /// −1 where the cache cannot be written to; then nothing of it is removed either.
  private var descriptor: Int32 = -1

  /// Waits while another process removes the files, which takes no time.
  public init(_ cache: HubCache, _ repository: RepositoryName) {
    path = cache.use(repository)
    try? Folder.make(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    while true {
      descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { return }
      while flock(descriptor, LOCK_SH) != 0 && errno == EINTR {}
      // Who was last removed the file with the rest.
      var (own, named) = (stat(), stat())
      if fstat(descriptor, &own) == 0, stat(path, &named) == 0, own.st_ino == named.st_ino {
        return
      }
      close(descriptor)
    }
  }

  /// Nothing was fetched: only the file itself goes.
  deinit { if descriptor >= 0 { end {} } }

  /// Ends the use, and calls `body` if it was the last one; no other can begin meanwhile.
  public func end(ifLast body: () -> Void) {
    guard descriptor >= 0 else { return body() }
    defer {
      close(descriptor)
      descriptor = -1
    }
    // Where this fails the shared lock is gone as well, so that of two that end at once one is the last.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
    body()
    unlink(path)
    rmdir("\(URL(fileURLWithPath: path).deletingLastPathComponent().path)")
  }
}
