import ArgumentParser
import Foundation
import JanusEngine
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// The command line: parses, runs one subcommand, and turns any failure into one line and an exit
/// code.
@main
struct Root: ParsableCommand {
  static let version = JanusVersion.current

  static let configuration = CommandConfiguration(
    commandName: "janus-lite",
    abstract:
      "DeepSeek Janus-Pro on the CPU: reads formulas, answers questions about pictures, paints.",
    discussion: """
      Standard output carries the answer and nothing else; progress, timings and errors go to \
      standard error.

      A model file is made once, from a checkpoint folder as published:
        janus-lite convert Janus-Pro-1B -o janus-1b.gguf
      and then named with -m, or for good:
        export JANUS_LITE_MODEL=janus-1b.gguf
        janus-lite ocr formula.png
        janus-lite chat --image cat.jpg "What is this animal doing?"

      Environment: JANUS_LITE_MODEL names the model file, JANUS_LITE_ISA the instruction set.

      Exit codes: 0 success; 64 wrong usage; 65 wrong data in a file or a request that does \
      not fit; 66 a file that does not exist; 70 an error of the program; 74 input or output failed; 130 interrupted.

      Shell completion: janus-lite --generate-completion-script bash|zsh|fish
      """,
    version: version,
    subcommands: [
      OCRCommand.self, FormulaCommand.self, ChatCommand.self, GenerateCommand.self,
      DecodeCommand.self,
      ConvertCommand.self, InfoCommand.self, BenchCommand.self, TokenizeCommand.self,
    ])

  static func main() {
    StandardStreams.reserve()
    // Exceeding the limit on file size is then an error of writing; it does not end the process.
    signal(SIGXFSZ, SIG_IGN)
    do {
      // Names of files are bytes, which Foundation would repair.
      let arguments = (1..<max(1, Int(CommandLine.argc))).compactMap { index in
        CommandLine.unsafeArgv[index].map { SystemPath.string($0) }
      }
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let exit as ExitCode {
      self.exit(withError: exit)
    } catch {
      // Help and version come as errors too, with the code of success.
      if exitCode(for: error) == .success { exit(withError: error) }
      let failure = Failure(error)
      // No message after Ctrl-C.
      if failure.code != .interrupted {
        StandardError.line("janus-lite: error: \(failure.message)")
      }
      exit(withError: ExitCode(failure.code.rawValue))
    }
  }
}
