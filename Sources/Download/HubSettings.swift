import Foundation

/// Where a hub is and how it is spoken to, as the environment states it.
///
/// The variables are those of huggingface_hub, so that what serves Python's tools serves here, too.
public struct HubSettings: Sendable {
  /// Which hub.
  public enum Kind: String, Sendable, CaseIterable {
    case huggingface, modelscope
  }

  public var kind: Kind
  /// Scheme and host, without a slash at the end.
  public var endpoint: String
  /// Sent to `endpoint` only.
  public var token: String?
  /// The folder of the cache, which need not exist.
  public var cache: String
  /// Whether only the cache may be used.
  public var isOffline: Bool
  var certificates: HTTPClient.Certificates
  /// A proxy other than the one that the environment names, which libcurl reads itself
  /// (`HTTPS_PROXY`, `NO_PROXY` and their like).
  var proxy: String?
  var patience = HTTPClient.Patience()
  /// Tries without a byte of progress before a download is given up, and the first pause between
  /// two, in seconds, which doubles.
  var attempts = 8
  var pause = 1.0
  /// Ranges of one file that are asked for at once, and their size in bytes.
  var connections = 4
  var rangeBytes = 64 << 20

  /// Reads the environment.
  ///
  /// Throws `request` where a token or an endpoint can be none.
  public init(
    _ kind: Kind = .huggingface,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DownloadError) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    func isOn(_ name: String) -> Bool {
      ["1", "ON", "YES", "TRUE"].contains((environment[name] ?? "").uppercased())
    }
    self.kind = kind
    let home = value("HOME") ?? NSHomeDirectory()
    let caches = value("XDG_CACHE_HOME") ?? "\(home)/.cache"
    let hubHome = Self.expanded(value("HF_HOME") ?? "\(caches)/huggingface", home)
    isOffline = isOn("HF_HUB_OFFLINE") || isOn("TRANSFORMERS_OFFLINE")
    certificates = HTTPClient.Certificates(
      file: value("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"),
      folder: value("SSL_CERT_DIR"))
    switch kind {
    case .huggingface:
      endpoint = value("HF_ENDPOINT") ?? "https://huggingface.co"
      cache = Self.expanded(
        value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? "\(hubHome)/hub", home)
      let file = Self.expanded(value("HF_TOKEN_PATH") ?? "\(hubHome)/token", home)
      token =
        isOn("HF_HUB_DISABLE_IMPLICIT_TOKEN")
        ? nil : value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ?? Self.token(in: file)
    case .modelscope:
      let domain = value("MODELSCOPE_DOMAIN") ?? "modelscope.cn"
      endpoint = domain.contains("://") ? domain : "https://\(domain)"
      cache = "\(caches)/janus-lite/modelscope"
      token = nil
    }
    while endpoint.hasSuffix("/") { endpoint.removeLast() }
    let scheme = endpoint.lowercased()
    let isAddress = scheme.hasPrefix("https://") || scheme.hasPrefix("http://")
    guard isAddress, Self.isPlain(endpoint), !endpoint.contains(where: { "?#".contains($0) })
    else {
      throw .request("'\(shown(endpoint))' is no address of a hub, expected https://HOST")
    }
    // It is shown, and written into model files.
    guard !host.contains("@") else {
      throw .request(
        "the address of the hub holds a name or a password before '@', expected https://HOST; "
          + "a token goes into HF_TOKEN")
    }
    if let token {
      let trimmed = token.trimmingCharacters(in: .whitespacesAndNewlines)
      guard Self.isPlain(trimmed), trimmed.utf8.count <= 4096 else {
        throw .request("the token of the hub has characters that no token has")
      }
      self.token = trimmed.isEmpty ? nil : trimmed
    }
  }

  /// Visible ASCII characters only: what goes into a line of a request.
  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  private static func expanded(_ path: String, _ home: String) -> String {
    path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : path
  }

  private static func token(in file: String) -> String? {
    guard let data = HubCache.contents(of: file, limit: 8192) else { return nil }
    return String(data: data, encoding: .utf8)
  }

  /// An address as it may stand in a message. One that the hub gave may hold a signature, which opens the file to
  /// whoever reads it: what stands behind `?` goes, and a name before `@`.
  func shownAddress(_ url: String) -> String {
    var plain = String(url.prefix { $0 != "?" && $0 != "#" })
    if let scheme = plain.range(of: "://") {
      let host = plain[scheme.upperBound...].prefix { $0 != "/" }
      if let at = host.lastIndex(of: "@") {
        plain.removeSubrange(scheme.upperBound...at)
      }
    }
    return plain
  }

  /// The host, for messages.
  public var host: String {
    endpoint.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first
      .map(String.init) ?? endpoint
  }
}
