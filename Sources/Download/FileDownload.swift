import CCurl
import Foundation
import JanusSystem

/// Fetches one content into a `PartialBlob`: several ranges at once, again after what passes by
/// itself, and anew where the server's file turns out to be another.
final class FileDownload {
  private let file: Manifest.File
  private let blob: PartialBlob
  private let repository: RepositoryName
  private let hub: Hub
  private var checksum: PrefixChecksum
  /// Called several times a second with the bytes that are there; false stops.
  private let progress: (Int) -> Bool
  /// Called with what went wrong and the seconds until it is asked again.
  var retrying: (DownloadError, Double) -> Void = { _, _ in }

  private var running: [Fetch] = []
  /// Whether the server has shown that it gives ranges of this very file.
  private var isConfirmed = false
  /// Whole files only.
  private var isWhole = false
  /// Set by callbacks, acted upon outside of them.
  private var restart: String?
  private var restarts = 0
  private var problem: DownloadError?
  private var attempts = 0
  private var failures = 0
  private var pauseEnd = Date.distantPast

  private static let restartLimit = 5
  private static let failureLimit = 1000
  /// Times that the store may refuse a request without a byte of progress.
  private static let refusalLimit = 3
  /// Bytes that are gathered before they are written.
  private static let pieceBytes = 1 << 18

  /// A transfer of the missing bytes of one range.
  private final class Fetch {
    let range: Int
    let begin: Int
    let transfer: HTTPTransfer
    var pending: [UInt8] = []
    var errorBody: [UInt8] = []
    var isBody = false

    init(range: Int, begin: Int, transfer: HTTPTransfer) {
      (self.range, self.begin, self.transfer) = (range, begin, transfer)
      pending.reserveCapacity(pieceBytes + (1 << 16))
    }
  }

  init(
    _ file: Manifest.File, into blob: PartialBlob, of repository: RepositoryName, hub: Hub,
    progress: @escaping (Int) -> Bool
  ) {
    (self.file, self.blob, self.repository, self.hub) = (file, blob, repository, hub)
    self.progress = progress
    checksum = PrefixChecksum(file.checksum, descriptor: blob.descriptor, size: file.size)
  }

  /// Fetches what is missing and returns the checksum's digits over all of it.
  func run() throws(DownloadError) -> String {
    defer { checksum.stop() }
    do throws(DownloadError) {
      try fetchAll()
    } catch {
      for fetch in running {
        try? flush(fetch)
        hub.client.cancel(fetch.transfer)
      }
      throw error
    }
    checksum.advance(to: blob.prefix)
    guard let digits = try checksum.digits({ _ in progress(blob.bytesDone) }) else {
      throw .file(FileError(path: blob.path, operation: "read", code: errno == 0 ? EIO : errno))
    }
    return digits
  }

  private func fetchAll() throws(DownloadError) {
    isConfirmed = !blob.eTag.isEmpty
    checksum.advance(to: blob.prefix)
    while !blob.isComplete {
      try startFetches()
      for transfer in hub.client.wait(milliseconds: running.isEmpty ? 50 : 100) {
        guard let index = running.firstIndex(where: { $0.transfer === transfer }) else { continue }
        let fetch = running.remove(at: index)
        try flush(fetch)
        if restart == nil { try end(fetch) }
      }
      if let problem { throw problem }
      if let reason = restart { try begin(again: reason) }
      checksum.advance(to: blob.prefix)
      guard progress(blob.bytesDone) else { throw .cancelled }
    }
    for fetch in running { hub.client.cancel(fetch.transfer) }
    running = []
  }

  /// Everything from the beginning: the server's file is another, or comes whole only.
  private func begin(again reason: String) throws(DownloadError) {
    for fetch in running { hub.client.cancel(fetch.transfer) }
    running = []
    restart = nil
    restarts += 1
    guard restarts <= Self.restartLimit else {
      throw .data(address: file.address, problem: "\(reason), \(restarts) times over")
    }
    try blob.reset(singleRange: isWhole)
    isConfirmed = false
    checksum.stop()
    checksum = PrefixChecksum(file.checksum, descriptor: blob.descriptor, size: file.size)
  }

  private func startFetches() throws(DownloadError) {
    guard pauseEnd.timeIntervalSinceNow <= 0 else { return }
    // One comes first, to show what the server can and which file it has.
    let limit = isConfirmed ? hub.settings.connections : 1
    for index in blob.done.indices where running.count < limit {
      let range = blob.range(index)
      guard blob.done[index] < range.count, !running.contains(where: { $0.range == index }) else {
        continue
      }
      try start(index, from: range.lowerBound + blob.done[index], to: range.upperBound)
    }
  }

  private func start(_ index: Int, from begin: Int, to end: Int) throws(DownloadError) {
    var request = HTTPTransfer.Request(url: file.address, headers: hub.headers)
    let isAll = begin == 0 && end == file.size
    if !isAll {
      request.range = begin...end - 1
      if !blob.eTag.isEmpty { request.headers.append("If-Range: \(blob.eTag)") }
    }
    let fetch = Fetch(range: index, begin: begin, transfer: HTTPTransfer(request))
    fetch.transfer.onHead = { [unowned self, unowned fetch] in self.accept($0, fetch) }
    fetch.transfer.onBody = { [unowned self, unowned fetch] in self.take($0, fetch) }
    running.append(fetch)
    try hub.client.start(fetch.transfer)
  }

