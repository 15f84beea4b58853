import Foundation
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords
import Synchronization

/// Ctrl-C, in two ways: it sets a flag, so that work ends at a good place; or it ends the process
/// at once, where work leaves whole files only.
///
/// A second Ctrl-C before the first was noticed ends the process at once, unless a file is being
/// written.
enum Interrupt {
  private static let raised = Atomic(false)
  private static let endsProcess = Atomic(false)
  private static let isWriting = Atomic(false)
  /// A pipe into which the signal writes, so that waiting for input can end: a signal that comes
  /// just before a read would not interrupt it.
  private static let readEnd = Atomic<Int32>(-1)
  private static let writeEnd = Atomic<Int32>(-1)
  private static let clearsLine = Atomic(false)
  /// Pictures that are finished, of how many; none where the second is 0.
  private static let finished = Atomic(0)
  private static let total = Atomic(0)
  /// Whether --resume goes on, and whether it needs a seed.
  private static let resumes = Atomic(false)
  private static let needsSeed = Atomic(false)
  private static let seed = Atomic<UInt64>(0)

  static var isRaised: Bool { raised.load(ordering: .relaxed) }

  /// The flag, for work that can be stopped.
  static let stop = StopToken { isRaised }

  /// Readable when Ctrl-C was pressed; -1, which `poll` ignores, before `listen`.
  static var descriptor: Int32 { readEnd.load(ordering: .relaxed) }

  /// From here on an interruption says how many pictures are finished. With a total of 0 it says nothing.
  static func counts(_ finished: Int, of total: Int) {
    Self.finished.store(finished, ordering: .relaxed)
    Self.total.store(total, ordering: .relaxed)
  }

  /// From here on an interruption says that --resume goes on, with a seed where it was drawn.
  static func goesOn(withSeed seed: UInt64?) {
    Self.seed.store(seed ?? 0, ordering: .relaxed)
    needsSeed.store(seed != nil, ordering: .relaxed)
    resumes.store(true, ordering: .relaxed)
  }

  /// Says where the work stopped. Called in a signal handler, too, perhaps while the same thread allocates memory: it
  /// allocates nothing. Local functions that share a variable would, without optimization.
  static func tellPlace() {
    let (done, all) = (finished.load(ordering: .relaxed), total.load(ordering: .relaxed))
    guard all > 0 else { return }
    var count = 0
    put("janus-lite: stopped after ", &count)
    put(UInt64(done), &count)
    put(" of ", &count)
    put(UInt64(all), &count)
    put(" pictures", &count)
    if resumes.load(ordering: .relaxed) {
      put("; the same command with --resume", &count)
      if needsSeed.load(ordering: .relaxed) {
        put(" --seed ", &count)
        put(seed.load(ordering: .relaxed), &count)
      }
      put(" goes on", &count)
    }
    put("\n", &count)
    _ = write(STDERR_FILENO, line, count)
  }

  /// What `tellPlace` writes. Three numbers and its words take less.
  private nonisolated(unsafe) static let line = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)

  private static func put(_ text: StaticString, _ count: inout Int) {
    memcpy(line + count, text.utf8Start, text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  private static func put(_ number: UInt64, _ count: inout Int) {
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      line[count] = 0x30 + UInt8(truncatingIfNeeded: number / divisor % 10)
      count += 1
      divisor /= 10
    }
  }

  static func clear() {
    raised.store(false, ordering: .relaxed)
    forgetWaking()
  }

  /// Makes the descriptor wait again.
  static func forgetWaking() {
    var bytes = [UInt8](repeating: 0, count: 16)
    while read(descriptor, &bytes, bytes.count) > 0 {}
  }

  /// Runs `body`, which writes a file. Meanwhile signals only set the flag. It may be called within itself.
  static func holdingBack<Value, Problem: Error>(
    _ body: () throws(Problem) -> Value
  ) throws(Problem) -> Value {
    let before = isWriting.exchange(true, ordering: .sequentiallyConsistent)
    defer { isWriting.store(before, ordering: .sequentiallyConsistent) }
    return try body()
  }

  /// Throws if a signal that ends the process came while a file was written.
  static func check() throws(Failure) {
    if endsProcess.load(ordering: .relaxed), raised.load(ordering: .sequentiallyConsistent) {
      throw .interrupted
    }
  }

  /// From here on Ctrl-C only sets the flag, which ends the current answer.
  static func endsAnswerOnly() { endsProcess.store(false, ordering: .relaxed) }

  /// Begins to listen.
  ///
  /// - Parameters:
  ///   - endingProcess: Ctrl-C ends the process at any point, except inside `holdingBack`.
  ///   - writingFiles: SIGHUP and SIGTERM are handled like Ctrl-C, so that they leave no
  ///     half-written files either.
  static func listen(endingProcess: Bool = false, writingFiles: Bool = false) {
    endsProcess.store(endingProcess, ordering: .relaxed)
    isWriting.store(false, ordering: .relaxed)
    clearsLine.store(StandardError.writesOver, ordering: .relaxed)
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) == 0 {
      for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
      readEnd.store(ends[0], ordering: .relaxed)
      writeEnd.store(ends[1], ordering: .relaxed)
    }
    // Creates the globals now: a signal handler must not initialise a lazy global.
    clear()
    counts(0, of: 0)
    resumes.store(false, ordering: .relaxed)
    needsSeed.store(false, ordering: .relaxed)
    seed.store(0, ordering: .relaxed)
    _ = line
    var action = sigaction()
    let handler: @convention(c) (Int32) -> Void = { signal in
      let isFirst = !Interrupt.raised.exchange(true, ordering: .sequentiallyConsistent)
      let isWriting = Interrupt.isWriting.load(ordering: .sequentiallyConsistent)
      if !isWriting && (!isFirst || Interrupt.endsProcess.load(ordering: .relaxed)) {
        // Clears a status line on a terminal.
        let clearing: StaticString = "\r\u{1b}[K"
        if Interrupt.clearsLine.load(ordering: .relaxed) {
          _ = write(STDERR_FILENO, clearing.utf8Start, clearing.utf8CodeUnitCount)
        }
        Interrupt.tellPlace()
        _exit(128 + signal)
      }
      var byte: UInt8 = 0
      _ = write(Interrupt.writeEnd.load(ordering: .relaxed), &byte, 1)
    }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = handler
    #else
      action.__sigaction_handler.sa_handler = handler
    #endif
    // The parent process may have blocked them, as threads of a dispatch queue do.
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT] + (writingFiles ? [SIGTERM, SIGHUP] : []) {
      var before = sigaction()
      sigaction(signal, &action, &before)
      // A process that is to outlive its session, as under nohup, ignores SIGHUP.
      if signal == SIGHUP, before.isIgnoring { sigaction(signal, &before, nil) }
      sigaddset(&signals, signal)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}

extension sigaction {
  /// Whether the parent process had the signal ignored.
  var isIgnoring: Bool {
    #if canImport(Darwin)
      let handler = __sigaction_u.__sa_handler
    #else
      let handler = __sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
