import HTTPTypes

/// Who may use the server: by address, by origin, by key.
///
/// A page elsewhere can send requests to a local server through its reader's browser. Browsers name
/// the page's origin, and the host that the reader's address bar showed: both must be known here. Other
/// programs send no origin, and the host that they were told.
package struct AccessGuard: Sendable {
  /// Host names under which the server is known; nil where it may be known by any.
  package var hosts: Set<String>?
  /// Origins of other pages that may use it; `*` stands for all.
  package var origins: Set<String>
  /// Any of these opens; none are needed where there are none.
  package var keys: [[UInt8]]

  package init(hosts: Set<String>?, origins: Set<String> = [], keys: [[UInt8]] = []) {
    self.hosts = hosts
    self.origins = origins
    self.keys = keys
  }

  /// What a server at a loopback address is called.
  package static let loopbackHosts: Set<String> = ["localhost", "127.0.0.1", "[::1]"]

  package static func isLoopback(_ address: String) -> Bool {
    if ["localhost", "::1", "[::1]"].contains(address.lowercased()) { return true }
    let parts = address.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  func check(_ head: HTTPRequest) throws(APIError) {
    try checkHost(head.authority)
    try checkOrigin(head)
  }

  private func checkHost(_ authority: String?) throws(APIError) {
    guard let hosts else { return }
    guard let authority, !authority.isEmpty else {
      throw APIError(status: 400, "The request has no Host header.", code: "host_missing")
    }
    guard hosts.contains(Self.host(of: authority)) else {
      throw APIError(
        status: 403, "This server does not answer for the host \(quoted(authority)).",
        type: "permission_error", code: "host_not_allowed")
    }
  }

  private func checkOrigin(_ head: HTTPRequest) throws(APIError) {
    let fields = head.headerFields
    guard let origin = fields[.origin] else {
      // Pictures, scripts and forms of other pages come without an origin. A link may lead here.
      guard fields[.secFetchSite] == "cross-site", fields[.secFetchMode] != "navigate" else {
        return
      }
      throw Self.foreign("another page")
    }
    guard isAllowed(origin: origin, host: head.authority) else {
      throw Self.foreign(quoted(origin))
    }
  }

  private static func foreign(_ who: String) -> APIError {
    APIError(
      status: 403, "This server does not take requests from \(who).", type: "permission_error",
      code: "origin_not_allowed")
  }

  /// Whether a page of `origin` may use the server: it is the server's own, or was named.
  func isAllowed(origin: String, host: String?) -> Bool {
    if isNamed(origin: origin) { return true }
    guard let host, !host.isEmpty else { return false }
    return origin.lowercased() == "http://\(host.lowercased())"
      || origin.lowercased() == "https://\(host.lowercased())"
  }

  func isNamed(origin: String) -> Bool {
    origins.contains("*") || origins.contains(origin.lowercased())
  }

  /// Compares in a time that tells nothing but lengths.
  func checkKey(_ authorization: String?) throws(APIError) {
    if keys.isEmpty { return }
    let scheme = "bearer "
    let given: [UInt8]
    if let authorization, authorization.lowercased().hasPrefix(scheme) {
      given = Array(authorization.dropFirst(scheme.count).trimmed.utf8)
    } else {
      given = []
    }
    var isKnown = false
    for key in keys where Self.equal(key, given) { isKnown = true }
    guard isKnown else {
      throw APIError(
        status: 401,
        given.isEmpty
          ? "This server wants a key: send 'Authorization: Bearer KEY'."
          : "The key is not one of this server's.",
        type: "authentication_error", code: "invalid_api_key")
    }
  }

  package static func equal(_ key: [UInt8], _ given: [UInt8]) -> Bool {
    var difference = UInt(bitPattern: key.count ^ given.count)
    for index in key.indices {
      let byte = index < given.count ? given[index] : 0
      difference |= UInt(key[index] ^ byte)
    }
    return difference == 0 && !key.isEmpty
  }

  /// The name of an authority, without its port; empty for what is none.
  private static func host(of authority: String) -> String {
    let text = authority.lowercased()
    let end =
      text.hasPrefix("[")
      ? text.firstIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
      : text.firstIndex(of: ":") ?? text.endIndex
    let port = text[end...]
    let isPort = port.isEmpty || (port.first == ":" && port.dropFirst().allSatisfy(\.isASCIIDigit))
    return isPort ? String(text[..<end]) : ""
  }
}

extension HTTPField.Name {
  static let secFetchSite = Self("Sec-Fetch-Site")!
  static let secFetchMode = Self("Sec-Fetch-Mode")!
  static let shouldRetry = Self("x-should-retry")!
  static let requestID = Self("x-request-id")!
  static let host = Self("Host")!
}
