/// A running SHA-256, which the caller brings: the container itself needs no cryptography.
public protocol TensorDigest: Sendable {
  mutating func update(_ bytes: UnsafeRawBufferPointer)
  /// The 32 bytes of the checksum.
  consuming func finalize() -> [UInt8]
}

let hexadecimalDigits = Array("0123456789abcdef".utf8)

/// Two lower-case digits for each byte.
func hexadecimal(_ bytes: [UInt8]) -> String {
  String(
    decoding: bytes.flatMap { [hexadecimalDigits[Int($0 >> 4)], hexadecimalDigits[Int($0 & 15)]] },
    as: UTF8.self)
}
