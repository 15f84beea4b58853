import JanusLite
import JanusSystem

extension Answer {
  /// What `--verbose` says of an answer.
  var summary: String {
    let seconds = { (value: Double) in Format.fixed(value, 2) }
    return "picture \(seconds(timings.imageEncode)) s; prompt \(timings.prefillTokens) tokens in "
      + "\(seconds(timings.prefill)) s (\(Format.fixed(timings.prefillTokensPerSecond, 1))/s); "
      + "answer \(tokenIDs.count) tokens in \(seconds(timings.decode)) s "
      + "(\(Format.fixed(timings.decodeTokensPerSecond, 1))/s); ended by \(finishReason.rawValue); "
      + "peak memory \(Format.bytes(ProcessMemory.peak))"
  }

  /// Says on standard error why an answer may be incomplete.
  func noteIncompleteness(of name: String, limit: Int) {
    switch finishReason {
    case .length where tokenIDs.count >= limit:
      StandardError.note("\(name): cut at \(limit) tokens (--max-tokens)")
    case .length: StandardError.note("\(name): cut at the end of the model's context")
    case .loop: StandardError.note("\(name): the answer began to repeat itself and was cut there")
    case .stop, .cancelled: break
    }
  }
}
