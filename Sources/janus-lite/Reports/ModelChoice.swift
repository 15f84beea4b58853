import GGUF
import JanusModelFile
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
      return ModelChoice(path: path, source: source, problem: problem(of: path))
    } catch {
      return ModelChoice(path: nil, source: source, problem: error.message)
    }
  }

  /// Why a file cannot be used as a model.
  private static func problem(of path: String) -> String? {
    guard SystemPath.status(of: path) != nil else { return "there is no such file" }
    do {
      let container = try Container(path: path)
      guard Importance.isImportance(container) else { return nil }
      return "no model: it is what 'calibrate' measured of one, and 'convert --importance' takes it"
    } catch {
      return "no model: \(Failure(error).message)"
    }
  }

  var table: String {
    guard let path else { return "model without -m: none; \(problem ?? "")\n" }
    let why = source == "default" ? "the default" : "named by \(source)"
    return
      "model without -m: \(DisplayText.line(path)) (\(why)\(problem.map { "; \($0)" } ?? ""))\n"
  }
}
