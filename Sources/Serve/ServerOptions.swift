import Foundation

/// Where and for whom the server is.
package struct ServerOptions: Sendable {
  package var host = "127.0.0.1"
  /// 0 takes any free one.
  package var port = 3840
  /// A Unix socket in place of host and port.
  package var socket: String?
  /// Each opens.
  package var keys: [String] = []
  package var corsOrigins: [String] = []
  /// Whether others than this machine may come without a key.
  package var allowsPublic = false
  /// Rows that are computed at once.
  package var parallel = 8
  /// Requests that may wait.
  package var queue = 32
  package var limits = RequestLimits()
  package var showsMetrics = false
  package var showsPage = true
  /// How long running requests may go on after the server was told to stop.
  package var grace = Duration.seconds(20)

  package init() {}

  /// Why these cannot be.
  package struct Problem: Error, Equatable, CustomStringConvertible {
    package let description: String
    /// Whether a key would help.
    package var wantsKey = false
  }

  package func check() throws(Problem) {
    guard (1...256).contains(parallel) else {
      throw Problem(description: "requests at once: expected 1 to 256, found \(parallel)")
    }
    guard (0...65_535).contains(port) else {
      throw Problem(description: "port: expected 0 to 65535, found \(port)")
    }
    for origin in corsOrigins where origin != "*" {
      guard let url = URL(string: origin), ["http", "https"].contains(url.scheme?.lowercased()),
        url.host() != nil, url.path().isEmpty, url.query() == nil
      else {
        throw Problem(
          description: "origin: expected a scheme, host and port as http://localhost:8000, found "
            + quoted(origin))
      }
    }
    // Browsers send no others.
    let isKey = { (key: String) in
      key.utf8.count >= 8 && key.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
    if let key = keys.first(where: { !isKey($0) }) {
      throw Problem(
        description:
          "key: expected 8 or more letters, digits and marks of ASCII without white space, found "
          + "\(key.utf8.count) bytes")
    }
    if socket == nil, !AccessGuard.isLoopback(host), keys.isEmpty, !allowsPublic {
      throw Problem(
        description: "\(quoted(host)) can be reached from other machines, and there is no key",
        wantsKey: true)
    }
  }

  /// The keys of a file: one a line, lines that begin with # not counted.
  package static func keys(in text: String) -> [String] {
    // Some editors begin a file with a mark of its byte order.
    text.trimmingPrefix("\u{feff}").split(whereSeparator: \.isNewline).map { $0.trimmed }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  var access: AccessGuard {
    var hosts: Set<String>?
    // Behind a socket, and at an address that others reach by names that nobody knows here, the host
    // says nothing.
    if socket == nil, AccessGuard.isLoopback(host) {
      hosts = AccessGuard.loopbackHosts.union([host.lowercased()])
    }
    return AccessGuard(
      hosts: hosts, origins: Set(corsOrigins.map { $0.lowercased() }),
      keys: keys.map { Array($0.utf8) })
  }
}
