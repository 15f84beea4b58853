import ArgumentParser
import CBuild
import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords
import SIMDKernels

/// The command line: parses, runs one subcommand, and turns any failure into one line and an exit
/// code.
@main
struct Root: ParsableCommand {
  static let version = JanusVersion.current

  /// "janus-lite 0.2.0 (avx512, OpenBLAS 0.3.21)"; with the commit where the build was told it.
  private static var fullVersion: String {
    var parts: [String] = []
    let commit = String(cString: janus_lite_commit())
    if !commit.isEmpty { parts.append(commit) }
    let asked = ModelOptions.environment("JANUS_LITE_ISA")
    parts.append(((try? Kernels.select(asked)) ?? Kernels.best).isa.rawValue)
    parts.append(BLAS.system?.name ?? "no OpenBLAS")
    return "janus-lite \(version) (\(parts.joined(separator: ", ")))"
  }

  static let configuration = CommandConfiguration(
    commandName: "janus-lite",
    abstract:
      "DeepSeek Janus-Pro on the CPU: reads formulas, answers questions about pictures, paints.",
    discussion: """
      Standard output carries the answer and nothing else; progress, timings and errors go to \
      standard error.

      A model is fetched once, or made from a checkpoint folder as published:
        janus-lite pull 1b
        janus-lite convert Janus-Pro-1B -o janus-1b.gguf
      and then named with -m, or for good:
        janus-lite ocr formula.png -m 1b
        export JANUS_LITE_MODEL=janus-1b.gguf
        janus-lite chat --image cat.jpg "What is this animal doing?"

      Environment: JANUS_LITE_MODEL names the model file, JANUS_LITE_ISA the instruction set.

      Exit codes: 0 success; 64 wrong usage; 65 wrong data in a file or a request that does \
      not fit; 66 a file that does not exist; 69 a hub that cannot be reached; 70 an error of the program; 74 input or output failed; 77 a hub \
      that refuses; 130 interrupted.

      Shell completion: janus-lite --generate-completion-script bash|zsh|fish
      """,
    version: version, subcommands: commands)

  private static var commands: [any ParsableCommand.Type] {
    var commands: [any ParsableCommand.Type] = [
      OCRCommand.self, FormulaCommand.self, ChatCommand.self, GenerateCommand.self,
      DecodeCommand.self, PullCommand.self, ModelsCommand.self, ConvertCommand.self,
      CalibrateCommand.self, CompareCommand.self, InfoCommand.self, WorkerCommand.self,
      BenchCommand.self, TokenizeCommand.self,
    ]
    #if Server
      commands.insert(ServeCommand.self, at: 5)
    #endif
    return commands
  }

  /// The parser's own errors say which word it does not understand; some can be told better.
  private static func parse(_ arguments: Arguments) throws -> any ParsableCommand {
    do {
      return try parseAsRoot(arguments.words)
    } catch {
      guard exitCode(for: error) == .validationFailure, let problem = arguments.explained() else {
        throw error
      }
      throw Failure(.usage, problem)
    }
  }

  /// Success, unless help or a completion script could not be written.
  private static func printed(_ text: String) -> ExitCode {
    do {
      try StandardOutput.line(text)
      return .success
    } catch {
      let failure = Failure(error)
      StandardError.line("janus-lite: error: \(failure.message)")
      return ExitCode(failure.code.rawValue)
    }
  }

  static func main() {
    StandardStreams.reserve()
    CrashMessages.install()
    // Read when OpenBLAS is loaded. No other thread is there yet that could read variables.
    for (name, value) in BLAS.environment { setenv(name, value, 1) }
    // Exceeding the limit on file size is then an error of writing; it does not end the process.
    signal(SIGXFSZ, SIG_IGN)
    do {
      // Names of files are bytes, which Foundation would repair.
      let arguments = Arguments(
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
          CommandLine.unsafeArgv[index].map { SystemPath.string($0) }
        })
      try AvailableMemory.check()
      try arguments.check()
      // Asked here, since the best kernels and OpenBLAS are looked for to say it.
      if arguments.words == ["--version"] { return try StandardOutput.line(fullVersion) }
      var command = try parse(arguments)
      try command.run()
    } catch let exit as ExitCode {
      self.exit(withError: exit)
    } catch {
      // Help and version come as errors too, with the code of success.
      if exitCode(for: error) == .success { exit(withError: printed(fullMessage(for: error))) }
      let failure = Failure(error)
      // After Ctrl-C only where it stopped.
      if failure.code == .interrupted {
        Interrupt.tellPlace()
      } else {
        StandardError.line("janus-lite: error: \(failure.message)")
      }
      exit(withError: ExitCode(failure.code.rawValue))
    }
  }
}
