import CCurl

/// A request and what comes back, while libcurl carries it out.
final class HTTPTransfer {
  struct Request {
    var url: String
    /// Lines "Name: value".
    var headers: [String] = []
    /// Bytes that are wanted, the last one included; nil for all.
    var range: ClosedRange<Int>?
    /// HEAD, whose redirects are not followed: their own headers are what is asked for.
    var isHead = false
    /// Within which all of it must have come; nil for no limit.
    var seconds: Int?
  }

  /// The head of the last response, redirects left behind.
  struct Response {
    var status = 0
    /// By lower-case names.
    var headers: [String: String] = [:]

    subscript(name: String) -> String? { headers[name] }

    var contentLength: Int? { headers["content-length"].flatMap { Int($0) } }

    /// The parts of "bytes 0-99/1000"; the total is nil where the server does not know it.
    var contentRange: (bytes: ClosedRange<Int>, total: Int?)? {
      guard let text = headers["content-range"], text.hasPrefix("bytes ") else { return nil }
      let parts = text.dropFirst(6).split(separator: "/")
      let ends = (parts.first ?? "").split(separator: "-").map { Int($0) }
      guard parts.count == 2, ends.count == 2, let first = ends[0], let last = ends[1],
        first >= 0, first <= last, parts[1] == "*" || Int(parts[1]) != nil
      else { return nil }
      return (first...last, Int(parts[1]))
    }

    /// Fit for If-Range: a strong one.
    var strongETag: String? {
      headers["etag"].flatMap { $0.hasPrefix("\"") && $0.utf8.count <= 200 ? $0 : nil }
    }

    var isPage: Bool { headers["content-type"]?.lowercased().hasPrefix("text/html") == true }
  }

  /// How a transfer ended without success.
  struct Failure {
    let code: CURLcode
    let text: String
  }

  let request: Request
  private(set) var response = Response()
  /// Called once the head is there; false stops the transfer.
  var onHead: (Response) -> Bool = { _ in true }
  /// Called with what comes; false stops the transfer.
  var onBody: (UnsafeRawBufferPointer) -> Bool = { _ in true }
  /// Whether one of the two stopped it.
  private(set) var isStopped = false
  /// Set when libcurl is done with it, nil on success.
  fileprivate(set) var failure: Failure?
  fileprivate(set) var isDone = false
  fileprivate(set) var effectiveURL = ""

  /// Bytes of headers of one response.
  private static let headerLimit = 1 << 16
  private var headerBytes = 0

  init(_ request: Request) { self.request = request }

  /// Takes a line of a response's head; false ends the transfer.
  func header(_ bytes: UnsafeRawBufferPointer) -> Bool {
    headerBytes += bytes.count
    guard headerBytes <= Self.headerLimit * 8 else { return stop() }
    let line = String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
    if line.hasPrefix("HTTP/") {
      response = Response(
        status: line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
      return true
    }
    if line.isEmpty {
      let isRedirect =
        (300..<400).contains(response.status) && response["location"] != nil && !request.isHead
      guard response.status >= 200, !isRedirect else { return true }
      return onHead(response) || stop()
    }
    guard let colon = line.firstIndex(of: ":") else { return true }
    let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
    response.headers[line[..<colon].lowercased()] = String(value)
    return true
  }

  fileprivate func body(_ bytes: UnsafeRawBufferPointer) -> Bool { onBody(bytes) || stop() }

  private func stop() -> Bool {
    isStopped = true
    return false
  }
}

/// Carries out transfers, any number at once, on the thread that calls `wait`.
final class HTTPClient {
  /// How patient it is, in seconds.
  struct Patience: Sendable {
    var connecting = 30
    /// Without a byte.
    var stalled = 30
  }

  private let curl: CurlLibrary
  private let multi: UnsafeMutableRawPointer
  private let settings: HubSettings
  private var running: [UnsafeMutableRawPointer: Entry] = [:]

  private struct Entry {
    let transfer: HTTPTransfer
    let headers: UnsafeMutablePointer<curl_slist>?
    let errorText: UnsafeMutablePointer<CChar>
  }

  /// Where certificates of authorities come from, where not from the system's place.
  struct Certificates: Sendable {
    var file: String?
    var folder: String?
  }

  init(_ settings: HubSettings) throws(DownloadError) {
    guard let curl = CurlLibrary.system, let multi = curl.multiInit() else { throw .noLibrary }
    self.curl = curl
    self.multi = multi
    self.settings = settings
  }

  deinit {
    for handle in running.keys { remove(handle) }
    _ = curl.multiCleanup(multi)
  }

