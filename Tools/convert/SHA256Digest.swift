import Crypto
import GGUF

/// The checksum of a tensor, by swift-crypto.
public struct SHA256Digest: TensorDigest {
  private var hash = SHA256()

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    hash.update(bufferPointer: bytes)
  }

  public consuming func finalize() -> [UInt8] { Array(hash.finalize()) }
}
