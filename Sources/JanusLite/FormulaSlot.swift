import JanusEngine
import JanusImages
import JanusSystem
import JanusWords

/// A picture whose formula is being read.
///
/// Its choices are made by one thread at a time.
final class FormulaSlot: @unchecked Sendable {
  let index: Int
  let run: TextRun
  private var writer: AnswerWriter
  private let warning: PictureWarning?
  private var failure: JanusError?
  var timings = Answer.Timings()
  /// The sequence and the logits at the end of the question, where alternatives begin.
  var start: (run: TextRun, logits: [Float])?
  /// The text that has become certain with the last token.
  private(set) var newText = ""

  init(index: Int, run: TextRun, writer: AnswerWriter, warning: PictureWarning?) {
    self.index = index
    self.run = run
    self.writer = writer
    self.warning = warning
  }

  var isFinished: Bool { writer.isFinished || failure != nil }
  var next: Int? { isFinished ? nil : writer.next }

  func take(_ logits: UnsafeBufferPointer<Float>) {
    newText = ""
    guard !writer.isFinished else { return }
    do throws(JanusError) { newText = try writer.take(logits) } catch { failure = error }
  }

  func fail(_ error: JanusError) {
    newText = ""
    failure = error
  }

  func cancel() {
    newText = ""
    writer.cancel()
  }

  func reading(_ tokenizer: Tokenizer) throws(JanusError) -> FormulaReading {
    if let failure { throw failure }
    var answer = writer.answer
    answer.timings = timings
    return FormulaReading(
      answer, tokenizer: tokenizer, pictureWarnings: warning.map { [$0.description] } ?? [])
  }
}
