import Foundation
import Testing

@testable import JanusDownload

/// What a hub says is not trusted.
@Suite struct HubAnswerTests {
  private func manifest(_ files: [[String: Any]]) throws -> Manifest {
    let answer: [String: Any] = ["sha": String(repeating: "a", count: 40), "siblings": files]
    return try Hub.manifest(
      in: Array(try JSONSerialization.data(withJSONObject: answer)), HTTPTransfer.Response(),
      address: "https://hub", try HubSettings(environment: ["HOME": "/nowhere"]),
      try #require(RepositoryName("1b")))
  }

  private func file(_ name: String, size: Int) -> [String: Any] {
    ["rfilename": name, "size": size, "blobId": String(repeating: "b", count: 40)]
  }

  @Test func theSizesOfAllFilesCanBeAdded() throws {
    let most = 1 << 46
    #expect(try manifest([file("a", size: most), file("b", size: most + 1)]).files.count == 1)
    #expect(try manifest([file("a", size: -1), file("b", size: .max)]).files.isEmpty)
    let files = try manifest((0..<20_000).map { file("\($0)", size: most) }).files
    let (total, overflows) = files.reduce((0, false)) { sum, file in
      let (next, overflow) = sum.0.addingReportingOverflow(file.size)
      return (next, sum.1 || overflow)
    }
    #expect(files.count == 20_000 && !overflows && total > 0)
  }

  @Test(arguments: ["../a", "/a", "a//b", ".", "a/..", "a\\b", "a\u{0}", "a\u{1b}b", ""])
  func namesThatLeadOutOfTheFolderAreNothingToAskFor(_ name: String) throws {
    #expect(try manifest([file(name, size: 1), file("config.json", size: 1)]).files.count == 1)
  }
}
