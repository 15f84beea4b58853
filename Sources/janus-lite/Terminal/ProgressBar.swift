import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// Bytes done of a known total: a bar with rate and time left on a terminal, otherwise a plain line
/// for every tenth.
struct ProgressBar {
  private let verb: String
  private let total: Int
  private let begin = ContinuousClock.now
  private var lastShown: ContinuousClock.Instant?
  private var tenths = 0
  private var status = StatusLine()

  init(_ verb: String, total: Int) {
    self.verb = verb
    self.total = total
  }

  /// `detail` names the current item, such as a tensor.
  mutating func update(_ done: Int, detail: String = "") {
    let now = ContinuousClock.now
    guard StandardError.writesOver else {
      let reached = total > 0 ? done * 10 / total : 10
      if reached > tenths {
        tenths = reached
        // Work of less than a second is not reported.
        if now - begin < .seconds(1) { return }
        StandardError.line("\(verb): \(reached * 10)%, \(figures(done, now))")
      }
      return
    }
    if done < total, let lastShown, now - lastShown < .milliseconds(100) { return }
    lastShown = now
    let fraction = total > 0 ? Double(done) / Double(total) : 1
    let line = "\(verb) \(Self.bar(fraction)) \(figures(done, now))"
    let room = StandardError.width - 3 - line.count
    status.show(room >= 12 && !detail.isEmpty ? line + "  " + detail.suffix(room) : line)
  }

  mutating func finish() { status.clear() }

  /// Columns that are filled to a fraction of 0 to 1.
  static func bar(_ fraction: Double, width: Int = 24) -> String {
    let filled = min(width, max(0, Int(fraction * Double(width))))
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
  }

  /// "1.2 of 4.2 GB, 210 MB/s, 14 s left"
  private func figures(_ done: Int, _ now: ContinuousClock.Instant) -> String {
    let seconds = (now - begin) / .seconds(1)
    var text = "\(Format.bytes(done)) of \(Format.bytes(total))"
    guard seconds > 0.2, done > 0 else { return text }
    let rate = Double(done) / seconds
    text += ", \(Format.bytes(Int(rate)))/s"
    if done < total { text += ", \(Format.duration(Double(total - done) / rate)) left" }
    return text
  }
}
