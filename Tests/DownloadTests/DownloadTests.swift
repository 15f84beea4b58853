import Foundation
import HubTesting
import Testing

@testable import JanusDownload

/// Downloads from a hub that behaves as documented.
@Suite struct DownloadTests {
  @Test(arguments: [false, true])
  func allFilesArriveInTheLayoutOfTheHubsCache(isEncrypted: Bool) throws {
    let hub = try TestHub(isEncrypted: isEncrypted)
    try hub.addCheckpoint()
    let settings = try hub.settings()
    let folder = try hub.pull(settings)
    #expect(try hub.isWhole(folder))
    let commit = (folder as NSString).lastPathComponent
    let repository = "models--deepseek-ai--Janus-Pro-1B"
    #expect(folder == "\(hub.cache)/\(repository)/snapshots/\(commit)")
    let ref = try String(contentsOfFile: "\(hub.cache)/\(repository)/refs/main", encoding: .utf8)
    #expect(ref == commit)
    let link = try FileManager.default.destinationOfSymbolicLink(
      atPath: folder + "/model.safetensors")
    #expect(link.hasPrefix("../../blobs/") && (link as NSString).lastPathComponent.count == 64)
    let inner = try FileManager.default.destinationOfSymbolicLink(
      atPath: folder + "/sub folder/ünï#?.json")
    #expect(inner.hasPrefix("../../../blobs/") && (inner as NSString).lastPathComponent.count == 40)
    #expect(!hub.cached.contains { $0.contains("partial") })
    #expect(HubCache(path: hub.cache).snapshot(RepositoryName(TestHub.repository)!) == folder)
  }

