#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Natural logarithms of the probabilities that logits stand for, before any temperature.
///
/// `logit − log Σ exp(logit)`, the sum in double precision. Valid while the logits are.
package struct Logprobs {
  private let logits: UnsafeBufferPointer<Float>
  private let logSum: Double

  /// `logits` must hold a finite value and no NaN.
  package init(_ logits: UnsafeBufferPointer<Float>) {
    self.logits = logits
    let largest = Double(logits.max() ?? 0)
    logSum = largest + log(logits.reduce(0.0) { $0 + exp(Double($1) - largest) })
  }

  package subscript(index: Int) -> Float { Float(Double(logits[index]) - logSum) }

  /// The most likely indices with their log-probabilities, most likely first.
  package func top(_ count: Int) -> [(tokenID: Int, logprob: Float)] {
    TopSelection(count, of: logits).map { ($0, self[$0]) }
  }
}
