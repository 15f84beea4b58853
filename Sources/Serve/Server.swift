import Hummingbird
import HummingbirdCore
import JanusSystem
import Logging
import NIOCore
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The server as a process runs it: from the first connection to the last answer.
package struct Server: Sendable {
  package let service: Service
  private let options: ServerOptions
  private let logger: Logger

  package init(_ options: ServerOptions, logger: Logger) throws(ServerOptions.Problem) {
    try options.check()
    self.options = options
    self.logger = logger
    service = Service(
      limits: options.limits, access: options.access,
      admission: Admission(parallel: options.parallel, queue: options.queue),
      logger: logger, showsPage: options.showsPage, showsMetrics: options.showsMetrics)
  }

  /// Serves until SIGTERM or SIGINT, then lets requests end within the time of grace.
  ///
  /// - Parameters:
  ///   - load: opens the engine; the server answers 503 meanwhile. What it throws ends the server.
  ///   - onRunning: called once with the port, or nil for a socket, when connections are taken.
  package func run(
    load: @escaping @Sendable () async throws -> any InferenceEngine,
    onRunning: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
  ) async throws {
    if let socket = options.socket { try SocketFile.check(socket) }
    let running = AsyncStream.makeStream(of: Int?.self)
    // The socket's file, once it is this server's.
    let own = Locked<SocketFile.Identity?>(nil)
    let application = Application(
      responder: Responder(service: service),
      server: HTTPServerBuilder { [limits = options.limits] responder in
        HTTP1Connections(
          HTTP1Channel(
            responder: responder,
            configuration: .init(
              additionalChannelHandlers: [ConnectionWatch(mostBytes: limits.body)],
              idleTimeout: .seconds(75),
              httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 32 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 128)
            )))
      },
      configuration: .init(
        address: options.socket.map { .unixDomainSocket(path: $0) }
          ?? .hostname(options.host, port: options.port),
        serverName: "janus-lite", backlog: 512,
        availableConnectionsDelegate: .maximum(1_024, logger: quiet)),
      onServerRunning: { [socket = options.socket] channel in
        // For the owner alone, as other processes of the same user are trusted and others not.
        if let socket {
          chmod(socket, 0o600)
          own.withLock { $0 = SocketFile.identity(socket) }
        }
        running.continuation.yield(channel.localAddress?.port)
        running.continuation.finish()
      },
      logger: quiet)
    var configuration = ServiceGroupConfiguration(
      services: [
        application, Loader(service: service, load: load),
        Drainer(service: service, grace: options.grace),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    configuration.maximumGracefulShutdownDuration = options.grace
    let group = ServiceGroup(configuration: configuration)
    let announcement = Task {
      for await port in running.stream { await onRunning(port) }
    }
    defer { announcement.cancel() }
    defer {
      if let socket = options.socket, let identity = own.withLock(\.self) {
        SocketFile.remove(socket, ifStill: identity)
      }
    }
    do {
      try await group.run()
    } catch is CancellationError where service.isDraining {
      // The time of grace was over: what was still running has been cancelled.
    } catch let error as IOError {
      throw cannotListen(String(cString: strerror(error.errnoCode)))
    } catch let error as SocketAddressError {
      throw cannotListen("\(error)")
    }
  }

  private func cannotListen(_ reason: String) -> ServerOptions.Problem {
    let place = options.socket.map(quoted) ?? "\(options.host):\(options.port)"
    return ServerOptions.Problem(description: "cannot listen at \(place): \(reason)")
  }

  /// What the libraries below have to say is of interest when something is wrong.
  private var quiet: Logger {
    var logger = logger
    if logger.logLevel > .debug { logger.logLevel = max(logger.logLevel, .warning) }
    return logger
  }
}

/// Opens the engine beside the server, and stays as long as that: a service that ends ends the others.
private struct Loader: ServiceLifecycle.Service {
  let service: Service
  let load: @Sendable () async throws -> any InferenceEngine

  func run() async throws {
    do {
      service.start(try await load())
    } catch is CancellationError where service.isDraining {
      service.logger.notice("stopped; the model that was waited for did not come")
    }
    try? await gracefulShutdown()
  }
}

/// Tells the queue when the server is to stop.
private struct Drainer: ServiceLifecycle.Service {
  let service: Service
  let grace: Duration

  /// What remains for streams to say that they end.
  private static let farewell = Duration.seconds(1)

  func run() async throws {
    try? await gracefulShutdown()
    service.drain()
    // Nobody waits for it: when all requests have ended the process does.
    Task { [ending = service.ending] in
      try? await Task.sleep(for: max(grace / 2, grace - Self.farewell))
      ending.signal()
    }
  }
}
