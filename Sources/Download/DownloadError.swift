import JanusSystem

/// Why something could not be downloaded: what, from where, expected and found, on one line.
public enum DownloadError: Error, Equatable, CustomStringConvertible {
  /// The name or an option of the caller makes no sense.
  case request(String)
  /// libcurl is not installed.
  case noLibrary
  /// Nothing could be reached; `address` is what was tried.
  case network(address: String, problem: String)
  /// The hub wants a token, or does not take the one that it got.
  case refused(address: String, problem: String)
  /// There is no such repository, revision or file.
  case notFound(address: String, problem: String)
  /// What came is not what was announced.
  case data(address: String, problem: String)
  /// Not in the cache, and the network is not to be used.
  case offline(String)
  /// The disk has too little room.
  case disk(path: String, needed: Int, free: Int)
  /// The system refused to open, read or write.
  case file(FileError)
  /// The progress callback asked to stop. What has come is kept.
  case cancelled

  /// What a command's exit status distinguishes.
  public enum Kind: Sendable {
    case usage, unavailable, refused, missing, data, inputOutput, cancelled
  }

  public var kind: Kind {
    switch self {
    case .request: .usage
    case .noLibrary, .network, .offline: .unavailable
    case .refused: .refused
    case .notFound: .missing
    case .data: .data
    case .disk, .file: .inputOutput
    case .cancelled: .cancelled
    }
  }

  public var description: String {
    switch self {
    case .request(let text): text
    case .noLibrary:
      "libcurl, which downloads, is not installed (Debian and Ubuntu: apt install libcurl4; Fedora: "
        + "dnf install libcurl)"
    case .network(let address, let problem): "\(shown(address)) cannot be reached: \(problem)"
    case .refused(let address, let problem), .notFound(let address, let problem),
      .data(let address, let problem):
      "\(shown(address)): \(problem)"
    case .offline(let text): text
    case .disk(let path, let needed, let free):
      "'\(shown(path))': \(needed) bytes are needed on this disk, \(free) are free"
    case .file(let error): error.description
    case .cancelled: "the download was stopped; it goes on from here next time"
    }
  }
}

/// A text from outside as it may stand in a message: on one line and not endless.
func shown(_ text: some StringProtocol, limit: Int = 200) -> String {
  DisplayText.line(text, limit: limit)
}
