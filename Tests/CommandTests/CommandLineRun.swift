import Foundation

/// What the built `janus-lite` did with some arguments.
struct CommandLineRun {
  let status: Int32
  let output: String
  let errors: String

  var outputLines: [String] { Self.lines(output) }
  var errorLines: [String] { Self.lines(errors) }

  private static func lines(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Runs the command to its end. Of this project's variables the environment holds only
  /// `environment`. Files may have `fileBlocks` blocks of 512 bytes, or any number of blocks where
  /// it is nil.
  init(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
    command: URL = executable, fileBlocks: Int? = nil, in place: Scratch? = nil
  ) throws {
    let folder = try Scratch()
    let files = try ["in", "out", "err"].map { name in
      let path = folder.file(name)
      try (name == "in" ? input : Data()).write(to: URL(filePath: path))
      return path
    }
    func start() throws -> Process {
      let process = Self.process(
        arguments, environment: environment, command: command, fileBlocks: fileBlocks)
      if let place { process.currentDirectoryURL = URL(filePath: place.path) }
      // Files, not pipes, so that nobody has to read while the process writes.
      process.standardInput = FileHandle(forReadingAtPath: files[0])
      process.standardOutput = FileHandle(forWritingAtPath: files[1])
      process.standardError = FileHandle(forWritingAtPath: files[2])
      try process.run()
      return process
    }
    let process = try Self.whenWritten(start)
    process.waitUntilExit()
    status = process.terminationReason == .exit ? process.terminationStatus : -1
    output = String(decoding: try Data(contentsOf: URL(filePath: files[1])), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: URL(filePath: files[2])), as: UTF8.self)
  }

  /// A command that was just copied counts as being written to while another process, which a test
  /// beside this one began meanwhile, has not yet closed what it inherited.
  private static func whenWritten(_ start: () throws -> Process) throws -> Process {
    for _ in 0..<200 {
      do {
        return try start()
      } catch {
        let error = error as NSError
        let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        guard cause.code == Int(ETXTBSY) else { throw error }
        usleep(10_000)
      }
    }
    return try start()
  }

  static func process(
    _ arguments: [String], environment: [String: String] = [:], command: URL = executable,
    fileBlocks: Int? = nil
  ) -> Process {
    let process = Process()
    process.executableURL = command
    process.arguments = arguments
    if let fileBlocks {
      process.executableURL = URL(filePath: "/bin/sh")
      let script = "ulimit -f \(fileBlocks); exec \"$0\" \"$@\""
      process.arguments = ["-c", script, command.path(percentEncoded: false)] + arguments
    }
    var variables = ProcessInfo.processInfo.environment
    variables["JANUS_LITE_MODEL"] = nil
    variables["JANUS_LITE_ISA"] = nil
    if environment["HOME"] == nil {
      for name in ["XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
        variables[name] = home
      }
    }
    process.environment = variables.merging(environment) { $1 }
    return process
  }

  /// Where the command keeps what a user has at home: in no test is that the home of whoever runs it.
  private static let home = FileManager.default.temporaryDirectory
    .appending(path: "janus-lite-tests-\(ProcessInfo.processInfo.processIdentifier)/home")
    .path(percentEncoded: false)

  /// The command is beside the tests that were built with it.
  static let executable: URL = {
    let tests =
      Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
      ?? Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appending(path: "janus-lite")
  }()
}

/// A folder that is removed with the test.
final class Scratch: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path(percentEncoded: false)
  }

  deinit { remove() }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  @discardableResult
  func write(_ name: String, _ data: Data) throws -> String {
    try data.write(to: URL(filePath: file(name)))
    return file(name)
  }
}

/// Files of the repository.
enum Fixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path(percentEncoded: false)

  static let checkpoint = "\(folder)/tiny"

  static func picture(_ name: String) -> String { "\(folder)/pictures/\(name).png" }

  static func pictureData(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: picture(name)))
  }

  /// The tiny checkpoint in int8, made by the command at first use and removed with the process.
  static let model: Result<(folder: Scratch, path: String), any Error> = Result {
    let scratch = try Scratch()
    let path = scratch.file("tiny.gguf")
    let run = try CommandLineRun(["convert", checkpoint, "-o", path, "--quant", "int8"])
    guard run.status == 0 else { throw ConversionFailed(errors: run.errors) }
    // A static value is never released, and neither is its folder.
    atexit { if let (folder, _) = try? Fixture.model.get() { folder.remove() } }
    return (scratch, path)
  }

  struct ConversionFailed: Error { let errors: String }

  static var modelPath: String { get throws { try model.get().path } }
}
