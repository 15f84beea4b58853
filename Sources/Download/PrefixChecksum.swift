import Foundation
import JanusSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Takes the checksum of a file on another thread while it is still being filled, as far as it has
/// come without a gap.
final class PrefixChecksum: @unchecked Sendable {
  private let descriptor: Int32
  private let size: Int
  private let checksum: Manifest.Checksum
  /// Guards all that follows.
  private let condition = NSCondition()
  private var available = 0
  private var isStopped = false
  private var isRunning = true
  private var result: String?

  /// Begins. The descriptor must stay open until `stop` or `digits` has returned.
  init(_ checksum: Manifest.Checksum, descriptor: Int32, size: Int) {
    (self.checksum, self.descriptor, self.size) = (checksum, descriptor, size)
    let thread = Thread { [self] in
      let digits = read()
      condition.withLock {
        result = digits
        isRunning = false
        condition.broadcast()
      }
    }
    thread.name = "checksum"
    thread.start()
  }

  /// Says that so many bytes are there from the beginning.
  func advance(to count: Int) {
    condition.withLock {
      guard count > available else { return }
      available = count
      condition.broadcast()
    }
  }

  /// The digits over all bytes, once they are there; nil where a byte could not be read.
  ///
  /// - Parameter waiting: called about five times a second; false gives up.
  func digits(_ waiting: (_ bytesRead: Int) -> Bool) throws(DownloadError) -> String? {
    while true {
      let (isDone, read) = condition.withLock {
        if isRunning { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.2)) }
        return (!isRunning, hashed)
      }
      if isDone { return condition.withLock { result } }
      guard waiting(read) else { throw .cancelled }
    }
  }

  /// Ends the thread.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
      while isRunning { condition.wait() }
    }
  }

  private var hashed = 0

  private static let writeBytes = 32 << 20

  /// Lets the system begin to write what is complete, so that the end need not wait for all of it.
  private static func startWriting(_ descriptor: Int32, _ range: Range<Int>) {
    #if os(Linux)
      // Said to be of no more use, what is not on the disk yet is sent there and stays in memory
      // meanwhile.
      _ = posix_fadvise(
        descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    #endif
  }

  private func read() -> String? {
    var digest: Digest
    switch checksum {
    case .sha256: digest = Digest(.sha256)
    case .gitBlob:
      digest = Digest(.sha1)
      let header = Array("blob \(size)\0".utf8)
      header.withUnsafeBytes { digest.update($0) }
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    var written = 0
    while offset < size {
      let end = condition.withLock { () -> Int? in
        hashed = offset
        while available <= offset && !isStopped { condition.wait() }
        return isStopped ? nil : available
      }
      guard let end else { return nil }
      while offset < end {
        let count = pread(
          descriptor, buffer.baseAddress, min(buffer.count, end - offset), off_t(offset))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return nil }
        digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        offset += count
        if offset - written >= Self.writeBytes || offset == size {
          Self.startWriting(descriptor, written..<offset)
          written = offset
        }
      }
    }
    return Digest.hexadecimal(digest.finalize())
  }
}