  @Test func anotherAuthoritysCertificateIsRefused() throws {
    let hub = try TestHub(isEncrypted: true)
    try hub.addCheckpoint()
    var settings = try hub.settings()
    settings.certificates = .init()
    let error = #expect(throws: DownloadError.self) { try hub.pull(settings) }
    #expect(
      error?.kind == .unavailable && error?.description.lowercased().contains("certificate") == true
    )
  }

  @Test func aSecondDownloadAsksForMetadataOnly() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let settings = try hub.settings()
    try hub.pull(settings)
    _ = try hub.log()
    #expect(try hub.plan(settings).bytesMissing == 0)
    let folder = try hub.pull(settings)
    #expect(try hub.isWhole(folder))
    #expect(try hub.log().allSatisfy { $0.path.hasPrefix("/api/models/") })
  }

  @Test func largeFilesComeInRangesAtOnceAndTheTokenStaysWithTheHub() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.pull(hub.settings(.huggingface, ["HF_TOKEN": "hf_secret"]))
    let log = try hub.log()
    let store = log.filter { $0.path.hasPrefix("/store/") }
    #expect(store.count == 6)
    #expect(Set(store.compactMap(\.range)).contains("bytes=400000-599999"))
    #expect(store.allSatisfy { $0.token == nil && $0.host.hasPrefix("localhost") })
    #expect(store.dropFirst().allSatisfy { $0.ifRange != nil })
    let asked = log.filter { !$0.path.hasPrefix("/store/") }
    #expect(asked.allSatisfy { $0.token == "Bearer hf_secret" })
    // The commit is pinned from the first answer on.
    let commit = try hub.plan(hub.settings()).commit
    #expect(log.filter { $0.path.contains("/resolve/") }.allSatisfy { $0.path.contains(commit) })
  }

  @Test func theTokenMayLieInTheTokenFile() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let home = hub.folder.appendingPathComponent("hf")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    try Data("hf_file\n".utf8).write(to: home.appendingPathComponent("token"))
    _ = try hub.plan(hub.settings(.huggingface, ["HF_HOME": home.path]))
    #expect(try hub.log().last?.token == "Bearer hf_file")
    let off = ["HF_HOME": home.path, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]
    _ = try hub.plan(hub.settings(.huggingface, off))
    #expect(try hub.log().last?.token == nil)
    #expect(throws: DownloadError.self) {
      try hub.settings(.huggingface, ["HF_TOKEN": "a\r\nX-Evil: b"])
    }
  }

  @Test func whatWasLeftIsTakenUpAndOnlyMissingBytesMove() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let settings = try hub.settings()
    for limit in [100_000, 450_000, 800_000] {
      let error = #expect(throws: DownloadError.self) {
        try hub.pull(settings) { $0.bytesDone < limit }
      }
      #expect(error == .cancelled)
      #expect(!hub.cached.contains { $0.hasSuffix("model.safetensors") })
    }
    let plan = try hub.plan(settings)
    _ = try hub.log()
    let folder = try hub.pull(settings)
    #expect(try hub.isWhole(folder))
    let moved = try hub.log().filter { $0.path.hasPrefix("/store/") }.compactMap(\.sent)
    #expect(moved.reduce(0, +) < 1_000_003 - 700_000, "\(moved), \(plan.bytesMissing) missing")
  }

  @Test func whatAnotherProgramFinishedIsItsOwn() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let settings = try hub.settings()
    let downloader = Downloader(settings: settings)
    let plan = try hub.plan(settings)
    let repository = try #require(RepositoryName(TestHub.repository))
    // Interrupted, for one use only.
    #expect(throws: DownloadError.cancelled) {
      try downloader.fetch(plan, keeping: false) { $0.bytesDone < 400_000 }
    }
    // What Python would leave when it goes on in the same cache.
    let other = "\(hub.folder.path)/other"
    var elsewhere = settings
    elsewhere.cache = other
    try hub.pull(elsewhere)
    let names = try #require(FileManager.default.enumerator(atPath: other))
    for case let name as String in names where !name.hasPrefix(".locks") {
      let (source, target) = ("\(other)/\(name)", "\(settings.cache)/\(name)")
      let isFolder = names.fileAttributes?[.type] as? FileAttributeType == .typeDirectory
      if isFolder {
        try FileManager.default.createDirectory(
          atPath: target, withIntermediateDirectories: true)
      } else if (try? FileManager.default.attributesOfItem(atPath: target)) == nil {
        try FileManager.default.copyItem(atPath: source, toPath: target)
      }
    }
    let folder = try downloader.fetch(hub.plan(settings), keeping: false)
    #expect(!downloader.cache.discard(repository, commit: plan.commit))
    #expect(try hub.isWhole(folder))
  }

  @Test func whatWasFetchedForOneUseGoesAfterIt() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let settings = try hub.settings()
    let downloader = Downloader(settings: settings)
    let repository = try #require(RepositoryName(TestHub.repository))
    // A second time, as after a kill between the download and the removal.
    for _ in 0..<2 { _ = try downloader.fetch(hub.plan(settings), keeping: false) }
    #expect(downloader.cache.discard(repository, commit: try hub.plan(settings).commit))
    #expect(!hub.cached.contains { $0.hasSuffix("model.safetensors") })
  }

  @Test func connectionsThatBreakAreTakenUpWhereTheyWere() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(["match": "^/store/", "times": 9, "cut": 70_000])
    let folder = try hub.pull(hub.settings())
    #expect(try hub.isWhole(folder))
    let moved = try hub.log().filter { $0.path.hasPrefix("/store/") }.compactMap(\.sent)
    #expect(moved.reduce(0, +) == 1_000_003)
  }

  @Test(arguments: [429, 500, 502, 503, 504, 408])
  func whatPassesByItselfIsAskedForAgain(status: Int) throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(
      ["match": "^/api/", "times": 2, "status": status],
      ["match": "^/store/", "times": 2, "status": status, "headers": ["Retry-After": "0"]],
      ["match": "/resolve/", "times": 2, "status": status])
    #expect(try hub.isWhole(hub.pull(hub.settings())))
  }

  @Test func retryAfterIsHeeded() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    try hub.rules(
      ["match": "^/store/", "times": 1, "status": 429, "headers": ["Retry-After": "1"]])
    let begin = ContinuousClock.now
    #expect(try hub.isWhole(hub.pull(hub.settings())))
    #expect(ContinuousClock.now - begin > .seconds(1))
    #expect(Retry.wait(.init(status: 429, headers: ["retry-after": "1e300"])) == 300)
    #expect(Retry.wait(.init(status: 429, headers: ["retry-after": "-5"])) == 0)
    #expect(Retry.wait(.init(status: 429, headers: ["retry-after": "soon"])) == nil)
    for (date, wait) in [
      ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("Wednesday, 21-Oct-15 07:28:00 GMT", 0),
      ("Wed Oct 21 07:28:00 2015", 0), ("Fri, 01 Jan 2100 00:00:00 GMT", 300),
    ] {
      #expect(Retry.wait(.init(status: 429, headers: ["retry-after": date])) == wait)
    }
    let soon = Date(timeIntervalSinceNow: 100)
    var time = Int(soon.timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 64)
    strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    let wait = try #require(
      Retry.wait(
        .init(
          status: 503,
          headers: [
            "retry-after": text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
          ])))
    #expect((90...100).contains(wait))
    let settings = try hub.settings()
    let hasty = Retry(error: .cancelled, wait: 0)
    #expect(hasty.seconds(attempt: 3, settings) == min(settings.pause * 4, 60))
  }

  @Test func anAddressThatExpiredIsAskedForAnew() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules([
      "match": "^/store/", "times": 2, "status": 403, "body": "<Error>Expired</Error>",
    ])
    #expect(try hub.isWhole(hub.pull(hub.settings())))
  }

  @Test func aServerWithoutRangesSendsTheWhole() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(["match": "^/store/", "norange": true])
    #expect(try hub.isWhole(hub.pull(hub.settings())))
    let other = try TestHub()
    try other.addCheckpoint()
    try other.rules(
      ["match": "^/store/", "times": 1, "cut": 300_000, "norange": true],
      ["match": "^/store/", "norange": true])
    #expect(try other.isWhole(other.pull(other.settings())))
    let third = try TestHub()
    try third.addCheckpoint()
    try third.rules(["match": "^/store/", "times": 2, "shift": 7])
    #expect(try third.isWhole(third.pull(third.settings())))
  }

  @Test func aFileThatChangedOnTheServerIsFetchedAnew() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let settings = try hub.settings()
    try hub.rules(["match": "^/store/", "etag": "old", "flip": true])
    #expect(throws: DownloadError.cancelled) { try hub.pull(settings) { $0.bytesDone < 500_000 } }
    try hub.rules()
    #expect(try hub.isWhole(hub.pull(settings)))
    // In the middle of a download.
    let other = try TestHub()
    try other.addCheckpoint()
    try other.rules(["match": "^/store/", "times": 3, "etag": "old", "flip": true])
    #expect(try other.isWhole(other.pull(other.settings())))
  }

  @Test func damageShowsInTheChecksumAndIsMendedOnce() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(
      ["match": "^/store/", "times": 1, "flip": true],
      ["match": "config.json", "times": 1, "flip": true])
    #expect(try hub.isWhole(hub.pull(hub.settings())))
    let other = try TestHub()
    try other.addCheckpoint()
    try other.rules(["match": "^/store/", "flip": true])
    let error = #expect(throws: DownloadError.self) { try other.pull(other.settings()) }
    #expect(error?.kind == .data && error?.description.contains("checksum") == true)
    #expect(!other.cached.contains { $0.hasSuffix("model.safetensors") || $0.contains("partial") })
  }

  @Test(
    arguments: [
      ["match": "^/store/", "size": 5], ["match": "^/store/", "total": 5],
      ["match": "config.json", "size": 2_000_000],
      [
        "match": "^/store/", "status": 200, "headers": ["Content-Type": "text/html"],
        "body": "<html>",
      ],
      ["match": "^/store/", "status": 416], ["match": "^/store/", "status": 404],
      ["match": "^/store/", "status": 500], ["match": "^/store/", "status": 418],
      ["match": "^/store/", "status": 302, "headers": ["Location": "file:///etc/passwd"]],
      ["match": "^/store/", "status": 302, "headers": ["Location": "/store/x"]],
      ["match": "^/api/", "status": 200, "body": "<!DOCTYPE html><p>Sign in"],
      ["match": "^/api/", "status": 200, "body": "{}"],
      ["match": "^/api/", "status": 200, "body": "{\"sha\":\"../../x\",\"siblings\":[]}"],
      ["match": "^/api/", "sha": "../../../../etc"],
    ] as [[String: any Sendable]])
  func anythingElseIsAnErrorAndLeavesNoFinalName(rule: [String: any Sendable]) throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(rule)
    let error = try #require(throws: DownloadError.self) { try hub.pull(hub.settings()) }
    #expect(!error.description.contains("\n"))
    #expect(error.kind == .data || error.kind == .unavailable || error.kind == .missing, "\(error)")
    #expect(!hub.cached.contains { $0.hasSuffix("/model.safetensors") && !$0.contains("locks") })
    let folder = try FileManager.default.contentsOfDirectory(atPath: hub.folder.path)
    #expect(Set(folder).isSubset(of: ["root", "cache"]))
  }

  @Test func aRefusalSaysWhatToDo() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    func refusal(_ rule: [String: Any], token: String? = nil) throws -> String {
      try hub.rules(rule)
      let settings = try hub.settings(.huggingface, token.map { ["HF_TOKEN": $0] } ?? [:])
      let error = try #require(throws: DownloadError.self) { try hub.plan(settings) }
      return error.description
    }
    let gated = try refusal([
      "match": "^/api/", "status": 403, "headers": ["X-Error-Code": "GatedRepo"],
      "body": #"{"error":"Access to model is restricted \u001b[31m"}"#,
    ])
    #expect(gated.contains("its owner gives access") && gated.contains("HF_TOKEN"))
    #expect(!gated.contains("\u{1b}"))
    #expect(try refusal(["match": "^/api/", "status": 401]).contains("private"))
    #expect(
      try refusal(["match": "^/api/", "status": 401], token: "hf_x").contains(
        "token is not accepted"))
    #expect(try refusal(["match": "^/api/", "status": 404]).contains("not found"))
    try hub.rules()
    let absent = #expect(throws: DownloadError.self) {
      try Downloader(settings: hub.settings()).plan(RepositoryName("no/such")!) { $0 }
    }
    #expect(absent?.kind == .refused)
    let revision = #expect(throws: DownloadError.self) {
      try hub.plan(hub.settings(), revision: "v9")
    }
    #expect(revision?.description.contains("no such revision") == true)
    for bad in ["../x", "", "a\u{7}b", "a//b"] {
      let error = #expect(throws: DownloadError.self) {
        try hub.plan(hub.settings(), revision: bad)
      }
      #expect(error?.kind == .usage)
    }
  }

  @Test func hostileNamesNeverLeaveTheFolder() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    let hostile = [
      "../evil.json", "/tmp/evil.json", "a/../../evil.json", "..", ".", "a//b", "a\\..\\b",
      "a\u{0}b", "a\u{1b}[31m", "", String(repeating: "x", count: 300), "./config.json",
      Array(repeating: "d", count: 40).joined(separator: "/"),
    ]
    try hub.rules(["match": "^/api/", "extra": hostile])
    let plan = try hub.plan(hub.settings())
    #expect(
      plan.files.map(\.path).sorted() == [
        "config.json", "model.safetensors", "sub folder/ünï#?.json",
      ])
    #expect(try hub.isWhole(hub.pull(hub.settings())))
    let names = try FileManager.default.contentsOfDirectory(atPath: hub.folder.path)
    #expect(Set(names) == ["root", "cache"])
  }

  @Test func aLinkPlantedInTheCacheIsNotWrittenThrough() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    let plan = try hub.plan(hub.settings())
    let file = try #require(plan.files.first { $0.path == "model.safetensors" })
    let blobs = "\(hub.cache)/models--deepseek-ai--Janus-Pro-1B/blobs"
    try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
    let victim = hub.folder.path + "/victim"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
    try FileManager.default.createSymbolicLink(
      atPath: "\(blobs)/\(file.checksum.digits).janus-partial", withDestinationPath: victim)
    #expect(throws: DownloadError.self) { try hub.pull(hub.settings()) }
    #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
  }

  @Test func twoAtOnceShareOneDownload() async throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(["match": "^/store/", "slow": 2_000_000])
    let settings = try hub.settings()
    let plan = try hub.plan(settings)
    let folders = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<3 {
        group.addTask { try Downloader(settings: settings).fetch(plan) }
      }
      return try await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(Set(folders).count == 1)
    #expect(try hub.isWhole(folders[0]))
    let moved = try hub.log().filter { $0.path.hasPrefix("/store/") }.compactMap(\.sent)
    #expect(moved.reduce(0, +) == 1_000_003)
  }

  @Test func offlineMeansTheCache() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    let offline = try hub.settings(.huggingface, ["HF_HUB_OFFLINE": "1"])
    let error = #expect(throws: DownloadError.self) { try hub.pull(offline) }
    #expect(error?.kind == .unavailable && error?.description.contains("HF_HUB_OFFLINE") == true)
    #expect(try hub.log().isEmpty)
    let folder = try hub.pull(hub.settings())
    _ = try hub.log()
    #expect(try hub.pull(offline) == folder)
    #expect(try hub.log().isEmpty)
  }

  @Test func noNetworkSaysWhatWasTried() throws {
    let hub = try TestHub()
    for endpoint in [
      "http://127.0.0.1:9", "https://no-such-host.invalid",
      hub.hub.replacing("http:", with: "https:"),
    ] {
      let settings = try hub.settings(.huggingface, ["HF_ENDPOINT": endpoint])
      let error = try #require(throws: DownloadError.self) { try hub.plan(settings) }
      #expect(error.kind == .unavailable && error.description.contains(endpoint), "\(error)")
    }
    for endpoint in ["ftp://x", "file:///etc", "huggingface.co", "http://a b"] {
      #expect(throws: DownloadError.self) {
        try hub.settings(.huggingface, ["HF_ENDPOINT": endpoint])
      }
    }
  }

  @Test func aProxyThatAnswersWithAPageIsNamed() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    var settings = try hub.settings()
    settings.proxy = hub.proxy
    let error = try #require(throws: DownloadError.self) { try hub.plan(settings) }
    #expect(error.kind == .data && error.description.contains("web page"), "\(error)")
    var encrypted = try hub.settings(.huggingface, ["HF_ENDPOINT": "https://huggingface.co"])
    encrypted.proxy = hub.proxy
    let refused = try #require(throws: DownloadError.self) { try hub.plan(encrypted) }
    #expect(refused.description.contains("proxy answered with status 403"), "\(refused)")
  }

  @Test func aStalledConnectionIsGivenUp() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    var settings = try hub.settings()
    settings.patience.stalled = 1
    settings.attempts = 2
    try hub.rules(["match": "^/store/", "stall": 20])
    let begin = ContinuousClock.now
    let error = try #require(throws: DownloadError.self) { try hub.pull(settings) }
    #expect(error.kind == .unavailable && ContinuousClock.now - begin < .seconds(15))
  }

  @Test func tooLittleRoomShowsBeforeTheFirstByte() throws {
    let hub = try TestHub()
    try hub.addCheckpoint(1000)
    let plan = try hub.plan(hub.settings())
    _ = try hub.log()
    let error = try #require(throws: DownloadError.self) {
      try Downloader(settings: hub.settings()).fetch(plan, reserve: 1 << 60)
    }
    #expect(error.kind == .inputOutput && error.description.contains("free"))
    #expect(try hub.log().isEmpty)
  }

  @Test func modelScopeGivesTheSameFiles() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    let settings = try hub.settings(.modelscope)
    let folder = try hub.pull(settings)
    #expect(try hub.isWhole(folder))
    #expect(folder.contains("/caches/janus-lite/modelscope/"))
    #expect(try hub.log().contains { $0.path.contains("Revision=master") })
  }

  @Test func progressGoesUpToTheWhole() throws {
    let hub = try TestHub()
    try hub.addCheckpoint()
    try hub.rules(["match": "^/store/", "slow": 600_000])
    var seen: [Downloader.Progress] = []
    try hub.pull(hub.settings()) {
      seen.append($0)
      return true
    }
    #expect(seen.map(\.bytesDone) == seen.map(\.bytesDone).sorted())
    #expect(seen.last?.bytesDone == seen.last?.bytesTotal)
    #expect(seen.contains { $0.bytesPerSecond > 0 && $0.secondsLeft != nil })
  }

  @Test(arguments: [
    ("1b", "deepseek-ai/Janus-Pro-1B"), ("7B", "deepseek-ai/Janus-Pro-7B"), ("a/b", "a/b"),
    ("https://huggingface.co/org/name_1.5", "org/name_1.5"),
    ("https://huggingface.co/org/name/tree/main", "org/name"),
    ("https://modelscope.cn/models/org/name", "org/name"),
  ])
  func namesOfRepositories(text: String, expected: String) {
    #expect(RepositoryName(text)?.description == expected)
  }

  @Test(arguments: [
    "", "a", "a/b/c", "../b", "a/..", "a/b c", "a/b\n", "/b", "a/", "a/.b", "a/b--c", "-a/b",
    "a/b?x", "a/é", "https://huggingface.co/", "a/" + String(repeating: "x", count: 97),
  ])
  func whatIsNoNameOfARepository(text: String) {
    #expect(RepositoryName(text) == nil)
  }

  @Test func aPartialContentThatIsDamagedIsBegunAnew() throws {
    let path = FileManager.default.temporaryDirectory.path + "/partial-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func blob() throws -> PartialBlob { try PartialBlob(path: path, size: 1000, rangeBytes: 300) }
    do {
      let new = try blob()
      try [UInt8](repeating: 7, count: 250).withUnsafeBytes { try new.append($0, to: 0) }
      try [UInt8](repeating: 8, count: 10).withUnsafeBytes { try new.append($0, to: 2) }
      try new.remember(eTag: "\"x\"")
      #expect(new.prefix == 250)
    }
    do {
      let again = try blob()
      #expect(again.done == [250, 0, 10, 0] && again.eTag == "\"x\"")
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for position in 1000..<whole.count {
      for value: UInt8 in [0, 1, 255] {
        var damaged = whole
        damaged[position] = value
        try damaged.write(to: URL(fileURLWithPath: path))
        let found = try blob()
        #expect(
          found.done.indices.allSatisfy { (0...found.range($0).count).contains(found.done[$0]) })
        #expect(found.done.indices.reduce(0) { $0 + found.range($1).count } == 1000)
      }
    }
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
    #expect(try blob().bytesDone == 0)
  }
}
