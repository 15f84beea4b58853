import Foundation
import JanusSystem

/// Signals that end the process, each with one line that says why.
///
/// Swift's own handlers print a backtrace, which takes up to half a minute and may wait for a key. They are installed
/// before the program begins, and replaced here.
enum CrashMessages {
  private static let notice: StaticString = "\r\u{1b}[K"
  private static let lost: StaticString =
    "': its bytes cannot be read any more: the file was cut or lost while it was in use\n"
  private static let begin: StaticString = "janus-lite: error: '"
  private static let fault: StaticString =
    "janus-lite: error: a fault of the program (SECURITY.md says how to report it)\n"
  private static let refused: StaticString =
    "janus-lite: error: the operating system gives this process no more memory\n"
  private nonisolated(unsafe) static var clearsLine = false
  /// Less than this, and what ended the program was that memory was refused.
  private static let fewBytes = 16 << 20

  static func install() {
    MappedRanges.prepare()
    clearsLine = StandardError.writesOver
    // Made now: a signal handler must not initialise a lazy global.
    _ = (notice, lost, begin, fault, refused, PageMemory.isGiven(fewBytes))
    // Who asks for a backtrace gets one.
    if ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"]?.contains("enable=") != true {
      for signal in [SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGQUIT] {
        reset(signal)
      }
      for signal in [SIGILL, SIGTRAP, SIGABRT] { handle(signal, on: fatal) }
    }
    handle(SIGBUS, on: lostPage)
  }

  private typealias Handler =
    @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

  /// A page of a mapped file that is not there.
  private static let lostPage: Handler = { signal, info, _ in
    guard let name = MappedRanges.file(at: info.flatMap { CrashMessages.address($0) }) else {
      // Something else: the access is repeated, and ends the process.
      CrashMessages.restore(signal)
      return
    }
    CrashMessages.write(clearing: true, CrashMessages.begin)
    _ = Foundation.write(STDERR_FILENO, name, strlen(name))
    CrashMessages.write(clearing: false, CrashMessages.lost)
    _exit(Failure.Code.inputOutput.rawValue)
  }

  /// A trap of Swift's, or the end that its library and C's come to by themselves: the instruction is repeated, and ends
  /// the process as before. Where memory is refused to an array or a string of Swift's, a trap is all that is left.
  private static let fatal: Handler = { signal, _, _ in
    if !PageMemory.isGiven(CrashMessages.fewBytes) {
      CrashMessages.write(clearing: true, CrashMessages.refused)
      _exit(Failure.Code.inputOutput.rawValue)
    }
    CrashMessages.write(clearing: true, CrashMessages.fault)
    CrashMessages.restore(signal)
  }

  private static func write(clearing: Bool, _ text: StaticString) {
    if clearing, clearsLine {
      _ = Foundation.write(STDERR_FILENO, notice.utf8Start, notice.utf8CodeUnitCount)
    }
    _ = Foundation.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }

  private static func address(
    _ info: UnsafeMutablePointer<siginfo_t>
  ) -> UnsafeMutableRawPointer? {
    #if canImport(Darwin)
      info.pointee.si_addr
    #elseif canImport(Musl)
      info.pointee.__si_fields.__sigfault.si_addr
    #else
      info.pointee._sifields._sigfault.si_addr
    #endif
  }

  private static func handle(_ signal: Int32, on handler: Handler) {
    var action = sigaction()
    #if canImport(Darwin)
      action.__sigaction_u.__sa_sigaction = handler
    #elseif canImport(Musl)
      action.__sa_handler.sa_sigaction = handler
    #else
      action.__sigaction_handler.sa_sigaction = handler
    #endif
    action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_ONSTACK)
    sigaction(signal, &action, nil)
  }

  private static func restore(_ signal: Int32) {
    var action = sigaction()
    sigemptyset(&action.sa_mask)
    sigaction(signal, &action, nil)
  }

  /// Back to the system's way, unless the parent process had the signal ignored.
  private static func reset(_ signal: Int32) {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0, !action.isIgnoring else { return }
    restore(signal)
  }
}
