/// Codes done of a known total, with rate and time left.
struct PaintingProgress {
  private let codes: Int
  private let begin = ContinuousClock.now

  init(codes: Int) {
    self.codes = codes
  }

  /// "120 of 576 codes, 31.2/s, 15 s left"
  func text(done: Int) -> String {
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    guard done > 0, seconds > 0 else { return "0 of \(codes) codes" }
    let rate = Double(done) / seconds
    let left = Format.duration(Double(codes - done) / rate)
    return "\(done) of \(codes) codes, \(Format.fixed(rate, 1))/s, \(left) left"
  }
}
