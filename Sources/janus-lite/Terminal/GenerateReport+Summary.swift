import JanusRequests

extension GenerateReport.Timings {
  /// What `--verbose` says.
  var summary: String {
    let seconds = { (value: Double) in Format.fixed(value, 2) }
    return "prompt \(seconds(prefill)) s; codes \(seconds(tokens)) s; decoding "
      + "\(seconds(decode)) s; in all \(seconds(total)) s; peak memory "
      + Format.bytes(peakMemory)
  }
}
