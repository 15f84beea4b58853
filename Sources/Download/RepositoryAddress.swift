/// A repository as somebody names it: `1b`, `ORG/NAME`, or the address of its page in a browser, perhaps at a revision.
public struct RepositoryAddress: Sendable, Equatable {
  public let repository: RepositoryName
  /// Of the page; nil for a name alone.
  public let host: String?
  /// Of the page's `/tree/REVISION`; nil where it names none.
  public let revision: String?

  /// Nil for anything else.
  public init?(_ text: String) {
    guard let name = RepositoryName(text) else { return nil }
    repository = name
    guard let scheme = text.range(of: "://") else {
      (host, revision) = (nil, nil)
      return
    }
    let parts = text[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }.split(separator: "/")
    host = parts.first.map { $0.lowercased() }
    // ModelScope's pages have `models` before the name.
    let rest = parts.dropFirst(parts.dropFirst().first == "models" ? 4 : 3)
    revision =
      ["tree", "blob", "resolve", "files"].contains(rest.first) && rest.count > 1
      ? String(rest.dropFirst().first ?? "") : nil
  }

  /// Whether a hub is meant by the page's address.
  public func isAt(_ settings: HubSettings) -> Bool {
    guard let host else { return true }
    let usual = settings.kind == .modelscope ? ["modelscope.cn"] : ["huggingface.co", "hf.co"]
    let bare = host.hasPrefix("www.") ? String(host.dropFirst(4)) : host
    // A mirror has the same repositories as the hub.
    return host == settings.host.lowercased() || usual.contains(bare)
  }
}
