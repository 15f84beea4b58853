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
  private let blank: AnswerWriter
  private var writer: AnswerWriter
  private var looks: FormulaLooks
  private let warnings: [PictureWarning]
  private var failure: JanusError?
  /// Whether a further look could not be had: the answers before it stand.
  private var isOver = false
  var timings = Answer.Timings()
  /// The sequence and the logits at the end of the question, where alternatives begin: of this look, and of the surest.
  var start: (run: TextRun, logits: [Float])?
  private(set) var surestStart: (run: TextRun, logits: [Float])?
  /// The text of the first look that has become certain with the last token.
  private(set) var newText = ""

  /// - Parameter writer: of an answer that has not begun.
  init(
    index: Int, run: TextRun, writer: AnswerWriter, looks: FormulaLooks,
    warnings: [PictureWarning]
  ) {
    self.index = index
    self.run = run
    blank = writer
    self.writer = writer
    self.looks = looks
    self.warnings = warnings
  }

  var isFinished: Bool { writer.isFinished || failure != nil || isOver }
  var next: Int? { isFinished ? nil : writer.next }

  /// Ends the look whose answer has ended.
  ///
  /// - Returns: what to look at next; nil where there is a result.
  func nextView() -> Picture? {
    guard failure == nil, !isOver else { return nil }
    if looks.take(writer.answer) { surestStart = start }
    start = nil
    guard let view = looks.next() else { return nil }
    run.cache.truncate(to: 0)
    writer = blank
    return view
  }

  func take(_ logits: UnsafeBufferPointer<Float>) {
    newText = ""
    guard !writer.isFinished else { return }
    do throws(JanusError) {
      let text = try writer.take(logits)
      if looks.surest == nil { newText = text }
    } catch {
      fail(error)
    }
  }

  func fail(_ error: JanusError) {
    newText = ""
    if looks.surest == nil { failure = error } else { isOver = true }
  }

  func cancel() {
    newText = ""
    writer.cancel()
  }

  func reading(_ tokenizer: Tokenizer) throws(JanusError) -> FormulaReading {
    if let failure { throw failure }
    var answer = looks.surest ?? writer.answer
    answer.timings = timings
    return FormulaReading(answer, tokenizer: tokenizer, pictureWarnings: warnings)
  }
}
