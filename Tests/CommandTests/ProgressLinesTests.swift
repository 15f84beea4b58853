import JanusRequests
import Testing

/// When work that is not watched tells how far it is.
@Suite struct ProgressLinesTests {
  private let begin = ContinuousClock.now

  @Test func aLineADecileWhileWorkIsFast() {
    var lines = ProgressLines(now: begin)
    let told = (1...1000).filter {
      lines.isDue($0, of: 1000, now: begin + .milliseconds(1000 + 10 * $0))
    }
    #expect(told == Array(stride(from: 100, through: 1000, by: 100)))
  }

  @Test func aLineAMinuteWhileItIsSlow() {
    var lines = ProgressLines(now: begin)
    // A picture each 20 seconds, of ten thousand.
    let told = (1...30).filter { lines.isDue($0, of: 10_000, now: begin + .seconds(20 * $0)) }
    #expect(told == Array(stride(from: 3, through: 30, by: 3)))
    // And though nothing gets done at all.
    let (early, late) = (
      lines.isDue(30, of: 10_000, now: begin + .seconds(659)),
      lines.isDue(30, of: 10_000, now: begin + .seconds(660))
    )
    #expect(!early && late)
  }

  @Test func nothingOfWorkThatEndsAtOnce() {
    var lines = ProgressLines(now: begin)
    let told = (1...10).filter { lines.isDue($0, of: 10, now: begin + .milliseconds(50 * $0)) }
    #expect(told.isEmpty)
    var asked = ProgressLines(now: begin)
    let all = (1...10).filter { asked.isDue($0, of: 10, evenShort: true, now: begin) }
    #expect(all.count == 10)
  }

  @Test func whatWasThereAtTheBeginningIsNoProgress() {
    var lines = ProgressLines(from: 4, now: begin)
    let early = lines.isDue(49, of: 100, now: begin + .seconds(2))
    let late = lines.isDue(50, of: 100, now: begin + .seconds(3))
    #expect(!early && late)
    var empty = ProgressLines(now: begin)
    let all = empty.isDue(0, of: 0, now: begin + .seconds(3))
    #expect(all)
  }
}
