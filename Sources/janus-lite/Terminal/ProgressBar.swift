import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// Bytes done of a known total: a bar with rate and time left on a terminal, otherwise lines.
struct ProgressBar {
  private let kind: ProgressKind
  private let verb: String
  private let total: Int
  private let begin = ContinuousClock.now
  private var lastShown: ContinuousClock.Instant?
  private var lines = ProgressLines()
  private var status: StatusLine

  init(_ verb: String, total: Int, kind: ProgressKind = .auto) {
    self.kind = kind
    status = StatusLine(kind)
    self.verb = verb
    self.total = total
  }

  /// `detail` names the current item, such as a tensor.
  mutating func update(_ done: Int, detail: String = "") {
    let now = ContinuousClock.now
    guard kind.writesOver else {
      guard kind != .none, lines.isDue(done, of: total, evenShort: kind == .plain, now: now) else {
        return
      }
      let percent = total > 0 ? Int(Double(done) / Double(total) * 100) : 100
      return StandardError.line("\(verb): \(percent)%, \(figures(done, now))")
    }
    if done < total, let lastShown, now - lastShown < .milliseconds(100) { return }
    lastShown = now
    let fraction = total > 0 ? Double(done) / Double(total) : 1
    let line = "\(verb) \(Self.bar(fraction)) \(figures(done, now))"
    let room = StandardError.width - 3 - line.count
    status.show(room >= 12 && !detail.isEmpty ? line + "  " + detail.suffix(room) : line)
  }

  mutating func finish() { status.clear() }

  /// Not where somebody asks for a language whose characters are no UTF-8.
  private static let hasBlocks: Bool = {
    let language = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(ModelOptions.environment).first
    return language.map { $0.lowercased().replacing("-", with: "").contains("utf8") } ?? true
  }()

  /// Columns that are filled to a fraction of 0 to 1.
  static func bar(_ fraction: Double, width: Int = 24) -> String {
    let filled = min(width, max(0, Int(fraction * Double(width))))
    let (full, empty) = hasBlocks ? ("█", "░") : ("#", ".")
    return String(repeating: full, count: filled) + String(repeating: empty, count: width - filled)
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
