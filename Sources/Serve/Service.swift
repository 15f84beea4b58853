import Hummingbird
import JanusSystem
import Logging

/// What all requests share: the engine, the queue, the counters.
package final class Service: Sendable {
  private enum State: Sendable {
    case loading
    /// Why the model cannot be opened yet.
    case missing(String)
    case ready(any InferenceEngine)
    case draining
  }

  let limits: RequestLimits
  let access: AccessGuard
  let admission: Admission
  let metrics = Metrics()
  let bodies: BodyBudget
  let logger: Logger
  let showsPage: Bool
  let showsMetrics: Bool
  /// Signalled when the time of grace is nearly over.
  package let ending = Departure()
  private let state = Locked(State.loading)

  package init(
    limits: RequestLimits, access: AccessGuard, admission: Admission, logger: Logger,
    showsPage: Bool = true, showsMetrics: Bool = false
  ) {
    self.limits = limits
    bodies = BodyBudget(most: 8 * limits.body)
    self.access = access
    self.admission = admission
    self.logger = logger
    self.showsPage = showsPage
    self.showsMetrics = showsMetrics
  }

  /// Lets requests in: the model is there.
  package func start(_ engine: any InferenceEngine) {
    state.withLock {
      switch $0 {
      case .loading, .missing: $0 = .ready(engine)
      case .ready, .draining: break
      }
    }
  }

  /// Says what requests hear until the model is there.
  ///
  /// - Returns: whether they heard of one that is missing before.
  package func lacks(_ problem: String) -> Bool {
    state.withLock {
      switch $0 {
      case .loading:
        $0 = .missing(problem)
        return false
      case .missing:
        $0 = .missing(problem)
        return true
      case .ready, .draining: return true
      }
    }
  }

  /// Lets nobody in any more; who runs may end.
  package func drain() {
    state.withLock { $0 = .draining }
    admission.close()
  }

  /// Whether a model that is missing is waited for.
  package var isWaiting: Bool {
    if case .missing = state.withLock(\.self) { true } else { false }
  }

  /// Requests that compute, and that wait.
  package var load: (running: Int, waiting: Int) { admission.load }

  var isReady: Bool { if case .ready = state.withLock(\.self) { true } else { false } }
  /// Why there is no model.
  var problem: String? {
    if case .missing(let problem) = state.withLock(\.self) { problem } else { nil }
  }
  package var isDraining: Bool {
    if case .draining = state.withLock(\.self) { true } else { false }
  }

  func engine() throws(APIError) -> any InferenceEngine {
    switch state.withLock(\.self) {
    case .loading: throw .loading
    case .missing(let problem): throw .withoutModel(problem)
    case .ready(let engine): return engine
    case .draining: throw .stopped
    }
  }
}
