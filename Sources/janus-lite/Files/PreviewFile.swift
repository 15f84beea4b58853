import JanusLite
import JanusRequests

/// A picture file that shows an unfinished painting. It is rewritten as lines of codes arrive.
struct PreviewFile {
  private let file: PictureFile
  private let text: [(key: String, value: String)]
  private var schedule: PreviewSchedule

  init(_ file: PictureFile, of painter: Painter, text: [(key: String, value: String)]) {
    self.file = file
    self.text = text
    schedule = PreviewSchedule(
      codesPerLine: painter.codesPerLine, codesPerPicture: painter.codesPerPicture)
  }

  /// Shows a picture after its first `codes`, if it is time for a preview.
  mutating func update(_ codes: [Int], of painter: Painter) throws {
    let (file, text) = (file, text)
    try schedule.update(codes.count) { try file.write(painter.preview(codes), text: text) }
  }
}
