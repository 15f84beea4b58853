import Hummingbird
import Logging
import Synchronization

/// What all requests share: the engine, the queue, the counters.
package final class Service: Sendable {
  private enum State: Sendable {
    case loading
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
  private let state = Mutex(State.loading)

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
    state.withLock { if case .loading = $0 { $0 = .ready(engine) } }
  }

  /// Lets nobody in any more; who runs may end.
  package func drain() {
    state.withLock { $0 = .draining }
    admission.close()
  }

  /// Requests that compute, and that wait.
  package var load: (running: Int, waiting: Int) { admission.load }

  var isReady: Bool { if case .ready = state.withLock(\.self) { true } else { false } }
  var isDraining: Bool { if case .draining = state.withLock(\.self) { true } else { false } }

  func engine() throws(APIError) -> any InferenceEngine {
    switch state.withLock(\.self) {
    case .loading: throw .loading
    case .ready(let engine): return engine
    case .draining: throw .stopped
    }
  }
}
