import GGUF
import JanusModelFile
import JanusSystem

extension Checkpoint {
  /// The `ModelFingerprint` that a file of this checkpoint will have.
  func fingerprint() throws(ConversionError) -> String {
    var checksums: [String] = []
    for spec in ModelFingerprint.tensors(geometry.geometry.language) {
      guard let stored = tensors.first(where: { $0.spec.name == spec.name })?.stored else {
        preconditionFailure("a checkpoint has every tensor of its geometry")
      }
      let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: stored.elementCount)
      defer { numbers.deallocate() }
      try stored.read(into: numbers)
      var digest = Digest(.sha256)
      digest.update(UnsafeRawBufferPointer(numbers))
      checksums.append(Digest.hexadecimal(digest.finalize()))
    }
    return ModelFingerprint.combining(checksums)
  }
}
