#if canImport(CryptoKit)
  import CryptoKit
#else
  import CCrypto
#endif

/// A running checksum, by the system's own library: libcrypto, or CryptoKit on Apple's systems.
package struct Digest: Sendable {
  package enum Algorithm: Sendable {
    case sha1
    case sha256
  }

  #if canImport(CryptoKit)
    private enum State {
      case sha1(Insecure.SHA1)
      case sha256(SHA256)
    }
    private var state: State

    package init(_ algorithm: Algorithm) {
      state =
        switch algorithm {
        case .sha1: .sha1(Insecure.SHA1())
        case .sha256: .sha256(SHA256())
        }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
      switch state {
      case .sha1(var hash):
        hash.update(bufferPointer: bytes)
        state = .sha1(hash)
      case .sha256(var hash):
        hash.update(bufferPointer: bytes)
        state = .sha256(hash)
      }
    }

    /// The checksum: 20 bytes of SHA-1, 32 of SHA-256.
    package consuming func finalize() -> [UInt8] {
      switch state {
      case .sha1(let hash): Array(hash.finalize())
      case .sha256(let hash): Array(hash.finalize())
      }
    }
  #else
    /// Owns libcrypto's state of one checksum. Used by one thread at a time.
    private final class Context: @unchecked Sendable {
      let pointer: OpaquePointer

      init(_ algorithm: Algorithm) {
        guard let pointer = EVP_MD_CTX_new() else {
          preconditionFailure("no memory for a checksum")
        }
        self.pointer = pointer
        let kind =
          switch algorithm {
          case .sha1: EVP_sha1()
          case .sha256: EVP_sha256()
          }
        let isReady = EVP_DigestInit_ex(pointer, kind, nil) == 1
        precondition(isReady, "libcrypto lacks a checksum that it always has")
      }

      init(copying other: Context) {
        guard let pointer = EVP_MD_CTX_new() else {
          preconditionFailure("no memory for a checksum")
        }
        self.pointer = pointer
        _ = EVP_MD_CTX_copy_ex(pointer, other.pointer)
      }

      deinit { EVP_MD_CTX_free(pointer) }
    }
    private var context: Context

    package init(_ algorithm: Algorithm) { context = Context(algorithm) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
      // A copy of this value must not see what comes to the other.
      if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
      _ = EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count)
    }

    /// The checksum: 20 bytes of SHA-1, 32 of SHA-256.
    package consuming func finalize() -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
      var count: UInt32 = 0
      let copy = Context(copying: context)
      _ = EVP_DigestFinal_ex(copy.pointer, &bytes, &count)
      return Array(bytes.prefix(Int(count)))
    }
  #endif
}

extension Digest {
  /// The checksum of bytes that are all there.
  package static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var digest = Digest(.sha256)
    Array(bytes).withUnsafeBytes { digest.update($0) }
    return digest.finalize()
  }

  /// The checksum of a file's bytes, in hexadecimal digits.
  package static func sha256(of file: MappedFile) -> String {
    var digest = Digest(.sha256)
    file.withBytes { digest.update($0) }
    return hexadecimal(digest.finalize())
  }

  /// Two lower-case digits for each byte.
  package static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
