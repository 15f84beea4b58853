#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file of a Unix socket that a server listens at.
enum SocketFile {
  /// What tells a file from another that took its place.
  struct Identity: Equatable, Sendable {
    fileprivate let device: UInt64
    fileprivate let inode: UInt64
  }

  /// Checks that a server may take a path: nothing is there, or a socket that a server left behind.
  static func check(_ path: String) throws(ServerOptions.Problem) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw ServerOptions.Problem(
        description: "cannot listen at \(quoted(path)): expected a socket or nothing, found a file")
    }
    if isAnswered(path) {
      throw ServerOptions.Problem(
        description: "cannot listen at \(quoted(path)): another server listens there")
    }
  }

  /// The socket at a path; nil where there is none.
  static func identity(_ path: String) -> Identity? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    return Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev),
      inode: UInt64(truncatingIfNeeded: status.st_ino))
  }

  /// Removes a socket, unless another took its place.
  static func remove(_ path: String, ifStill identity: Identity) {
    if self.identity(path) == identity { unlink(path) }
  }

  private static func isAnswered(_ path: String) -> Bool {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let descriptor = socket(AF_UNIX, stream, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    let bytes = Array(path.utf8)
    // A longer path cannot be bound either: who binds says so.
    guard bytes.count < room else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return status == 0
  }
}
