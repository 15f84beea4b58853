import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusRequests
import JanusSystem
import JanusWords

/// Progress of a painting: a bar, with rate and time left, on one line of a terminal.
struct PaintingProgress {
  private let pictures: Int
  private let codesPerPicture: Int
  private let begin = ContinuousClock.now

  init(pictures: Int, codesPerPicture: Int) {
    self.pictures = pictures
    self.codesPerPicture = codesPerPicture
  }

  /// "9–16 of 16: ██████░░░░░░ 4608 of 9216 tokens, 31.2 tokens/s, 12 min left"
  ///
  /// - Parameters:
  ///   - before: pictures that were finished before these.
  ///   - atOnce: pictures that are being painted.
  ///   - steps: codes that each of them has.
  func text(before: Int, atOnce: Int, steps: Int) -> String {
    let (total, done) = (pictures * codesPerPicture, before * codesPerPicture + atOnce * steps)
    var text = ""
    if pictures > 1 {
      let last = before + atOnce
      text = (last > before + 1 ? "\(before + 1)–\(last)" : "\(last)") + " of \(pictures): "
    }
    text += "\(ProgressBar.bar(Double(done) / Double(max(1, total)), width: 12)) "
    text += "\(done) of \(total) tokens"
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    guard done > 0, seconds > 0 else { return text }
    // This time includes decoding the pictures of earlier waves, as the time left will.
    let rate = Double(done) / seconds
    return text + ", \(Format.fixed(rate, 1)) tokens/s, "
      + "\(Format.duration(Double(total - done) / rate)) left"
  }
}