  // MARK: Called by libcurl

  /// Looks at the head of a response; false ends the transfer.
  private func accept(_ response: HTTPTransfer.Response, _ fetch: Fetch) -> Bool {
    switch response.status {
    case 206:
      guard let (bytes, total) = response.contentRange, bytes.lowerBound == fetch.begin,
        fetch.transfer.request.range != nil
      else { return restart("the server's ranges are not those asked for", whole: true) }
      if let total, total != file.size { return wrongSize(total, response) }
      if !blob.eTag.isEmpty, let tag = response.strongETag, tag != blob.eTag {
        return restart("the file changed on the server")
      }
    case 200:
      if let length = response.contentLength, length != file.size {
        return wrongSize(length, response)
      }
      // Asked for a part and given all: no ranges here, or another file since the last time.
      if fetch.transfer.request.range != nil {
        return restart("the file changed on the server", whole: blob.eTag.isEmpty || restarts > 0)
      }
    default: return true
    }
    if blob.eTag.isEmpty, let tag = response.strongETag { remember(tag) }
    isConfirmed = true
    fetch.isBody = true
    return true
  }

  private func remember(_ tag: String) {
    do throws(DownloadError) { try blob.remember(eTag: tag) } catch { problem = error }
  }

  private func restart(_ reason: String, whole: Bool = false) -> Bool {
    restart = reason
    if whole { isWhole = true }
    return false
  }

  private func wrongSize(_ found: Int, _ response: HTTPTransfer.Response) -> Bool {
    let page = response.isPage ? ", a web page (HTML), perhaps a proxy's" : ""
    problem = .data(
      address: file.address, problem: "expected \(file.size) bytes, found \(found)\(page)")
    return false
  }

  private func take(_ bytes: UnsafeRawBufferPointer, _ fetch: Fetch) -> Bool {
    guard fetch.isBody else {
      fetch.errorBody += bytes.prefix(max(0, 4096 - fetch.errorBody.count))
      return true
    }
    let missing =
      blob.range(fetch.range).count - blob.done[fetch.range] - fetch.pending.count
    guard bytes.count <= missing else {
      problem = .data(
        address: file.address, problem: "more bytes came than the \(file.size) announced")
      return false
    }
    fetch.pending += bytes
    guard fetch.pending.count >= Self.pieceBytes else { return true }
    do throws(DownloadError) {
      try flush(fetch)
      return true
    } catch {
      problem = error
      return false
    }
  }

  private func flush(_ fetch: Fetch) throws(DownloadError) {
    guard !fetch.pending.isEmpty, restart == nil else { return }
    let result = fetch.pending.withUnsafeBytes { raw in
      Result { () throws(DownloadError) in try blob.append(raw, to: fetch.range) }
    }
    fetch.pending.removeAll(keepingCapacity: true)
    try result.get()
    attempts = 0
  }

  // MARK: Ends

  private func end(_ fetch: Fetch) throws(DownloadError) {
    if let problem { throw problem }
    let response = fetch.transfer.response
    let isWholeRange = blob.done[fetch.range] == blob.range(fetch.range).count
    if fetch.isBody && isWholeRange { return }
    if let failure = fetch.transfer.failure {
      let error = DownloadError.network(
        address: hub.settings.shownAddress(fetch.transfer.effectiveURL), problem: failure.text)
      guard Self.passes(failure.code) else { throw error }
      return try retry(Retry(error: error, wait: nil))
    }
    if fetch.isBody {
      let error = DownloadError.network(
        address: file.address, problem: "the connection ended too early")
      return try retry(Retry(error: error, wait: nil))
    }
    if response.status == 416 {
      restart = "the server has no such range"
      return
    }
    let address = fetch.transfer.effectiveURL
    let isStore = address != file.address
    let error = Hub.error(
      response, fetch.errorBody, address: address, isStore: isStore, hub.settings, repository)
    // The store's addresses expire; the hub gives new ones.
    let isExpired = isStore && [400, 401, 403].contains(response.status)
    guard Retry.isTransient(response.status) || isExpired else { throw error }
    // A new address that is refused, too, is not one that expired.
    try retry(
      Retry(error: error, wait: Retry.wait(response)),
      limit: isExpired ? Self.refusalLimit : hub.settings.attempts)
  }

  private func retry(_ retry: Retry, limit: Int? = nil) throws(DownloadError) {
    attempts += 1
    failures += 1
    guard attempts < limit ?? hub.settings.attempts, failures < Self.failureLimit else {
      throw retry.error
    }
    let seconds = retry.seconds(attempt: attempts, hub.settings)
    retrying(retry.error, seconds)
    pauseEnd = max(pauseEnd, Date(timeIntervalSinceNow: seconds))
  }

  /// Failures that may pass by themselves.
  private static func passes(_ code: CURLcode) -> Bool {
    [
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING,
      CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY,
      CURLE_BAD_CONTENT_ENCODING,
    ].contains { $0.rawValue == code.rawValue }
  }
}
