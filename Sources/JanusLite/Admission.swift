import JanusSystem
import Synchronization

/// Counts the memory of all requests of one model, so that two requests that fit alone but not
/// together do not run at the same time.
///
/// Memory that a running request has not allocated yet still counts as free on the machine. So a
/// new request is compared with what is free now, plus what all requests have allocated already,
/// minus what all will have at their peaks.
final class Admission: Sendable {
  /// An owner of memory: a conversation or a painter.
  final class Place: Sendable {
    init() {}
  }

  private struct State {
    /// Bytes at the peak of each running request, and those that stay between requests.
    var bytes: [ObjectIdentifier: Int] = [:]
    /// Bytes of the process that nothing can evict when the first request began.
    var base: Int?
  }

  private let state = Mutex(State())

  /// Takes the memory of a request; throws where it does not fit beside the others.
  func admit(
    _ need: MemoryNeed, for place: Place, available: Int? = AvailableMemory.bytes
  ) throws(JanusError) {
    let peak = need.allocations + need.cacheBefore
    let lacking: (needed: Int, available: Int)? = state.withLock { state in
      let own = ProcessMemory.anonymous
      let base = state.base ?? own
      state.base = base
      if let available {
        let others = state.bytes.reduce(0) {
          $0 + ($1.key == ObjectIdentifier(place) ? 0 : $1.value)
        }
        let counted = others + need.cacheBefore
        // What the process has beside is not given back when requests end.
        let allocated = min(max(0, own - base), counted)
        let room = available + allocated - counted
        if need.allocations > room { return (need.allocations, max(0, room)) }
      }
      state.bytes[ObjectIdentifier(place)] = peak
      return nil
    }
    if let lacking { throw .memory(needed: lacking.needed, available: lacking.available) }
  }

  /// Records the memory that stays after a request.
  func settle(_ place: Place, holding bytes: Int) {
    state.withLock { state in
      state.bytes[ObjectIdentifier(place)] = bytes > 0 ? bytes : nil
    }
  }

  func leave(_ place: Place) { settle(place, holding: 0) }
}
