import Foundation
import JanusEngine
import JanusImages
import JanusLite
import JanusRequests
import JanusSystem
import JanusWords

/// The pictures of one prompt.
struct PaintingJob {
  let prompt: String
  let negative: String
  let seeds: [UInt64]
  let settings: Painter.Settings
  let beginning: Painter.Beginning?
}

/// Paints the pictures of some prompts, in waves, and writes them.
struct PaintingBatch {
  private let jobs: [PaintingJob]
  private let command: GenerateCommand
  private let painter: Painter
  private let total: Int
  private let begin = ContinuousClock.now

  init(_ jobs: [PaintingJob], command: GenerateCommand, painter: Painter) {
    self.jobs = jobs
    self.command = command
    self.painter = painter
    total = jobs.reduce(0) { $0 + $1.seeds.count }
  }

  func run() throws {
    var requests: [(request: Painter.Request, waves: Waves)] = []
    var needs: [MemoryNeed] = []
    for job in jobs {
      let request = try painter.request(job.prompt, negative: job.negative)
      let waves = command.batch.waves(
        for: job.seeds.count, bytesPerPicture: painter.cacheBytesPerPicture(request))
      needs.append(
        try painter.memoryNeed(
          request, together: waves.size, waves: waves.count, previewing: command.preview != nil,
          beside: bytesKept))
      requests.append((request, waves))
    }
    guard let need = needs.max(by: { $0.peak < $1.peak }) else { return }
    if command.dryRun {
      return try MemoryStatement(need, request: "generate").print(json: command.json)
    }
    try need.checkFits()
    if let lines = jobs.compactMap(\.beginning).map(\.lines).max(), lines > painter.codesPerLine {
      throw Failure(
        .usage, "--keep-rows: expected at most \(painter.codesPerLine), found \(lines)")
    }
    if let job = jobs.first(where: {
      $0.seeds.count > 1 && $0.beginning?.lines == painter.codesPerLine
    }) {
      throw Failure(
        .usage,
        "--keep-rows \(painter.codesPerLine) keeps the whole picture: expected -n 1, found "
          + "\(job.seeds.count)")
    }
    if command.grid != nil, total > Picture.mostOnSheet {
      throw Failure(
        .usage, "--grid: expected at most \(Picture.mostOnSheet) pictures, found \(total)")
    }

    let gallery = try Gallery(
      folder: command.output, names: command.name, format: command.format,
      quality: command.qualityOrUsual,
      replaces: command.force, reserved: [command.grid, command.preview].compactMap(\.self))
    try checkPlaces(gallery)

    var sheet: [(picture: Picture, seed: UInt64)] = []
    var painted = 0
    Interrupt.counts(0, of: total > 1 ? total : 0)
    let progress = PaintingProgress(pictures: total, codesPerPicture: painter.codesPerPicture)
    for (job, (request, waves)) in zip(jobs, requests) {
      if job.seeds.count > 1 { StandardError.note(waves.statement) }
      try paint(job, request, waves, into: gallery, before: &painted, progress, &sheet)
    }
    if let grid = command.grid, let first = jobs.first {
      try PictureFile(path: grid, quality: command.qualityOrUsual).write(
        .contactSheet(sheet.map(\.picture), captions: sheet.map { "\($0.seed)" }),
        text: text(first, seed: first.seeds[0]) + [
          (
            key: "Pictures",
            value: jobs.count == 1
              ? "\(sheet.count)" : "\(sheet.count), of \(jobs.count) prompts"
          )
        ])
    }
  }

  private func paint(
    _ job: PaintingJob, _ request: Painter.Request, _ waves: Waves, into gallery: Gallery,
    before painted: inout Int, _ progress: PaintingProgress,
    _ sheet: inout [(picture: Picture, seed: UInt64)]
  ) throws {
    let clock = ContinuousClock.now
    var finished: [GenerateReport.Picture] = []
    var status = StatusLine(command.progress.progress)
    for wave in stride(from: 0, to: job.seeds.count, by: waves.size) {
      let seeds = Array(job.seeds[wave..<min(job.seeds.count, wave + waves.size)])
      var likely = [[[LogprobPair]]](repeating: [], count: seeds.count)
      let codes = try self.codes(job, request, seeds, before: painted, progress, &likely, &status)
      for (index, (seed, codes)) in zip(seeds, codes).enumerated() {
        status.show("decoding picture \(painted + 1) of \(total)")
        let picture = try painter.picture(codes)
        let text = text(job, seed: seed)
        let path = try gallery.write(
          picture, prompt: job.prompt, seed: seed, index: painted + 1, of: total, text: text
        ) {
          painted += 1
          Interrupt.counts(painted, of: total > 1 ? total : 0)
        }
        status.clear()
        finished.append(
          .init(
            path: path, seed: seed, tokenIDs: codes,
            logprobs: command.logprobs > 0 ? likely[index] : nil, text: text))
        if command.grid != nil { sheet.append((picture, seed)) }
        if !command.json, gallery.place != .standardOutput { try StandardOutput.name(path) }
        if painted == 1, let preview = command.preview {
          do {
            try PictureFile(path: preview, quality: command.qualityOrUsual).write(
              picture, text: text)
          } catch {
            if Interrupt.isRaised { throw error }
            tell(error, of: "the preview is not finished")
          }
        }
      }
    }
    let seconds = (ContinuousClock.now - clock) / .seconds(1)
    let report = GenerateReport(
      prompt: command.prompts == nil ? nil : job.prompt, images: finished,
      promptTokenCount: request.promptTokenCount,
      timings: .init(painter.timings, total: seconds))
    if command.json { try JSONLine.print(report) }
    if command.verbose { StandardError.note(report.timings.summary) }
  }

