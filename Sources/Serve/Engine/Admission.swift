import JanusSystem

/// Who may compute, and who waits: first come, first served.
///
/// A request runs when its rows fit beside those that run already, and its memory can be set aside.
/// Those behind it wait, even if they would fit, so that nobody waits for ever.
package final class Admission: Sendable {
  /// A request's place, waiting or running. It is left once, at the latest when nobody holds it.
  package final class Place: Sendable {
    fileprivate let admission: Admission
    fileprivate let id: UInt64
    /// How many go before it, at each change; ends when it may run.
    package let positions: AsyncStream<Int>

    fileprivate init(_ admission: Admission, id: UInt64, positions: AsyncStream<Int>) {
      self.admission = admission
      self.id = id
      self.positions = positions
    }

    deinit { admission.leave(id) }

    /// Whether it may run. Once `positions` has ended and this is false, the place was taken away.
    package var isAdmitted: Bool { admission.isAdmitted(id) }

    /// Gives the place up, whether it runs or still waits.
    package func leave() { admission.leave(id) }
  }

  /// Nobody more can wait.
  package struct Full: Error, Equatable {
    package let waiting: Int
    /// Seconds until there may be room.
    package let seconds: Int
  }

  private struct Request {
    let rows: Int
    let reserve: @Sendable () -> (any Sendable)?
    let continuation: AsyncStream<Int>.Continuation
    var start: ContinuousClock.Instant?
    /// The memory that it has, as long as it runs.
    var reservation: (any Sendable)?
  }

  private struct State {
    var nextID: UInt64 = 0
    var requests: [UInt64: Request] = [:]
    var waiting: [UInt64] = []
    var rows = 0
    /// What a request takes on average, in seconds.
    var seconds = 5.0
    var isClosed = false
  }

  package let parallel: Int
  package let queue: Int
  private let state = Locked(State())

  /// - Parameters:
  ///   - parallel: rows that are computed at once.
  ///   - queue: requests that may wait.
  package init(parallel: Int, queue: Int) {
    self.parallel = parallel
    self.queue = queue
  }

  package var load: (running: Int, waiting: Int) {
    state.withLock { ($0.requests.count - $0.waiting.count, $0.waiting.count) }
  }

  /// Takes a place. More rows than there are count as all there are: whoever runs them takes turns.
  ///
  /// - Parameter reserve: sets the request's memory aside until nobody holds what it returns; nil
  ///   where it does not fit now.
  package func enter(
    rows: Int = 1, reserve: @escaping @Sendable () -> (any Sendable)? = { true }
  ) throws(Full) -> Place {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Int.self, bufferingPolicy: .bufferingNewest(1))
    let (id, full): (UInt64, Full?) = state.withLock { state in
      if state.isClosed {
        continuation.finish()
        return (.max, nil)
      }
      var request = Request(
        rows: min(max(1, rows), parallel), reserve: reserve, continuation: continuation)
      if state.waiting.isEmpty, fits(&request, state) {
        let id = state.nextID
        state.nextID += 1
        start(request, id, &state)
        return (id, nil)
      }
      if state.waiting.count >= queue {
        let rounds = Double(state.waiting.count + 1) / Double(parallel)
        return (
          0,
          Full(
            waiting: state.waiting.count, seconds: max(1, min(600, Int(rounds * state.seconds))))
        )
      }
      let id = state.nextID
      state.nextID += 1
      state.requests[id] = request
      state.waiting.append(id)
      continuation.yield(state.waiting.count - 1)
      return (id, nil)
    }
    if let full { throw full }
    return Place(self, id: id, positions: stream)
  }

  /// Admits nobody any more: those who wait lose their places, those who run stay.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      for id in state.waiting { state.requests.removeValue(forKey: id)?.continuation.finish() }
      state.waiting = []
    }
  }

  private func isAdmitted(_ id: UInt64) -> Bool {
    state.withLock { $0.requests[id]?.start != nil }
  }

  /// Whether a request may run now; takes its memory if so.
  private func fits(_ request: inout Request, _ state: State) -> Bool {
    guard state.rows == 0 || state.rows + request.rows <= parallel else { return false }
    request.reservation = request.reserve()
    // A request that runs alone runs whatever it takes: the engine has checked what is free.
    return request.reservation != nil || state.rows == 0
  }

  private func start(_ request: Request, _ id: UInt64, _ state: inout State) {
    var request = request
    request.start = .now
    request.continuation.finish()
    state.rows += request.rows
    state.requests[id] = request
  }

  private func admit(_ state: inout State) {
    while let id = state.waiting.first, var request = state.requests[id], fits(&request, state) {
      state.waiting.removeFirst()
      start(request, id, &state)
    }
    for (position, id) in state.waiting.enumerated() {
      state.requests[id]?.continuation.yield(position)
    }
  }

  private func leave(_ id: UInt64) {
    state.withLock { state in
      guard var request = state.requests.removeValue(forKey: id) else { return }
      if let start = request.start {
        state.rows -= request.rows
        request.reservation = nil
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        state.seconds += (seconds - state.seconds) / 8
      } else {
        state.waiting.removeAll { $0 == id }
        request.continuation.finish()
      }
      admit(&state)
    }
  }
}
