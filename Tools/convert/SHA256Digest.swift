import Crypto
import GGUF

/// The checksum of a tensor, by swift-crypto.
struct SHA256Digest: TensorDigest {
  private var hash = SHA256()

  init() {}

  mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  consuming func finalize() -> [UInt8] { Array(hash.finalize()) }
}
