import Foundation
import HubTesting

@testable import JanusDownload

extension TestHub {
  /// Settings for it, quick to retry.
  func settings(
    _ kind: HubSettings.Kind = .huggingface, _ environment: [String: String] = [:]
  ) throws -> HubSettings {
    var variables = [
      "HOME": folder.path, "HF_ENDPOINT": hub, "HF_HUB_CACHE": cache, "MODELSCOPE_DOMAIN": hub,
      "XDG_CACHE_HOME": "\(folder.path)/caches",
    ]
    if let authority { variables["SSL_CERT_FILE"] = authority.path }
    variables.merge(environment) { _, new in new }
    var settings = try HubSettings(kind, environment: variables)
    settings.pause = 0.02
    settings.attempts = 4
    settings.rangeBytes = 200_000
    return settings
  }

  func plan(_ settings: HubSettings, revision: String? = nil) throws -> Downloader.Plan {
    try Downloader(settings: settings).plan(RepositoryName(Self.repository)!, revision: revision) {
      paths in paths
    }
  }

  /// Downloads everything; returns the folder.
  @discardableResult
  func pull(
    _ settings: HubSettings, progress: @escaping (Downloader.Progress) -> Bool = { _ in true }
  ) throws -> String {
    try Downloader(settings: settings).fetch(plan(settings), progress: progress)
  }
}
