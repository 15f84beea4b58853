import GGUF
import JanusSystem

/// Tells networks apart, whatever format their matrices are stored in.
///
/// A checksum of the language model's norms. Every recipe stores them as f32, so that all files of a
/// checkpoint have the same one, and so has the checkpoint itself.
package enum ModelFingerprint {
  /// The tensors that count, in order.
  package static func tensors(_ geometry: LanguageGeometry) -> [TensorSpec] {
    let language = LanguageTensors(geometry)
    return language.layers.flatMap { [$0.attentionNorm, $0.feedForwardNorm] }
      + [language.outputNorm]
  }

  /// - Parameter checksums: SHA-256 of the bytes of each of `tensors`, in hexadecimal digits.
  package static func combining(_ checksums: [String]) -> String {
    Digest.hexadecimal(Digest.sha256(checksums.joined(separator: "\n").utf8))
  }

  package static func of(
    _ container: Container, _ geometry: LanguageGeometry
  ) throws(ContainerError) -> String {
    var checksums: [String] = []
    for spec in tensors(geometry) { checksums.append(try container.tensor(spec.name).sha256) }
    return combining(checksums)
  }
}
