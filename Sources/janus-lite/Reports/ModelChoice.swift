/// Which model a command would use that names none, and why.
struct ModelChoice: Encodable {
  /// Nil where there is none.
  let path: String?
  /// "JANUS_LITE_MODEL", or "default".
  let source: String
  /// Why there is none.
  let problem: String?

  static var current: ModelChoice {
    let isNamed = ModelOptions.environment("JANUS_LITE_MODEL") != nil
    let source = isNamed ? "JANUS_LITE_MODEL" : "default"
    do {
      return ModelChoice(path: try ModelOptions.path(nil), source: source, problem: nil)
    } catch {
      return ModelChoice(path: nil, source: source, problem: error.message)
    }
  }

  var table: String {
    guard let path else { return "model without -m: none; \(problem ?? "")\n" }
    let why = source == "default" ? "the default" : "named by \(source)"
    return "model without -m: \(path) (\(why))\n"
  }
}
