import Foundation

/// Asks a hub what a repository holds.
struct Hub {
  let settings: HubSettings
  let client: HTTPClient

  /// Bytes of an answer that is read whole.
  private static let answerLimit = 1 << 24
  /// Seconds that such an answer may take, however it drips.
  private static let answerSeconds = 120
  private static let fileLimit = 20_000
  /// Bytes of a file; those of all files can be added.
  private static let sizeLimit = 1 << 46
  /// Tries to reach it: whoever has no network is to know soon.
  private static let attempts = 3

  /// The files of a revision, with the commit that it stands for now.
  func manifest(
    of repository: RepositoryName, revision: String, _ isWanted: () -> Bool,
    retrying: (DownloadError, Double) -> Void
  ) throws(DownloadError) -> Manifest {
    let branch = settings.kind == .modelscope && revision == "main" ? "master" : revision
    let address =
      switch settings.kind {
      // https://huggingface.co/docs/hub/api: `GET /api/models/{repo}/revision/{revision}?blobs=true`.
      case .huggingface:
        "\(settings.endpoint)/api/models/\(repository)/revision/\(Self.escaped(branch))?blobs=true"
      // `GET /api/v1/models/{repo}/repo/files?Revision=…&Recursive=true`.
      case .modelscope:
        "\(settings.endpoint)/api/v1/models/\(repository)/repo/files"
          + "?Revision=\(Self.escaped(branch))&Recursive=true"
      }
    return try answer(address, repository, isWanted, retrying)
  }

  /// What an answer of the hub says.
  static func manifest(
    in body: [UInt8], _ response: HTTPTransfer.Response, address: String, _ settings: HubSettings,
    _ repository: RepositoryName
  ) throws(DownloadError) -> Manifest {
    switch settings.kind {
    case .huggingface:
      try huggingFace(try decode(body, response, address), address, settings, repository)
    case .modelscope:
      try modelScope(try decode(body, response, address), address, settings, repository)
    }
  }

  /// The lines that a request to the hub itself carries.
  var headers: [String] { settings.token.map { ["Authorization: Bearer \($0)"] } ?? [] }

  // MARK: huggingface.co

  private struct ModelInfo: Decodable {
    struct Sibling: Decodable {
      struct LFS: Decodable {
        let sha256: String
        let size: Int
      }
      let rfilename: String
      let size: Int?
      let blobId: String?
      let lfs: LFS?
    }
    let sha: String
    let siblings: [Sibling]
  }

  private static func huggingFace(
    _ info: ModelInfo, _ address: String, _ settings: HubSettings, _ repository: RepositoryName
  ) throws(DownloadError) -> Manifest {
    guard isHexadecimal(info.sha, count: 40) else {
      throw .data(address: address, problem: "expected a commit, found '\(shown(info.sha))'")
    }
    guard info.siblings.count <= fileLimit else {
      throw .data(address: address, problem: "more than \(fileLimit) files")
    }
    var files: [Manifest.File] = []
    for sibling in info.siblings {
      let checksum: Manifest.Checksum? =
        sibling.lfs.map { .sha256($0.sha256) } ?? sibling.blobId.map { .gitBlob($0) }
      // A name that leaves the folder, or a size that is none, is nothing to ask for.
      guard isSafePath(sibling.rfilename), let checksum, isChecksum(checksum),
        let size = sibling.lfs?.size ?? sibling.size, (0...sizeLimit).contains(size)
      else { continue }
      let path = sibling.rfilename.split(separator: "/").map { escaped(String($0)) }
        .joined(separator: "/")
      files.append(
        Manifest.File(
          path: sibling.rfilename, size: size, checksum: checksum,
          address: "\(settings.endpoint)/\(repository)/resolve/\(info.sha)/\(path)"))
    }
    return Manifest(commit: info.sha, files: files)
  }

  private static func isChecksum(_ checksum: Manifest.Checksum) -> Bool {
    switch checksum {
    case .sha256(let digits): isHexadecimal(digits, count: 64)
    case .gitBlob(let digits): isHexadecimal(digits, count: 40)
    }
  }

  // MARK: modelscope.cn

  private struct FileList: Decodable {
    struct Listing: Decodable {
      struct Entry: Decodable {
        let path: String
        let size: Int?
        let sha256: String?
        let type: String
        let revision: String?
        let date: Int?

        enum CodingKeys: String, CodingKey {
          case path = "Path"
          case size = "Size"
          case sha256 = "Sha256"
          case type = "Type"
          case revision = "Revision"
          case date = "CommittedDate"
        }
      }
      let files: [Entry]

      enum CodingKeys: String, CodingKey { case files = "Files" }
    }
    let data: Listing?

    enum CodingKeys: String, CodingKey { case data = "Data" }
  }

  /// Files carry the commit that changed them last; the newest of these is the revision's commit.
  private static func modelScope(
    _ list: FileList, _ address: String, _ settings: HubSettings, _ repository: RepositoryName
  ) throws(DownloadError) -> Manifest {
    let models = "\(settings.endpoint)/api/v1/models/\(repository)"
    let entries = (list.data?.files ?? []).filter { $0.type == "blob" }
    let newest = entries.max { ($0.date ?? 0) < ($1.date ?? 0) }?.revision
    guard entries.count <= fileLimit, let commit = newest, isHexadecimal(commit, count: 40)
    else {
      throw .data(address: address, problem: "expected files and their commits, found neither")
    }
    var files: [Manifest.File] = []
    for entry in entries {
      guard isSafePath(entry.path), let digits = entry.sha256, isHexadecimal(digits, count: 64),
        let size = entry.size, (0...sizeLimit).contains(size)
      else { continue }
      files.append(
        Manifest.File(
          path: entry.path, size: size, checksum: .sha256(digits),
          address: "\(models)/repo?Revision=\(commit)&FilePath=\(escaped(entry.path))"))
    }
    return Manifest(commit: commit, files: files)
  }

