import JanusModelFile

extension Importance {
  /// What several files have measured of one model; nil where there is none.
  static func merged(_ paths: [String]) throws -> Importance? {
    guard let first = paths.first else { return nil }
    var importance = try Importance(path: first)
    for path in paths.dropFirst() { try importance.merge(Importance(path: path)) }
    return importance
  }
}
