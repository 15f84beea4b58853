/// When progress is told in lines: at each tenth, and where that takes long, each minute.
package struct ProgressLines {
  private static let pause = Duration.seconds(60)

  private let begin: ContinuousClock.Instant
  private var tenths: Int
  private var last: ContinuousClock.Instant

  /// - Parameter tenths: what was done at the beginning, which is no progress.
  package init(from tenths: Int = 0, now: ContinuousClock.Instant = .now) {
    self.tenths = tenths
    begin = now
    last = now
  }

  /// Whether a line is due now, which is then to be written.
  ///
  /// - Parameter evenShort: also for work of less than a second.
  package mutating func isDue(
    _ done: Int, of total: Int, evenShort: Bool = false, now: ContinuousClock.Instant = .now
  ) -> Bool {
    let reached = total > 0 ? Int(Double(done) / Double(total) * 10) : 10
    guard reached > tenths || now - last >= Self.pause else { return false }
    tenths = max(tenths, reached)
    guard evenShort || now - begin >= .seconds(1) else { return false }
    last = now
    return true
  }
}
