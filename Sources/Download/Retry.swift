import Foundation

/// When a failed request is made again.
struct Retry {
  /// What is thrown once it is given up.
  let error: DownloadError
  /// Seconds that the server asks for.
  let wait: Double?

  /// Seconds that a server may make us wait.
  private static let longest = 300.0

  static func isTransient(_ status: Int) -> Bool {
    status == 408 || status == 425 || status == 429 || (500...599).contains(status)
  }

  /// `Retry-After`, as seconds or as a date.
  static func wait(_ response: HTTPTransfer.Response) -> Double? {
    guard let text = response["retry-after"] else { return nil }
    if let seconds = Double(text), seconds.isFinite { return min(max(seconds, 0), longest) }
    // By curl: Foundation's DateFormatter leaks memory on some texts, and depends on locales.
    guard let curl = CurlLibrary.system else { return nil }
    let date = curl.getDate(text, nil)
    guard date >= 0 else { return nil }
    return min(max(Double(date) - Date().timeIntervalSince1970, 0), longest)
  }

  /// Seconds before the next attempt.
  func seconds(attempt: Int, _ settings: HubSettings) -> Double {
    // A server that asks for no pause at all gets ours.
    max(wait ?? 0, min(settings.pause * Double(1 << min(attempt - 1, 6)), 60))
  }

  func pause(
    attempt: Int, _ settings: HubSettings, _ isWanted: () -> Bool
  ) throws(DownloadError) {
    let end = Date(timeIntervalSinceNow: seconds(attempt: attempt, settings))
    while end.timeIntervalSinceNow > 0 {
      guard isWanted() else { throw .cancelled }
      Thread.sleep(forTimeInterval: min(0.1, max(end.timeIntervalSinceNow, 0)))
    }
  }
}
