import JanusSystem

/// Counts the memory of all requests of one model, so that two requests that fit alone but not
/// together do not run at the same time.
///
/// Memory that a running request has not allocated yet still counts as free on the machine. So a
/// new request is compared with what is free now, plus what all requests have allocated already,
/// minus what all will have at their peaks.
final class Admission: Sendable {
  /// An owner of memory: a conversation, a painter or a server's request.
  final class Place: Sendable {
    init() {}
  }

  private struct State {
    /// Bytes at the peak of each running request, and those that stay between requests.
    var bytes: [ObjectIdentifier: Int] = [:]
    /// Bytes of the process that nothing can evict when the first request began.
    var base: Int?

    var counted: Int { bytes.values.reduce(0, +) }

    /// Of `counted`, what the process has allocated already. What it has beside is not given back
    /// when requests end.
    mutating func allocated(of counted: Int, _ own: Int) -> Int {
      let base = base ?? own
      self.base = base
      return min(max(0, own - base), counted)
    }
  }

  private let state = Locked(State())
  private let processBytes: @Sendable () -> Int

  /// - Parameter processBytes: measures the process's memory that nothing can evict.
  init(processBytes: @escaping @Sendable () -> Int = { ProcessMemory.anonymous }) {
    self.processBytes = processBytes
  }

  /// Takes the memory of a request; throws where it does not fit beside the others.
  func admit(
    _ need: MemoryNeed, for place: Place, available: Int? = AvailableMemory.bytes
  ) throws(JanusError) {
    try JanusError.carrying { () throws(MemoryError) in try AvailableMemory.check() }
    let room = take(need.allocations, beside: need.cacheBefore, for: place, available: available)
    if let room { throw .memory(needed: need.allocations, available: room) }
  }

  /// Takes `bytes` for a place that has `kept` already; returns the room there is where they do not
  /// fit beside the others.
  func take(
    _ bytes: Int, beside kept: Int = 0, for place: Place, available: Int?
  ) -> Int? {
    state.withLock { state in
      let id = ObjectIdentifier(place)
      let counted = state.counted - (state.bytes[id] ?? 0) + kept
      let allocated = state.allocated(of: counted, processBytes())
      if let available {
        let room = available + allocated - counted
        if bytes > room { return max(0, room) }
      }
      state.bytes[id] = bytes + kept
      return nil
    }
  }

  /// The room that there would be if all but `places` had ended.
  func room(beside places: [Place], available: Int) -> Int {
    state.withLock { state in
      let staying = places.reduce(0) { $0 + (state.bytes[ObjectIdentifier($1)] ?? 0) }
      return max(
        0, available + state.allocated(of: state.counted, processBytes()) - staying)
    }
  }

  /// Records the memory that stays after a request.
  func settle(_ place: Place, holding bytes: Int) {
    state.withLock { state in
      state.bytes[ObjectIdentifier(place)] = bytes > 0 ? bytes : nil
    }
  }

  func leave(_ place: Place) { settle(place, holding: 0) }
}

/// Memory that is set aside for a request, beside all others of its model, until nobody holds this.
package final class MemoryReservation: Sendable {
  fileprivate let place = Admission.Place()
  private let admission: Admission

  fileprivate init(_ admission: Admission) { self.admission = admission }

  deinit { admission.leave(place) }
}

extension Janus {
  /// Sets `bytes` aside for a request; nil where they do not fit beside the others now.
  package func reserve(
    _ bytes: Int, available: Int? = AvailableMemory.bytes
  ) -> MemoryReservation? {
    let reservation = MemoryReservation(admission)
    let room = admission.take(bytes, for: reservation.place, available: available)
    return room == nil ? reservation : nil
  }

  /// Bytes that a request could have if it were alone with `reservations`; nil where the system does
  /// not say.
  package func room(
    beside reservations: [MemoryReservation], available: Int? = AvailableMemory.bytes
  ) -> Int? {
    available.map { admission.room(beside: reservations.map(\.place), available: $0) }
  }
}
