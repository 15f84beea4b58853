/// Codes done of a known total: a bar, with rate and time left.
struct PaintingProgress {
  private let codes: Int
  private let begin = ContinuousClock.now

  init(codes: Int) {
    self.codes = codes
  }

  /// "█████░░░░░░░░░░░░░░░░░░░ 120 of 576 tokens, 31.2 tokens/s, 15 s left"
  func text(done: Int) -> String {
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    let bar = ProgressBar.bar(Double(done) / Double(max(1, codes)))
    guard done > 0, seconds > 0 else { return "\(bar) 0 of \(codes) tokens" }
    let rate = Double(done) / seconds
    let left = Format.duration(Double(codes - done) / rate)
    return "\(bar) \(done) of \(codes) tokens, \(Format.fixed(rate, 1)) tokens/s, \(left) left"
  }
}
