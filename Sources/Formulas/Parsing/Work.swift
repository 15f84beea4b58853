/// The steps that reading takes, so that tests can prove that they grow in proportion to the text.
///
/// Every loop whose length depends on the text adds its steps. Counted in debug builds only.
package final class Work: @unchecked Sendable {
  /// Bytes, edits and nodes that were looked at. Belongs to one thread at a time.
  package private(set) var steps = 0

  #if DEBUG
    /// What counts here; nothing does unless a test asks for it.
    @TaskLocal static var current: Work?

    /// The steps of `body`.
    package static func steps(of body: () -> Void) -> Int {
      let work = Work()
      $current.withValue(work, operation: body)
      return work.steps
    }
  #endif

  @inline(__always)
  static func add(_ steps: Int) {
    #if DEBUG
      current?.steps += steps
    #endif
  }
}
