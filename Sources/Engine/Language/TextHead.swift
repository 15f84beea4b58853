import JanusModelFile
import JanusSystem
import Quant

/// The text head: logits `[T, V]` of hidden states `[T, D]`.
///
/// Where its weights lie in two planes (`PlanePanel`) and only the largest logits are looked at, the low plane is read
/// for panels that may hold one of them; the others keep what the high plane gives, which is below all of these. With
/// all low planes a logit has the same bits as when its own alone is read.
struct TextHead: Sendable {
  let weight: Weight  // [V, D]

  /// - Parameter largest: how many of each row's largest logits must be exact; nil for all of them.
  func logits(
    _ hidden: Matrix, largest: Int?, into out: Matrix, _ ops: Ops
  ) throws(MemoryError) {
    guard weight.format == .int8Planes else {
      return try ops.matmul(hidden, Product(weight, into: out))
    }
    try ops.multiplyPlanes(hidden, weight, largest: largest, into: out)
  }
}
