import Crypto
import GGUF

/// SHA-256 as the container asks for it.
struct SHA256Digest: TensorDigest {
  private var hash = SHA256()

  mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  consuming func finalize() -> [UInt8] { Array(hash.finalize()) }
}
