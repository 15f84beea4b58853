#if os(Linux)
  import Foundation

  /// The command at a terminal.
  final class Terminal {
    private let primary: Int32
    let process: Process
    private var bytes: [UInt8] = []

    /// All that was read; as a whole, since a piece may end within a character.
    var shown: String { String(decoding: bytes, as: UTF8.self) }

    init(
      _ arguments: [String], environment: [String: String] = ["TERM": "xterm"], columns: UInt16 = 80
    ) throws {
      // What posix_openpt, unlockpt and ptsname do, which Swift's Glibc does not show.
      primary = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      var (locked, number): (Int32, Int32) = (0, 0)
      guard ioctl(primary, unlock, &locked) == 0, ioctl(primary, getNumber, &number) == 0 else {
        throw POSIXError(.ENOTTY)
      }
      var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
      ioctl(primary, UInt(TIOCSWINSZ), &size)
      let secondary = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
      let handle = FileHandle(fileDescriptor: secondary, closeOnDealloc: true)
      process = CommandLineRun.process(arguments, environment: environment)
      process.standardInput = handle
      process.standardOutput = handle
      process.standardError = handle
      try process.run()
    }

    deinit {
      if process.isRunning { process.terminate() }
      close(primary)
    }

    func type(_ text: String) {
      _ = text.withCString { write(primary, $0, strlen($0)) }
    }

    func type(bytes: [UInt8]) { _ = write(primary, bytes, bytes.count) }

    /// Reads until `text` has been shown `count` times; false when nothing comes for so many milliseconds.
    func waits(for text: String, count: Int = 1, within milliseconds: Int32 = 60_000) -> Bool {
      while shown.components(separatedBy: text).count <= count {
        guard readPiece(within: milliseconds) else { return false }
      }
      return true
    }

    /// Reads until the process has ended and all that it wrote was read.
    func readToEnd() {
      while process.isRunning { _ = readPiece(within: 20) }
      while readPiece(within: 20) {}
    }

    /// Reads what comes within some milliseconds; false where nothing does.
    private func readPiece(within milliseconds: Int32) -> Bool {
      var descriptor = pollfd(fd: primary, events: Int16(POLLIN), revents: 0)
      var buffer = [UInt8](repeating: 0, count: 4096)
      var (ready, count): (Int32, Int)
      repeat { ready = poll(&descriptor, 1, milliseconds) } while ready < 0 && errno == EINTR
      guard ready == 1 else { return false }
      repeat { count = read(primary, &buffer, buffer.count) } while count < 0 && errno == EINTR
      guard count > 0 else { return false }
      bytes += buffer[..<count]
      return true
    }

    /// The exit code; -1 for a process that a signal ended, or that did not end within a minute.
    func waitForExit() -> Int32 {
      let deadline = Date.now + 60
      while process.isRunning, Date.now < deadline { usleep(5000) }
      guard !process.isRunning else { return -1 }
      return process.terminationReason == .exit ? process.terminationStatus : -1
    }
  }
#endif