  // MARK: Answers

  /// Everything but letters, digits and a few marks as `%XX`.
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.map { byte in
      let isPlain =
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (0x30...0x39).contains(byte) || "-._~".utf8.contains(byte)
      return isPlain
        ? String(Unicode.Scalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
  }

  private func answer(
    _ address: String, _ repository: RepositoryName, _ isWanted: () -> Bool,
    _ retrying: (DownloadError, Double) -> Void
  ) throws(DownloadError) -> Manifest {
    var attempt = 0
    while true {
      let retry: Retry
      do throws(DownloadError) {
        let (response, body, url) = try client.fetch(
          HTTPTransfer.Request(url: address, headers: headers, seconds: Self.answerSeconds),
          limit: Self.answerLimit, isWanted)
        guard response.status != 200 else {
          return try Self.manifest(
            in: body, response, address: address, settings, repository)
        }
        let error = Self.error(
          response, body, address: url, isStore: false, settings, repository)
        guard Retry.isTransient(response.status) else { throw error }
        retry = Retry(error: error, wait: Retry.wait(response))
      } catch {
        guard case .network = error else { throw error }
        retry = Retry(error: error, wait: nil)
      }
      attempt += 1
      guard attempt < min(settings.attempts, Self.attempts) else { throw retry.error }
      retrying(retry.error, retry.seconds(attempt: attempt, settings))
      try retry.pause(attempt: attempt, settings, isWanted)
    }
  }

  private static func decode<Answer: Decodable>(
    _ body: [UInt8], _ response: HTTPTransfer.Response, _ address: String
  ) throws(DownloadError) -> Answer {
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(body))
    } catch {
      let begin = body.drop { $0 <= 0x20 }.first
      if response.isPage || begin == UInt8(ascii: "<") {
        throw .data(
          address: address,
          problem:
            "expected the hub's answer, found a web page (HTML), perhaps a proxy's or one to "
            + "sign in to the network")
      }
      throw .data(address: address, problem: "the hub's answer is not what its interface states")
    }
  }

  /// What a status means for the one who asked.
  ///
  /// - Parameter isStore: whether the hub led to another address, which answered.
  static func error(
    _ response: HTTPTransfer.Response, _ body: [UInt8], address: String, isStore: Bool,
    _ settings: HubSettings, _ repository: RepositoryName
  ) -> DownloadError {
    let said = message(response, body, settings)
    let code = response["x-error-code"] ?? ""
    let hasToken = settings.token != nil
    // Stores know no such codes.
    let isHub = !isStore || !code.isEmpty
    let address = settings.shownAddress(address)
    switch response.status {
    case 401 where !isHub, 403 where !isHub:
      return .refused(
        address: address,
        problem:
          "the store to which \(settings.host) leads refuses (\(response.status)\(said)); try again "
          + "later, or by another network or proxy")
    case 401, 403:
      let gated = code == "GatedRepo" || said.lowercased().contains("gated")
      let remedy =
        gated
        ? "its owner gives access on its page (\(settings.endpoint)/\(repository)); then a token of "
          + "yours is needed in HF_TOKEN"
        : hasToken
          ? "the token is not accepted, or gives no access"
          : "it does not exist, or it is private and needs a token in HF_TOKEN"
      return .refused(
        address: address, problem: "the hub refuses (\(response.status)\(said)): \(remedy)")
    case 404, 410:
      let what =
        code == "RevisionNotFound"
        ? "there is no such revision"
        : code == "EntryNotFound" ? "there is no such file" : "not found"
      return .notFound(address: address, problem: "\(what) (\(response.status)\(said))")
    case 429:
      return .network(address: address, problem: "too many requests (429\(said))")
    case 500...599:
      return .network(address: address, problem: "the server fails (\(response.status)\(said))")
    default:
      return .data(address: address, problem: "unexpected status \(response.status)\(said)")
    }
  }

  /// What the hub says about it, as ": …"; empty where that is nothing for people.
  private static func message(
    _ response: HTTPTransfer.Response, _ body: [UInt8], _ settings: HubSettings
  ) -> String {
    func told(_ text: String) -> String {
      // Addresses in it may be signed.
      let words = text.split(separator: " ", omittingEmptySubsequences: false).map { word in
        word.contains("://") ? settings.shownAddress(String(word)) : String(word)
      }
      return ": \(shown(words.joined(separator: " ")))"
    }
    if let text = response["x-error-message"], !text.isEmpty { return told(text) }
    struct Problem: Decodable {
      let error: String
    }
    let problem = try? JSONDecoder().decode(Problem.self, from: Data(body.prefix(1 << 16)))
    if let problem { return told(problem.error) }
    return response.isPage || body.drop(while: { $0 <= 0x20 }).first == UInt8(ascii: "<")
      ? ": a web page, perhaps a proxy's" : ""
  }
}
