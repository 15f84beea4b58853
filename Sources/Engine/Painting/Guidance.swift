import JanusModelFile

/// Classifier-free guidance: how far to go from what the model would paint without the prompt
/// towards what it would paint with it.
package struct Guidance: Sendable {
  let weight: Float

  /// `out = without + weight · (with − without)` over `count` logits.
  func combine(
    _ with: UnsafePointer<Float>, _ without: UnsafePointer<Float>,
    into out: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { out[i] = without[i] + weight * (with[i] - without[i]) }
  }
}
