import Foundation
import Synchronization

/// Ctrl-C as a flag, for work to end at a good place, or as an end at once, for work that leaves
/// nothing behind but whole files.
///
/// A second Ctrl-C before the first was heard always ends the process at once.
enum Interrupt {
  private static let raised = Atomic(false)
  private static let endsProcess = Atomic(false)
  private static let isWriting = Atomic(false)
  /// A pipe into which the signal writes, so that waiting for input can end: a signal that comes
  /// just before a read would not interrupt it.
  private static let readEnd = Atomic<Int32>(-1)
  private static let writeEnd = Atomic<Int32>(-1)

  static var isRaised: Bool { raised.load(ordering: .relaxed) }

  /// Readable when Ctrl-C was pressed; -1, which `poll` ignores, before `listen`.
  static var descriptor: Int32 { readEnd.load(ordering: .relaxed) }

  static func clear() {
    raised.store(false, ordering: .relaxed)
    var bytes = [UInt8](repeating: 0, count: 16)
    while read(descriptor, &bytes, bytes.count) > 0 {}
  }

  /// Runs `body`, which writes a file, so that Ctrl-C waits for its end.
  static func holdingBack<Value>(
    _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    isWriting.store(true, ordering: .sequentiallyConsistent)
    defer { isWriting.store(false, ordering: .sequentiallyConsistent) }
    let value = try body()
    if endsProcess.load(ordering: .relaxed), isRaised { throw .interrupted }
    return value
  }

  /// Begins to listen. With `endingProcess` Ctrl-C ends the process wherever it is, but for what
  /// `holdingBack` runs.
  static func listen(endingProcess: Bool = false) {
    endsProcess.store(endingProcess, ordering: .relaxed)
    isWriting.store(false, ordering: .relaxed)
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) == 0 {
      for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
      readEnd.store(ends[0], ordering: .relaxed)
      writeEnd.store(ends[1], ordering: .relaxed)
    }
    // The globals exist from here on: a lazily made one must not be made by a signal handler.
    clear()
    var action = sigaction()
    let handler: @convention(c) (Int32) -> Void = { _ in
      let isFirst = !Interrupt.raised.exchange(true, ordering: .relaxed)
      let endsNow =
        Interrupt.endsProcess.load(ordering: .relaxed)
        && !Interrupt.isWriting.load(ordering: .sequentiallyConsistent)
      if !isFirst || endsNow {
        // What a status line left on a terminal.
        let clearing: StaticString = "\r\u{1b}[K"
        if isatty(STDERR_FILENO) == 1 {
          _ = write(STDERR_FILENO, clearing.utf8Start, clearing.utf8CodeUnitCount)
        }
        _exit(Failure.Code.interrupted.rawValue)
      }
      var byte: UInt8 = 0
      _ = write(Interrupt.writeEnd.load(ordering: .relaxed), &byte, 1)
    }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
    sigaction(SIGINT, &action, nil)
    // Whoever started us may have blocked it, as threads of a dispatch queue do.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
