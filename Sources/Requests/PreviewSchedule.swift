/// When a painting is worth showing before it is done.
///
/// A preview decodes all lines so far, because the VQ decoder normalises over the whole map. The
/// last previews take nearly as long as the picture. So only some are made: previews take at most a
/// share of the painting's time.
package struct PreviewSchedule: Sendable {
  private let share: Double
  private let codesPerLine: Int
  private let codesPerPicture: Int
  private let begin = ContinuousClock.now
  /// Seconds that previews took so far, and what the last one took for each of its lines.
  private var spent = 0.0
  private var secondsPerLine = 0.0

  package init(codesPerLine: Int, codesPerPicture: Int, share: Double = 1.0 / 12) {
    self.share = share
    self.codesPerLine = codesPerLine
    self.codesPerPicture = codesPerPicture
  }

  /// Runs `show` if it is time to, after so many codes.
  package mutating func update(_ codes: Int, _ show: () throws -> Void) rethrows {
    let (lines, rest) = codes.quotientAndRemainder(dividingBy: codesPerLine)
    // After the last line the picture itself is decoded.
    guard lines > 0, rest == 0, codes < codesPerPicture else { return }
    let now = ContinuousClock.now
    let elapsed = (now - begin) / .seconds(1)
    guard spent == 0 || spent + Double(lines) * secondsPerLine <= share * elapsed else { return }
    try show()
    let seconds = (ContinuousClock.now - now) / .seconds(1)
    spent += seconds
    secondsPerLine = seconds / Double(lines)
  }
}