  /// Bytes that the command itself keeps until the end.
  private var bytesKept: Int {
    let picture = painter.imageSize * painter.imageSize * 3
    // The pictures of a sheet, the sheet and its file; what a pair takes as JSON is made.
    return (command.grid == nil ? 0 : 3 * total * picture)
      + total * painter.codesPerPicture * command.logprobs * 160
  }

  /// Throws before any work if files could not be made, would overwrite each other, or would replace
  /// what is no painting.
  private func checkPlaces(_ gallery: Gallery) throws(Failure) {
    var index = 0
    var pictures: [String] = []
    for job in jobs {
      for seed in job.seeds {
        index += 1
        if let path = gallery.path(prompt: job.prompt, seed: seed, index: index, of: total) {
          pictures.append(path)
        }
      }
    }
    var taken = Set(pictures.map(Gallery.standardized))
    for (option, path) in [("--grid", command.grid), ("--preview", command.preview)] {
      guard let path else { continue }
      guard taken.insert(Gallery.standardized(path)).inserted else {
        throw Failure(.usage, "\(option) '\(path)': another picture is to be written there")
      }
      try gallery.check(path, option: option)
      if Gallery.found(at: path) != nil { StandardError.note("replaces '\(path)'") }
      try PictureFile(path: path, quality: command.qualityOrUsual).checkPlace()
    }
    if case .file = gallery.place {
      for path in pictures { try gallery.check(path) }
    }
    if let picture = pictures.first {
      try PictureFile(path: picture, format: command.format, quality: command.qualityOrUsual)
        .checkPlace()
    }
  }

  private func text(_ job: PaintingJob, seed: UInt64) -> [(key: String, value: String)] {
    Provenance(
      prompt: job.prompt, negative: job.negative, seed: seed, settings: job.settings,
      beginning: job.beginning, software: "janus-lite \(Root.version)"
    ).text(painter.model)
  }

  /// A preview that fails is reported; painting goes on.
  private func tell(_ error: any Error, of what: String) {
    StandardError.note("\(what): \(Failure(error).message)")
  }

  /// Long work is announced when its rate is known.
  private func forecast(_ done: Int, _ status: inout StatusLine) {
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    let all = seconds / Double(max(1, done)) * Double(total * painter.codesPerPicture)
    guard all > 120 else { return }
    status.clear()
    StandardError.note(
      "about \(Format.duration(all)) for \(total == 1 ? "the picture" : "\(total) pictures"); Ctrl-C "
        + "keeps what is finished")
  }

  private func codes(
    _ job: PaintingJob, _ request: Painter.Request, _ seeds: [UInt64], before: Int,
    _ progress: PaintingProgress, _ likely: inout [[[LogprobPair]]], _ status: inout StatusLine
  ) throws -> [[Int]] {
    var shown: PreviewFile?
    if before == 0, let preview = command.preview {
      shown = PreviewFile(
        try PictureFile(path: preview, quality: command.qualityOrUsual), of: painter,
        text: text(job, seed: seeds[0]))
    }
    let codes = try painter.codes(
      for: request, seeds: seeds, settings: job.settings, beginning: job.beginning,
      stop: Interrupt.stop,
      onStep: { step, codes in
        if before == 0, step == painter.codesPerLine { forecast(step * seeds.count, &status) }
        status.show(progress.text(before: before, atOnce: seeds.count, steps: step))
        do {
          try shown?.update(codes[0], of: painter)
        } catch {
          if Interrupt.isRaised { return }
          status.clear()
          tell(error, of: "no more previews")
          shown = nil
        }
      },
      onLogits: { picture, logits in
        guard command.logprobs > 0 else { return }
        likely[picture].append(Logprobs(logits).top(command.logprobs).map(LogprobPair.init))
      })
    status.clear()
    guard let codes else { throw Failure.interrupted }
    return codes
  }
}
