import ArgumentParser
import Foundation
import JanusConvert
import JanusDownload
import JanusSystem

/// `janus-lite pull`: from a name to a model that runs.
struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Download a model and convert it.",
    discussion: """
      Fetches a checkpoint from huggingface.co, or from modelscope.cn with --from, and converts it to \
      a model file in the library of models ('janus-lite models'):
        janus-lite pull 1b
        janus-lite ocr formula.png -m 1b

      A download that was interrupted goes on where it was. Files are compared with the hub's \
      checksums. They lie in the hub's cache, which Python's tools share, until the model is made; \
      --keep-checkpoint leaves them there.

      Environment: HF_ENDPOINT names another hub, HF_TOKEN is a token for it, HF_HOME and \
      HF_HUB_CACHE place the cache, HF_HUB_OFFLINE=1 forbids the network; HTTPS_PROXY, NO_PROXY, \
      SSL_CERT_FILE.
      """)

  @Argument(
    help: ArgumentHelp("1b, 7b, or a repository ORG/NAME.", valueName: "name"),
    completion: .list(["1b", "7b"]))
  var name: String

  @Option(help: "How weights are stored.")
  var quant = Quantization.int4

  @Option(help: "Branch, tag or commit of the repository.")
  var revision: String?

  @Option(help: "Hub to download from: huggingface or modelscope.")
  var from = HubSettings.Kind.huggingface

  @Flag(help: "Leave the checkpoint in the hub's cache.")
  var keepCheckpoint = false

  @Flag(help: "Say what would be fetched, and how large it is.")
  var dryRun = false

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Model file to write (default: in the library).", valueName: "file"),
    completion: .file(extensions: ["gguf"]),
    transform: FileName.path)
  var output: String?

  @OptionGroup var progress: ProgressOptions

  func run() throws {
    guard let address = RepositoryAddress(name) else {
      throw Failure(
        .usage,
        "'\(name.replacing(/\p{C}/, with: "\u{FFFD}"))' is no name of a model: expected 1b, 7b or a repository ORG/NAME"
      )
    }
    Interrupt.listen(writingFiles: true)
    if let output {
      // Hours before it would show.
      guard !output.isEmpty, output != "-", !output.hasSuffix("/") else {
        throw Failure(.usage, "'\(output)': expected the name of a file to make")
      }
      try Self.checkOutput(output)
    }
    let settings = try HubSettings(from)
    let repository = address.repository
    guard address.isAt(settings) else {
      throw Failure(
        .usage,
        "'\(DisplayText.line(name))' is not an address of \(settings.host); --from and HF_ENDPOINT name other hubs"
      )
    }
    guard revision == nil || address.revision == nil || revision == address.revision else {
      throw Failure(
        .usage,
        "--revision: expected '\(address.revision ?? "")' as in the address, found '\(revision ?? "")'"
      )
    }
    let revision = self.revision ?? address.revision
    let downloader = Downloader(settings: settings)
    // From before the plan on: what it finds in the cache must stay.
    let use = dryRun ? nil : CacheUse(downloader.cache, repository)
    let target = output ?? ModelLibrary.path(of: repository, quant)
    if output == nil { try Self.checkOutput(target) }
    let plan: Downloader.Plan
    do {
      plan = try self.plan(repository, revision, downloader)
    } catch let error as DownloadError where error.kind == .unavailable {
      // What was made of it before is there without a network, too.
      if let entry = ModelLibrary.entry(at: target), isMade(entry, of: repository),
        revision == nil || revision == entry.commit
      {
        StandardError.note("\(error); the model is there as it was made before")
        return try finish(target, isNew: false)
      }
      throw Self.explained(error, repository, settings)
    }
    let origin = Conversion.Origin(
      repository: "\(settings.endpoint)/\(repository)", commit: plan.commit)
    func discard() throws {
      guard !keepCheckpoint else {
        let isKept = try downloader.cache.keep(
          repository, commit: plan.commit, revision: plan.revision)
        if !isKept {
          StandardError.note(
            "--keep-checkpoint: the model is there already, so that its checkpoint is not fetched")
        }
        return
      }
      use?.end {
        downloader.cache.discard(repository, commit: plan.commit, revision: plan.revision)
      }
    }
    if isThere(target, repository, plan.commit) {
      // Whoever made it may have been killed before the checkpoint was removed.
      try discard()
      return try finish(target, isNew: false)
    }
    try describe(plan, target, settings)
    guard !dryRun else { return }

    let lock = try Self.lock(target)
    defer {
      unlink(Self.lockPath(target))
      withExtendedLifetime(lock) {}
      // Made for nothing where there is no model in it.
      rmdir(URL(fileURLWithPath: target).deletingLastPathComponent().path)
    }
    // Another process may have made it meanwhile.
    if isThere(target, repository, plan.commit) {
      try discard()
      return try finish(target, isNew: false)
    }
    let folder: String
    var isRefused = false
    do {
      folder = try fetch(plan, downloader, target, &isRefused)
    } catch let error as DownloadError where error == .cancelled && Interrupt.isRaised {
      StandardError.note("\(error)")
      throw error
    } catch  where isRefused {
      // It will not do another time.
      try discard()
      throw error
    }
    do {
      try convert(folder, origin, to: target)
    } catch {
      if use != nil, !plan.files.isEmpty {
        let isItsFault = (error as? ConversionError)?.kind == .data
        let place = URL(fileURLWithPath: folder).deletingLastPathComponent()
          .deletingLastPathComponent().path
        StandardError.note(
          "the checkpoint stays in '\(folder)', \(Format.bytes(plan.bytesTotal)); the next run takes it from there"
            + (isItsFault ? "; to fetch it anew, remove '\(place)'" : ""))
      }
      throw error
    }
    if !keepCheckpoint { try discard() }
    try finish(target, isNew: true)
  }

  // MARK: Before

  /// A model file is made at a place of files: hours before it would show.
  private static func checkOutput(_ output: String) throws(Failure) {
    try ConvertCommand.checkOutput(output)
    if let status = SystemPath.status(of: output), status.st_mode & S_IFMT != S_IFREG {
      throw Failure(FileError(path: output, operation: "put a file in the place of", code: EEXIST))
    }
  }

  private func plan(
    _ repository: RepositoryName, _ revision: String?, _ downloader: Downloader
  ) throws -> Downloader.Plan {
    let begin = ContinuousClock.now
    var hasSaid = false
    /// Called several times a second.
    func isWanted() -> Bool {
      if !hasSaid, ContinuousClock.now - begin > .seconds(5) {
        StandardError.note("waiting for \(downloader.settings.host)")
        hasSaid = true
      }
      return !Interrupt.isRaised
    }
    func wanted(_ paths: [String]) throws(DownloadError) -> [String] {
      do throws(ConversionError) {
        return try CheckpointFiles.wanted(of: paths, in: "\(repository)")
      } catch {
        throw .data(address: "\(downloader.settings.endpoint)/\(repository)", problem: "\(error)")
      }
    }
    return try downloader.plan(
      repository, revision: revision, isWanted: isWanted,
      retrying: { problem, seconds in
        // Less is no wait that one would wonder about.
        if seconds >= 4 { StandardError.note("\(problem); again in \(Format.duration(seconds))") }
      }, choose: wanted)
  }

  /// Adds the way that needs no network here.
  private static func explained(
    _ error: DownloadError, _ repository: RepositoryName, _ settings: HubSettings
  ) -> Failure {
    Failure(
      .unavailable,
      "\(error) (by hand: download the files of \(settings.endpoint)/\(repository) into a folder, "
        + "there or on another machine, and run 'janus-lite convert FOLDER -o FILE')")
  }

  /// Whether the very model is there already. A commit is the same wherever it was downloaded from.
  private func isThere(_ path: String, _ repository: RepositoryName, _ commit: String) -> Bool {
    guard let entry = ModelLibrary.entry(at: path) else { return false }
    return entry.commit == commit && isMade(entry, of: repository)
  }

  private func isMade(_ entry: ModelLibrary.Entry, of repository: RepositoryName) -> Bool {
    entry.recipe == quant.rawValue && entry.repository == repository
  }

  /// Bytes of the model as a share of the checkpoint's, whose weights are bf16.
  private var share: Double {
    switch quant {
    case .f32: 2
    case .bf16: 1
    case .int8: 0.56
    case .int4v1: 0.4
    case .int4: 0.39
    }
  }

  private func describe(
    _ plan: Downloader.Plan, _ target: String, _ settings: HubSettings
  ) throws {
    let model = Int(Double(plan.bytesTotal) * share)
    guard !plan.files.isEmpty else {
      StandardError.note(
        "\(plan.repository) at \(plan.commit.prefix(12)), from the cache: '\(target)'")
      return
    }
    StandardError.note(
      "\(plan.repository) at \(plan.commit.prefix(12)): \(plan.files.count) files, "
        + "\(Format.bytes(plan.bytesTotal)), \(Format.bytes(plan.bytesMissing)) to fetch from "
        + "\(settings.host)")
    StandardError.note(
      "then \(quant.rawValue), about \(Format.bytes(model)): '\(target)'"
        + (keepCheckpoint ? ", and the checkpoint is kept" : ""))
    let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
    if let free = HubCache.freeBytes(at: folder), free < model {
      throw Failure(DownloadError.disk(path: folder, needed: model, free: free))
    }
  }

  /// Only one process makes a model; the second waits.
  private static func lock(_ target: String) throws -> FileLock {
    let url = URL(fileURLWithPath: target)
    let folder = url.deletingLastPathComponent().path
    do throws(FileError) {
      try Folder.make(folder)
    } catch {
      throw Failure(error)
    }
    let path = lockPath(target)
    var hasSaid = false
    while true {
      if let lock = try FileLock(path) { return lock }
      if !hasSaid { StandardError.note("another process makes '\(target)'; waiting for it") }
      hasSaid = true
      guard !Interrupt.isRaised else { throw Failure.interrupted }
      Thread.sleep(forTimeInterval: 0.3)
    }
  }

  private static func lockPath(_ target: String) -> String {
    let url = URL(fileURLWithPath: target)
    return "\(url.deletingLastPathComponent().path)/.\(url.lastPathComponent).lock"
  }

  // MARK: Work

  private func fetch(
    _ plan: Downloader.Plan, _ downloader: Downloader, _ target: String,
    _ isRefused: inout Bool
  ) throws -> String {
    let progress = DownloadProgress(self.progress.progress)
    defer { progress.finish() }
    // Both may lie on one disk.
    let model = Int(Double(plan.bytesTotal) * share)
    let paths = plan.files.map(\.path)
    var (isChecked, refused) = (false, false)
    defer { isRefused = refused }
    func inspect(_ folder: String, _ next: Manifest.File) throws(DownloadError) {
      // Gigabytes before it would show.
      guard !isChecked, CheckpointFiles.isWeights(next.path) else { return }
      isChecked = true
      do throws(ConversionError) {
        try CheckpointFiles.check(folder, paths: paths)
      } catch {
        refused = true
        // What is named is gone in a moment.
        throw .data(
          address: "\(downloader.settings.endpoint)/\(plan.repository)",
          problem: "\(error)".replacing(folder + "/", with: ""))
      }
    }
    return try Interrupt.holdingBack {
      try downloader.fetch(
        plan, keeping: keepCheckpoint, reserve: model,
        progress: { state in
          progress.update(state)
          return !Interrupt.isRaised
        },
        inspect: inspect)
    }
  }

  private func convert(_ folder: String, _ origin: Conversion.Origin, to target: String) throws {
    let conversion = try Conversion(
      source: folder, quantization: quant, threads: ProcessorCount.physicalCores, origin: origin,
      converter: "janus-lite \(Root.version)")
    for note in conversion.notes { StandardError.note(note) }
    for warning in conversion.warnings { StandardError.note("warning: \(warning)") }
    var progress = ProgressBar(
      "converting", total: conversion.byteCount, kind: self.progress.progress)
    defer { progress.finish() }
    _ = try Interrupt.holdingBack {
      try conversion.write(to: target) { state in
        progress.update(state.bytesDone, detail: state.tensor)
        return !Interrupt.isRaised
      }
    }
  }

  private func finish(_ target: String, isNew: Bool) throws {
    let isInLibrary = output == nil
    let size = (try? FileManager.default.attributesOfItem(atPath: target)[.size] as? NSNumber)??
      .intValue
    StandardError.note(
      (isNew ? "ready" : "already there")
        + (size.map { ", \(Format.bytes($0))" } ?? "")
        + (isInLibrary
          ? ": janus-lite ocr formula.png -m \(ModelLibrary.name(for: target, calling: name, quant))"
          : ""))
    try StandardOutput.name(target)
  }
}

extension HubSettings.Kind: ExpressibleByArgument {}
