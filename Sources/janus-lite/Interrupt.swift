import Foundation
import Synchronization

/// Ctrl-C as a flag, for work to end at a good place.
///
/// A second Ctrl-C before the first was heard ends the process at once.
enum Interrupt {
  private static let raised = Atomic(false)

  static var isRaised: Bool { raised.load(ordering: .relaxed) }

  static func clear() { raised.store(false, ordering: .relaxed) }

  /// Begins to listen. Reads that wait for input return early when the signal comes.
  static func listen() {
    // A lazily made global must not be made inside a signal handler.
    clear()
    var action = sigaction()
    let handler: @convention(c) (Int32) -> Void = { _ in
      if Interrupt.raised.exchange(true, ordering: .relaxed) {
        _exit(Failure.Code.interrupted.rawValue)
      }
    }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
    sigaction(SIGINT, &action, nil)
  }
}
