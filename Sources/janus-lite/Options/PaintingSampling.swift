import JanusLite

/// How codes are chosen, as far as somebody says it.
struct PaintingSampling: Equatable {
  var cfg: Float?
  var temperature: Float?
  var topK: Int?
  var topP: Float?

  /// What is out of its range, by its key in JSON; nil where all is well.
  var problem: (key: String, text: String)? {
    if let cfg, !(0...100).contains(cfg) { return ("cfg", "expected 0 to 100, found \(cfg)") }
    if let temperature, !(temperature >= 0 && temperature.isFinite) {
      return ("temperature", "expected 0 or more, found \(temperature)")
    }
    if let topK, topK < 1 { return ("top_k", "expected 1 or more, found \(topK)") }
    if let topP, !(topP > 0 && topP <= 1) {
      return ("top_p", "expected above 0 and at most 1, found \(topP)")
    }
    return nil
  }

  /// What is said here, or else in `other`, or else is usual.
  func settings(_ others: PaintingSampling..., like model: Painter.Settings?) -> Painter.Settings {
    let all = [self] + others
    func first<Value>(_ key: KeyPath<PaintingSampling, Value?>) -> Value? {
      all.lazy.compactMap { $0[keyPath: key] }.first
    }
    return Painter.Settings(
      guidance: first(\.cfg) ?? model?.guidance ?? 5,
      temperature: first(\.temperature) ?? model?.temperature ?? 1,
      topK: first(\.topK) ?? model?.topK, topP: first(\.topP) ?? model?.topP)
  }
}
