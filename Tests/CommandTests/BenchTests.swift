import Foundation
import Testing

@Suite struct BenchTests {
  @Test func aServedStageIsAnsweredWithItsSeconds() throws {
    let run = try CommandLineRun(
      ["bench", "--stdin", "-m", Fixture.modelPath], input: Data("prefill\nnothing\nvq\n".utf8))
    #expect(run.status == 0, "\(run.errors)")
    let answers = try run.outputLines.map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    try #require(answers.count == 3)
    #expect(answers[0]["stage"] as? String == "prefill")
    #expect(try #require(answers[0]["seconds"] as? Double) > 0)
    #expect(try #require(answers[1]["error"] as? String).contains("'nothing'"))
    #expect(answers[2]["stage"] as? String == "vq")
  }

  @Test func everyLineOfTheTableHasTheFieldsOfItsHead() throws {
    let run = try CommandLineRun(
      ["bench", "--csv", "--stages", "paint", "--repetitions", "1", "-m", Fixture.modelPath])
    #expect(run.status == 0, "\(run.errors)")
    // Fields in quotation marks may hold commas.
    let counts = run.outputLines.map { line in
      line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 0 }.reduce(1) { $0 + $1.element.count { $0 == "," } }
    }
    #expect(counts == [7, 7, 7, 7])
  }
}
