/// Seconds since it was made, on a monotonic clock.
package struct Stopwatch {
  package init() {}

  private let start = ContinuousClock.now

  package var seconds: Double {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }

  /// Runs `body` and adds its seconds to `total`.
  package static func measure<Result, Failure>(
    _ total: inout Double, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let watch = Stopwatch()
    defer { total += watch.seconds }
    return try body()
  }
}
