import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// A picture file that shows an unfinished painting. It is rewritten as lines of codes arrive.
///
/// A preview decodes all lines so far, because the VQ decoder normalises over the whole map. The
/// last previews take nearly as long as the picture. So only some are made: previews take at most a
/// twelfth of the painting's time.
struct PreviewFile {
  private static let share = 1.0 / 12

  private let file: PictureFile
  private let begin = ContinuousClock.now
  /// Seconds that previews took so far, and what the last one took for each of its lines.
  private var spent = 0.0
  private var secondsPerLine = 0.0

  init(_ file: PictureFile) {
    self.file = file
  }

  /// Shows a picture after its first `codes`, if it is time for a preview.
  mutating func update(_ codes: [Int], of painter: Painter) throws {
    let (lines, rest) = codes.count.quotientAndRemainder(dividingBy: painter.codesPerLine)
    // After the last line the picture itself is decoded.
    guard lines > 0, rest == 0, codes.count < painter.codesPerPicture else { return }
    let now = ContinuousClock.now
    let elapsed = (now - begin) / .seconds(1)
    guard spent == 0 || spent + Double(lines) * secondsPerLine <= Self.share * elapsed else {
      return
    }
    try file.write(painter.preview(codes))
    let seconds = (ContinuousClock.now - now) / .seconds(1)
    spent += seconds
    secondsPerLine = seconds / Double(lines)
  }
}
