#if Server
  import ArgumentParser
  import Dispatch
  import Foundation
  import JanusLite
  import JanusModelFile
  import JanusServe
  import JanusSystem
  import Logging

  /// `janus-lite serve`: the model behind OpenAI's API, and a page to use it with.
  struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "serve",
      abstract: "Serve the model to programs, by OpenAI's API, and to people, by a page.",
      discussion: """
        Prints the address when it takes connections. Requests run side by side; those that find no \
        room wait in a queue, and beyond its end are refused with 429.

        Only programs and pages of this machine may come in. Other addresses want --api-key-file, or \
        --allow-public; pages of other origins want --cors-origin.

        POST /v1/chat/completions, /v1/images/generations, /v1/formulas; GET /v1/models, /health, \
        /metrics (with --metrics), /openapi.json, / (the page). The document SERVER.md describes them.

        SIGTERM and Ctrl-C stop taking connections and let running requests end, for 20 s at most.
        """)

    @Option(help: ArgumentHelp("Address to listen at.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Port; 0 takes a free one.", valueName: "n"))
    var port = 3840

    @Option(
      help: ArgumentHelp(
        "Unix socket in place of address and port; for its owner alone.", valueName: "path"),
      completion: .file(),
      transform: FileName.path)
    var socket: String?

    @Option(
      help: ArgumentHelp(
        "File with keys, one a line, of which requests must send one.", valueName: "file"),
      completion: .file(),
      transform: FileName.path)
    var apiKeyFile: String?

    @Option(
      help: ArgumentHelp(
        "Origin whose pages may use the server, as http://localhost:8000. May be repeated.",
        valueName: "origin"))
    var corsOrigin: [String] = []

    @Flag(help: "Listen at an address that others reach, without a key.")
    var allowPublic = false

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Answers that are computed at once.", valueName: "n"))
    var parallel = 8

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Requests that may wait.", valueName: "n"))
    var queue = 32

    @Option(
      parsing: .unconditional, help: ArgumentHelp("Largest body in MB.", valueName: "mb"))
    var maxBody = 64

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Most tokens of an answer.", valueName: "n"))
    var maxTokens = 2_048

    @Flag(help: "Offer /metrics for Prometheus.")
    var metrics = false

    @Flag(help: "Do not offer the page.")
    var noPage = false

    @Flag(name: .customLong("open"), help: "Open the page in the browser.")
    var opensPage = false

    @Option(
      help: ArgumentHelp(
        "What to log: error, warning, info (a line a request) or debug.", valueName: "level"),
      completion: .list(["error", "warning", "info", "debug"]))
    var logLevel = "info"

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Memory") var cache: CacheOptions

    func validate() throws {
      let ranges: [(String, Int, ClosedRange<Int>)] = [
        ("--port", port, 0...65_535), ("--parallel", parallel, 1...256),
        ("--queue", queue, 0...100_000), ("--max-body", maxBody, 1...2_048),
        ("--max-tokens", maxTokens, 1...1_000_000),
      ]
      for (name, value, range) in ranges where !range.contains(value) {
        throw ValidationError(
          "\(name): expected \(range.lowerBound) to \(range.upperBound), found \(value)")
      }
      guard Logger.Level(rawValue: logLevel) != nil else {
        throw ValidationError(
          "--log-level: expected error, warning, info or debug, found '\(logLevel)'")
      }
    }

    func run() throws {
      signal(SIGPIPE, SIG_IGN)
      let options = try options()
      do throws(MemoryError) {
        try AddressSpace.prepare(threads: 2 * ProcessInfo.processInfo.activeProcessorCount + 16)
      } catch {
        throw Failure(
          .inputOutput, "too little memory for the threads of a server (a limit such as ulimit -v?)"
        )
      }
      let level = Logger.Level(rawValue: logLevel) ?? .info
      let logger = Logger(label: "janus-lite") { _ in LineLogger(logLevel: level) }
      let server: Server
      do {
        server = try Server(options, logger: logger)
      } catch {
        throw Failure(
          .usage,
          "\(error)"
            + (error.wantsKey ? " (--api-key-file gives one, --allow-public does without)" : ""))
      }
      if allowPublic, options.keys.isEmpty, socket == nil {
        logger.warning(
          "everybody who reaches this address may use the server, pages in browsers among them")
      }
      // Opening a mapped file takes no time: what is wrong with it is said before anybody is let in. One that
      // is missing may still come.
      let isMapped = !model.noMmap && !model.lockMemory
      let mapped = isMapped ? try engineIfThere(server.service, logger) : nil
      try Self.wait {
        try await server.run(
          load: { try await load(mapped, server.service, logger) },
          onRunning: { port in announce(port) })
      }
    }

    /// Waits for a model that is missing, as long as the server runs.
    private func load(
      _ mapped: ModelEngine?, _ service: Service, _ logger: Logger
    ) async throws -> ModelEngine {
      var engine = try mapped ?? engineIfThere(service, logger)
      while engine == nil {
        for _ in 0..<10 {
          try await Task.sleep(for: .milliseconds(200))
          if service.isDraining { throw CancellationError() }
        }
        engine = try engineIfThere(service, logger)
        if engine != nil { logger.notice("the model is there") }
      }
      guard let engine else { throw CancellationError() }
      return engine
    }

    /// Nil where there is no model. Requests hear what is missing, the log hears it once with its place.
    private func engineIfThere(_ service: Service, _ logger: Logger) throws -> ModelEngine? {
      do {
        return try engine()
      } catch {
        let failure = Failure(error)
        let isMissing = failure.code == .missingFile || !DefaultModel.isThere && model.isDefault
        // Who waited for it may see it while it is being copied.
        let isUnfinished = service.isWaiting && [.data, .inputOutput].contains(failure.code)
        guard isMissing || isUnfinished else { throw failure }
        let wanted = model.model ?? ModelOptions.environment("JANUS_LITE_MODEL") ?? "janus-nano"
        let name = DisplayText.line(URL(filePath: wanted).lastPathComponent, limit: 200)
        let problem =
          isMissing
          ? "no file or model named '\(name)'"
          : "'\(name)' is there, but it is no whole model: perhaps it is being copied"
        if !service.lacks(problem) { logger.error("\(failure.message); waiting for it") }
        return nil
      }
    }

    private func options() throws -> ServerOptions {
      var options = ServerOptions()
      options.host = host
      options.port = port
      options.socket = socket
      options.corsOrigins = corsOrigin
      options.allowsPublic = allowPublic
      options.parallel = parallel
      options.queue = queue
      options.limits.body = maxBody << 20
      options.limits.tokens = maxTokens
      options.showsMetrics = metrics
      options.showsPage = !noPage
      if let apiKeyFile {
        let bytes = try InputFile.withBytes(of: apiKeyFile, limit: 1 << 20) { Array($0) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw Failure(.data, "'\(apiKeyFile)': expected keys in UTF-8, found other bytes")
        }
        options.keys = ServerOptions.keys(in: text)
        guard !options.keys.isEmpty else {
          throw Failure(.data, "'\(apiKeyFile)': expected a key on a line, found none")
        }
      }
      return options
    }

    private func engine() throws -> ModelEngine {
      let model = try model.open(cacheFormat: cache.kv)
      let file = URL(filePath: model.container.file.path)
      return try ModelEngine(
        model, id: file.deletingPathExtension().lastPathComponent,
        software: "janus-lite \(Root.version)", context: cache.context,
        summary: (try? model.container.metadata.string(.modelDescription)) ?? "")
    }

    /// The server runs on where nobody can read its address.
    private func print(_ address: String) {
      do throws(Failure) {
        try StandardOutput.line(address)
      } catch {
        StandardError.note("listening at \(address) (\(error.message))")
      }
    }

    /// Says where the server is, once it takes connections.
    private func announce(_ port: Int?) {
      if let socket { return print(socket) }
      let name = host.contains(":") ? "[\(host)]" : host
      let address = "http://\(name):\(port ?? self.port)/"
      print(address)
      if opensPage {
        let opener = Process()
        #if os(macOS)
          opener.executableURL = URL(filePath: "/usr/bin/open")
        #else
          opener.executableURL = URL(filePath: "/usr/bin/xdg-open")
        #endif
        opener.arguments = [address]
        // What it has to say is about browsers that it did not find.
        opener.standardError = FileHandle.nullDevice
        do {
          try opener.run()
        } catch {
          StandardError.note("cannot open a browser: \(error.localizedDescription)")
        }
      }
    }

    /// Runs asynchronous work to its end, from a command that is none.
    private static func wait(_ body: @escaping @Sendable () async throws -> Void) throws {
      let result = Outcome()
      let done = DispatchSemaphore(value: 0)
      Task {
        do {
          try await body()
        } catch {
          result.error = error
        }
        done.signal()
      }
      done.wait()
      if let error = result.error {
        throw error is ServerOptions.Problem ? Failure(.inputOutput, "\(error)") : error
      }
    }

    /// Written before the semaphore is signalled, read after.
    private final class Outcome: @unchecked Sendable {
      var error: (any Error)?
    }
  }
#endif
