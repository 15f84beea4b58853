import JanusSystem

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
      let path = try ModelOptions.path(nil)
      let isThere = SystemPath.status(of: path) != nil
      return ModelChoice(
        path: path, source: source, problem: isThere ? nil : "there is no such file")
    } catch {
      return ModelChoice(path: nil, source: source, problem: error.message)
    }
  }

  var table: String {
    guard let path else { return "model without -m: none; \(problem ?? "")\n" }
    let why = source == "default" ? "the default" : "named by \(source)"
    return
      "model without -m: \(DisplayText.line(path)) (\(why)\(problem.map { "; \($0)" } ?? ""))\n"
  }
}
