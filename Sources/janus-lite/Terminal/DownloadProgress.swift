import JanusDownload
import JanusRequests

/// How far a download has come: a bar with rate and time left on a terminal, otherwise lines.
final class DownloadProgress {
  private let kind: ProgressKind
  private var status: StatusLine
  private var lastShown: ContinuousClock.Instant?
  private var lines: ProgressLines?
  private var hasSaidToWait = false
  private var lastProblem = ""

  init(_ kind: ProgressKind) {
    self.kind = kind
    status = StatusLine(kind)
  }

  func update(_ state: Downloader.Progress) {
    guard kind.writesOver else { return tell(state) }
    let now = ContinuousClock.now
    if case .retrying(let error, let seconds) = state.phase {
      status.show("\(error); again in \(Format.duration(seconds))")
      // It is to be read.
      lastShown = now + .seconds(min(seconds, 5))
      return
    }
    if let lastShown, now - lastShown < .milliseconds(100) { return }
    lastShown = now
    let fraction = state.bytesTotal > 0 ? Double(state.bytesDone) / Double(state.bytesTotal) : 1
    switch state.phase {
    case .waiting:
      status.show("waiting for another download of \(state.file)")
    case .checking:
      status.show("comparing \(state.file) with its checksum")
    case .retrying: break
    case .downloading:
      status.show("downloading \(ProgressBar.bar(fraction)) \(figures(state))")
    }
  }

  private func tell(_ state: Downloader.Progress) {
    switch state.phase {
    case .waiting:
      if !hasSaidToWait { StandardError.note("waiting for another download of \(state.file)") }
      hasSaidToWait = true
      return
    case .retrying(let error, let seconds):
      let text = "\(error)"
      if kind != .none, text != lastProblem || seconds >= 4 {
        StandardError.note("\(text); again in \(Format.duration(seconds))")
      }
      lastProblem = text
      return
    case .downloading, .checking: break
    }
    let fraction = state.bytesTotal > 0 ? Double(state.bytesDone) / Double(state.bytesTotal) : 1
    // What was there at the beginning is no progress.
    if lines == nil { lines = ProgressLines(from: Int(fraction * 10)) }
    guard kind != .none,
      lines?.isDue(state.bytesDone, of: state.bytesTotal, evenShort: true) == true
    else { return }
    StandardError.line("downloading: \(Int(fraction * 100))%, \(figures(state))")
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
