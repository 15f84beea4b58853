import JanusRequests

/// Pictures done of a known number: a bar with rate and time left on a terminal, otherwise lines.
struct PictureProgress {
  private let kind: ProgressKind
  private let total: Int
  private let begin = ContinuousClock.now
  private var lines = ProgressLines()
  private var status: StatusLine

  init(_ kind: ProgressKind, total: Int) {
    self.kind = kind
    self.total = total
    status = StatusLine(kind)
  }

  /// - Parameter detail: the picture that was done last, or what is known of it.
  mutating func update(_ done: Int, detail: String) {
    guard kind.writesOver else { return tell(done) }
    guard total > 1 else { return }
    let fraction = Double(done) / Double(total)
    let line = "\(ProgressBar.bar(fraction)) \(figures(done, .now))"
    let room = StandardError.width - 3 - line.count
    status.show(room >= 12 && !detail.isEmpty ? line + "  " + detail.suffix(room) : line)
  }

  /// Work goes on, though no further picture is done.
  mutating func goesOn(_ done: Int) {
    if !kind.writesOver { tell(done) }
  }

  private mutating func tell(_ done: Int) {
    guard kind != .none, total > 1,
      lines.isDue(done, of: total, evenShort: kind == .plain)
    else { return }
    let percent = Int(Double(done) / Double(total) * 100)
    StandardError.note("\(percent)%, \(figures(done, .now))")
  }

  mutating func clear() { status.clear() }

  /// "12 of 200 pictures, 1.4 a second, 2 min 14 s left"
  private func figures(_ done: Int, _ now: ContinuousClock.Instant) -> String {
    let seconds = (now - begin) / .seconds(1)
    var text = "\(done) of \(total) pictures"
    guard seconds > 0.2, done > 0 else { return text }
    let rate = Double(done) / seconds
    text +=
      rate >= 1 ? ", \(Format.fixed(rate, 1)) a second" : ", \(Format.fixed(1 / rate, 1)) s each"
    if done < total { text += ", \(Format.duration(Double(total - done) / rate)) left" }
    return text
  }
}