  /// Begins a transfer, which advances while `wait` runs.
  func start(_ transfer: HTTPTransfer) throws(DownloadError) {
    guard let handle = curl.easyInit() else { throw .noLibrary }
    let setopt = curl.setopt
    func set(_ option: CURLoption, _ value: Int) {
      _ = ccurl_set_long(setopt, handle, option, value)
    }
    func set(_ option: CURLoption, _ value: String) {
      _ = ccurl_set_text(setopt, handle, option, value)
    }
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    _ = ccurl_set_pointer(setopt, handle, CURLOPT_ERRORBUFFER, errorText)

    let request = transfer.request
    set(CURLOPT_URL, request.url)
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_USERAGENT, "janus-lite")
    // Nothing but the web, and from an encrypted connection no way back.
    let plain = Int(CURLPROTO_HTTP) | Int(CURLPROTO_HTTPS)
    let isEncrypted = request.url.lowercased().hasPrefix("https:")
    set(CURLOPT_PROTOCOLS, plain)
    set(CURLOPT_REDIR_PROTOCOLS, isEncrypted ? Int(CURLPROTO_HTTPS) : plain)
    set(CURLOPT_FOLLOWLOCATION, request.isHead ? 0 : 1)
    set(CURLOPT_MAXREDIRS, 8)
    // Ranges at once are connections at once, which HTTP/2 would put into one.
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    set(CURLOPT_BUFFERSIZE, 1 << 18)
    set(CURLOPT_CONNECTTIMEOUT, settings.patience.connecting)
    set(CURLOPT_LOW_SPEED_LIMIT, 1)
    set(CURLOPT_LOW_SPEED_TIME, settings.patience.stalled)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    if let seconds = request.seconds { set(CURLOPT_TIMEOUT, seconds) }
    if request.isHead { set(CURLOPT_NOBODY, 1) }
    if let range = request.range {
      set(CURLOPT_RANGE, "\(range.lowerBound)-\(range.upperBound)")
    }
    if let proxy = settings.proxy { set(CURLOPT_PROXY, proxy) }
    if let file = settings.certificates.file { set(CURLOPT_CAINFO, file) }
    if let folder = settings.certificates.folder { set(CURLOPT_CAPATH, folder) }
    var headers: UnsafeMutablePointer<curl_slist>?
    for line in request.headers { headers = curl.listAppend(headers, line) }
    _ = ccurl_set_pointer(setopt, handle, CURLOPT_HTTPHEADER, headers)

    let owner = Unmanaged.passUnretained(transfer).toOpaque()
    _ = ccurl_set_pointer(setopt, handle, CURLOPT_HEADERDATA, owner)
    _ = ccurl_set_pointer(setopt, handle, CURLOPT_WRITEDATA, owner)
    _ = ccurl_set_function(setopt, handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, owner in
      guard let owner else { return 0 }
      let transfer = Unmanaged<HTTPTransfer>.fromOpaque(owner).takeUnretainedValue()
      let all = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return transfer.header(all) ? size * count : 0
    }
    _ = ccurl_set_function(setopt, handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, owner in
      guard let owner else { return 0 }
      let transfer = Unmanaged<HTTPTransfer>.fromOpaque(owner).takeUnretainedValue()
      let all = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return transfer.body(all) ? size * count : 0
    }
    running[handle] = Entry(transfer: transfer, headers: headers, errorText: errorText)
    guard curl.multiAdd(multi, handle) == CURLM_OK else {
      remove(handle)
      throw .network(address: request.url, problem: "libcurl does not take the transfer")
    }
  }

  /// Ends a transfer where it is.
  func cancel(_ transfer: HTTPTransfer) {
    for (handle, entry) in running where entry.transfer === transfer { remove(handle) }
  }

  /// Lets transfers advance for some milliseconds at most; returns those that ended.
  func wait(milliseconds: Int) -> [HTTPTransfer] {
    var count: Int32 = 0
    _ = curl.multiPoll(multi, nil, 0, Int32(milliseconds), &count)
    _ = curl.multiPerform(multi, &count)
    var ended: [HTTPTransfer] = []
    while let message = curl.multiRead(multi, &count) {
      guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
        let entry = running[handle]
      else { continue }
      let code = ccurl_result(message)
      let transfer = entry.transfer
      transfer.isDone = true
      transfer.effectiveURL =
        ccurl_get_text(curl.getinfo, handle, CURLINFO_EFFECTIVE_URL).map { String(cString: $0) }
        ?? transfer.request.url
      if code != CURLE_OK { transfer.failure = failure(code, entry, handle) }
      remove(handle)
      ended.append(transfer)
    }
    return ended
  }

  private func failure(
    _ code: CURLcode, _ entry: Entry, _ handle: UnsafeMutableRawPointer
  ) -> HTTPTransfer.Failure {
    let proxy = ccurl_get_long(curl.getinfo, handle, CURLINFO_HTTP_CONNECTCODE)
    if proxy >= 300 {
      return .init(code: code, text: "the proxy answered with status \(proxy)")
    }
    let text = String(cString: entry.errorText)
    let general = curl.easyError(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    return .init(code: code, text: text.isEmpty ? general : text)
  }

  private func remove(_ handle: UnsafeMutableRawPointer) {
    guard let entry = running.removeValue(forKey: handle) else { return }
    _ = curl.multiRemove(multi, handle)
    curl.easyCleanup(handle)
    curl.listFree(entry.headers)
    entry.errorText.deallocate()
  }

  /// Carries out one transfer and collects a body of at most `limit` bytes.
  func fetch(
    _ request: HTTPTransfer.Request, limit: Int, _ isWanted: () -> Bool = { true }
  ) throws(DownloadError) -> (response: HTTPTransfer.Response, body: [UInt8], url: String) {
    let transfer = HTTPTransfer(request)
    var body: [UInt8] = []
    transfer.onBody = { bytes in
      guard body.count + bytes.count <= limit else { return false }
      body += bytes
      return true
    }
    try start(transfer)
    while !transfer.isDone {
      guard isWanted() else {
        cancel(transfer)
        throw .cancelled
      }
      _ = wait(milliseconds: 200)
    }
    if transfer.isStopped {
      throw .data(address: request.url, problem: "the answer is longer than \(limit) bytes")
    }
    if let failure = transfer.failure {
      throw .network(address: request.url, problem: failure.text)
    }
    return (transfer.response, body, transfer.effectiveURL)
  }
}
