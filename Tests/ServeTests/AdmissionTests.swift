import JanusLite
import JanusServe
import JanusSystem
import Testing

@Suite struct AdmissionTests {
  @Test func `as many run as fit, the next wait in order, the one after is refused`() throws {
    let admission = Admission(parallel: 2, queue: 2)
    let running = [try admission.enter(), try admission.enter()]
    let waiting = [try admission.enter(), try admission.enter()]
    #expect(running.allSatisfy(\.isAdmitted) && !waiting.contains(where: \.isAdmitted))
    #expect(throws: Admission.Full.self) { try admission.enter() }
    #expect(admission.load == (2, 2))
    running[1].leave()
    #expect(waiting[0].isAdmitted && !waiting[1].isAdmitted)
    running[1].leave()
    #expect(!waiting[1].isAdmitted, "a place is left once")
    waiting[0].leave()
    #expect(waiting[1].isAdmitted)
  }

  @Test func `who waits leaves without disturbing who runs`() throws {
    let admission = Admission(parallel: 1, queue: 3)
    let running = try admission.enter()
    let first = try admission.enter()
    let second = try admission.enter()
    first.leave()
    #expect(running.isAdmitted && !second.isAdmitted)
    #expect(admission.load == (1, 1))
    running.leave()
    #expect(second.isAdmitted)
  }

  @Test func `a place that nobody holds is left`() throws {
    let admission = Admission(parallel: 1, queue: 1)
    var place: Admission.Place? = try admission.enter()
    #expect(place?.isAdmitted == true)
    place = nil
    #expect(admission.load == (0, 0))
  }

  @Test func `positions are told until the turn comes`() async throws {
    let admission = Admission(parallel: 1, queue: 3)
    let running = try admission.enter()
    let first = try admission.enter()
    let second = try admission.enter()
    var positions = second.positions.makeAsyncIterator()
    #expect(await positions.next() == 1)
    first.leave()
    #expect(await positions.next() == 0)
    running.leave()
    #expect(await positions.next() == nil)
    #expect(second.isAdmitted)
  }

  @Test func `memory is admitted as a sum, and alone whatever it takes`() throws {
    let admission = Admission(parallel: 8, queue: 8)
    let budget = Budget(100)
    let first = try admission.enter { budget.take(60) }
    let second = try admission.enter { budget.take(50) }
    let third = try admission.enter { budget.take(1) }
    #expect(first.isAdmitted && !second.isAdmitted)
    #expect(!third.isAdmitted, "nobody overtakes")
    first.leave()
    #expect(second.isAdmitted && third.isAdmitted)
    second.leave()
    third.leave()
    #expect(budget.left == 100, "memory is given back")
    #expect(try admission.enter { budget.take(1_000) }.isAdmitted)
  }

  @Test func `wide requests take turns`() throws {
    let admission = Admission(parallel: 4, queue: 8)
    let wide = try admission.enter(rows: 3)
    let other = try admission.enter(rows: 2)
    #expect(wide.isAdmitted && !other.isAdmitted)
    wide.leave()
    #expect(other.isAdmitted)
    other.leave()
    #expect(try admission.enter(rows: 100).isAdmitted)
  }

  @Test func `a closed queue sends those who wait away and lets those who run end`() async throws {
    let admission = Admission(parallel: 1, queue: 3)
    let running = try admission.enter()
    let waiting = try admission.enter()
    admission.close()
    for await _ in waiting.positions {}
    #expect(running.isAdmitted && !waiting.isAdmitted)
    running.leave()
    #expect(!waiting.isAdmitted)
    let late = try admission.enter()
    for await _ in late.positions {}
    #expect(!late.isAdmitted)
  }
}

/// Memory that is taken, and given back when nobody holds it.
private final class Budget: Sendable {
  private let bytes: Locked<Int>

  init(_ bytes: Int) { self.bytes = Locked(bytes) }

  var left: Int { bytes.withLock(\.self) }

  func take(_ count: Int) -> Share? {
    bytes.withLock { bytes in
      if count > bytes { return nil }
      bytes -= count
      return Share(self, count)
    }
  }

  final class Share: Sendable {
    private let budget: Budget
    private let count: Int

    init(_ budget: Budget, _ count: Int) {
      self.budget = budget
      self.count = count
    }

    deinit { budget.bytes.withLock { $0 += count } }
  }
}

@Suite struct StopTextTests {
  private func shown(_ pieces: [String], _ stops: [String]) -> (text: String, isFound: Bool) {
    var watch = StopTexts(stops)
    var text = ""
    for piece in pieces { text += watch.append(piece) }
    let isFound = watch.isFound
    return (text + watch.finish(), isFound)
  }

  @Test func `an answer ends before a text, however it is cut into pieces`() {
    let text = "The answer is 42.\nEND and more"
    for length in 1...text.count {
      var pieces: [String] = []
      var rest = text[...]
      while !rest.isEmpty {
        pieces.append(String(rest.prefix(length)))
        rest = rest.dropFirst(length)
      }
      #expect(shown(pieces, ["\nEND", "zzz"]) == ("The answer is 42.", true))
      #expect(shown(pieces, ["never", "more!"]) == (text, false))
    }
  }

  @Test func `the first of several texts ends it, and characters stay whole`() {
    #expect(shown(["aé", "日本", "x"], ["本", "日本"]) == ("aé", true))
    #expect(shown(["aaab"], ["aab"]) == ("a", true))
    #expect(shown(["ab", "a"], ["abc"]) == ("aba", false))
    #expect(shown(["x"], []) == ("x", false))
  }
}
