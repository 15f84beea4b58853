import JanusDownload

/// How far a download has come: a bar with rate and time left on a terminal, otherwise a plain line
/// for every tenth.
final class DownloadProgress {
  private var status = StatusLine()
  private var lastShown: ContinuousClock.Instant?
  private var tenths: Int?
  private var hasSaidToWait = false

  func update(_ state: Downloader.Progress) {
    guard StandardError.writesOver else { return tell(state) }
    let now = ContinuousClock.now
    if let lastShown, now - lastShown < .milliseconds(100) { return }
    lastShown = now
    let fraction = state.bytesTotal > 0 ? Double(state.bytesDone) / Double(state.bytesTotal) : 1
    switch state.phase {
    case .waiting:
      status.show("waiting for another download of \(state.file)")
    case .checking:
      status.show("comparing \(state.file) with its checksum")
    case .downloading:
      status.show("downloading \(ProgressBar.bar(fraction)) \(figures(state))")
    }
  }

  private func tell(_ state: Downloader.Progress) {
    if state.phase == .waiting {
      if !hasSaidToWait { StandardError.note("waiting for another download of \(state.file)") }
      hasSaidToWait = true
      return
    }
    let reached = state.bytesTotal > 0 ? state.bytesDone * 10 / state.bytesTotal : 10
    // What was there at the beginning is no progress.
    guard let tenths else {
      self.tenths = reached
      return
    }
    guard reached > tenths else { return }
    self.tenths = reached
    StandardError.line("downloading: \(reached * 10)%, \(figures(state))")
  }

  /// "1.2 GB of 4.2 GB, 21 MB/s, 2 min 23 s left"
  private func figures(_ state: Downloader.Progress) -> String {
    var text = "\(Format.bytes(state.bytesDone)) of \(Format.bytes(state.bytesTotal))"
    guard let seconds = state.secondsLeft else { return text }
    text += ", \(Format.bytes(Int(state.bytesPerSecond)))/s"
    if state.bytesDone < state.bytesTotal, seconds < 1e7 {
      text += ", \(Format.duration(seconds)) left"
    }
    return text
  }

  func finish() { status.clear() }
}
