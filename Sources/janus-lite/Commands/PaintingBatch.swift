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
  /// Pattern of the files' names, where the prompt has its own.
  let names: String?
  /// The first seed, where it was drawn for this run.
  let drawnSeed: UInt64?
}

/// Paints the pictures of some prompts, in waves, and writes them.
struct PaintingBatch {
  private let jobs: [PaintingJob]
  private let command: GenerateCommand
  private let painter: Painter
  private let total: Int
  /// The place of each job's first picture among all, from 1 on.
  private let starts: [Int]

  init(_ jobs: [PaintingJob], command: GenerateCommand, painter: Painter) {
    self.jobs = jobs
    self.command = command
    self.painter = painter
    var starts: [Int] = []
    var next = 1
    for job in jobs {
      starts.append(next)
      next += job.seeds.count
    }
    (self.starts, total) = (starts, next - 1)
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
    if jobs.contains(where: { $0.beginning?.lines == painter.codesPerLine }) {
      StandardError.note(
        "--keep-rows \(painter.codesPerLine) keeps the whole picture: it is written again as it is")
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

    var run = Run()
    let there = command.resume ? gallery.paintings() : nil
    let left = try zip(jobs, starts).map { job, start in
      try remaining(of: job, from: start, gallery, there, &run)
    }
    if command.resume { tellPainted(run.painted) }
    Interrupt.counts(run.painted, of: total > 1 ? total : 0)
    if case .folder = gallery.place, total > 1, !command.json {
      Interrupt.goesOn(withSeed: jobs.lazy.compactMap(\.drawnSeed).first)
    }
    let progress = PaintingProgress(pictures: total, codesPerPicture: painter.codesPerPicture)
    for ((job, (request, waves)), left) in zip(zip(jobs, requests), left) {
      if left.count > 1 {
        let waves = left.count == job.seeds.count ? waves : waves.cut(to: left.count)
        StandardError.note(waves.statement)
      }
      try paint(job, left, request, waves, into: gallery, progress, &run)
    }
    if let grid = command.grid { try write(run, asSheet: grid) }
  }

  /// What was painted, in this run and before it.
  private struct Run {
    var painted = 0
    /// In this run alone.
    var new = 0
    /// When its first row of codes was there.
    var firstRow: ContinuousClock.Instant?
    /// Pictures of the contact sheet, by their place among all.
    var sheet: [Int: (picture: Picture, seed: UInt64)] = [:]
  }

  /// The pictures of a job that are to be painted: all but those that are there.
  private func remaining(
    of job: PaintingJob, from start: Int, _ gallery: Gallery, _ there: Paintings?, _ run: inout Run
  ) throws -> [Gallery.Title] {
    let titles = job.seeds.enumerated().map { offset, seed in
      title(job, seed: seed, index: start + offset)
    }
    guard let there else { return titles }
    var left: [Gallery.Title] = []
    for title in titles {
      guard let path = gallery.path(title),
        let found = there.find(path, text: text(job, seed: title.seed))
      else {
        left.append(title)
        continue
      }
      run.painted += 1
      if command.grid != nil { run.sheet[title.index] = (found.picture, title.seed) }
      try StandardOutput.name(found.path)
    }
    return left
  }

  private func tellPainted(_ count: Int) {
    StandardError.note("\(count) of \(total) picture\(total == 1 ? "" : "s") painted before")
  }

  private func title(_ job: PaintingJob, seed: UInt64, index: Int) -> Gallery.Title {
    Gallery.Title(prompt: job.prompt, seed: seed, index: index, count: total, names: job.names)
  }

  private func write(_ run: Run, asSheet path: String) throws {
    guard let first = jobs.first else { return }
    let sheet = run.sheet.sorted { $0.key < $1.key }.map(\.value)
    let count = "\(sheet.count)" + (jobs.count == 1 ? "" : ", of \(jobs.count) prompts")
    try PictureFile(path: path, quality: command.qualityOrUsual).write(
      .contactSheet(sheet.map(\.picture), captions: sheet.map { "\($0.seed)" }),
      text: text(first, seed: first.seeds[0]) + [(key: "Pictures", value: count)])
  }

  /// - Parameter left: the pictures to paint.
  private func paint(
    _ job: PaintingJob, _ left: [Gallery.Title], _ request: Painter.Request, _ waves: Waves,
    into gallery: Gallery, _ progress: PaintingProgress, _ run: inout Run
  ) throws {
    let clock = ContinuousClock.now
    var finished: [GenerateReport.Picture] = []
    var status = StatusLine(command.progress.progress)
    for wave in stride(from: 0, to: left.count, by: waves.size) {
      let titles = Array(left[wave..<min(left.count, wave + waves.size)])
      let seeds = titles.map(\.seed)
      var likely = [[[LogprobPair]]](repeating: [], count: seeds.count)
      let codes = try self.codes(job, request, seeds, &run, progress, &likely, &status)
      for (index, (title, codes)) in zip(titles, codes).enumerated() {
        status.show("decoding picture \(run.painted + 1) of \(total)")
        let picture = try painter.picture(codes)
        let text = text(job, seed: title.seed)
        let path = try gallery.write(picture, title, text: text) {
          run.painted += 1
          run.new += 1
          Interrupt.counts(run.painted, of: total > 1 ? total : 0)
        }
        status.clear()
        finished.append(
          .init(
            path: path, seed: title.seed, tokenIDs: codes,
            logprobs: command.logprobs > 0 ? likely[index] : nil, text: text))
        if command.grid != nil { run.sheet[title.index] = (picture, title.seed) }
        if !command.json, gallery.place != .standardOutput { try StandardOutput.name(path) }
        if run.new == 1, let preview = command.preview {
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
    let pictures = zip(jobs, starts).flatMap { job, start in
      job.seeds.enumerated().compactMap { offset, seed in
        gallery.path(title(job, seed: seed, index: start + offset))
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

  /// Long work is announced when its rate is known: the second row of codes takes as long as all behind it; the
  /// first one reads the model from the disk, too.
  private func forecast(
    _ rows: Int, _ run: inout Run, atOnce count: Int, _ status: inout StatusLine
  ) {
    let now = ContinuousClock.now
    guard rows == 2, let first = run.firstRow else {
      run.firstRow = now
      return
    }
    let left = total - run.painted
    let steps = Double(left) / Double(count) * Double(painter.codesPerLine - 1)
    let all = (now - first) / .seconds(1) * steps
    guard all > 120 else { return }
    status.clear()
    StandardError.note(
      "about \(Format.duration(all)) for \(left == 1 ? "the picture" : "\(left) pictures"); Ctrl-C "
        + "keeps what is finished")
  }

  private func codes(
    _ job: PaintingJob, _ request: Painter.Request, _ seeds: [UInt64], _ run: inout Run,
    _ progress: PaintingProgress, _ likely: inout [[[LogprobPair]]], _ status: inout StatusLine
  ) throws -> [[Int]] {
    var shown: PreviewFile?
    if run.new == 0, let preview = command.preview {
      shown = PreviewFile(
        try PictureFile(path: preview, quality: command.qualityOrUsual), of: painter,
        text: text(job, seed: seeds[0]))
    }
    let codes = try painter.codes(
      for: request, seeds: seeds, settings: job.settings, beginning: job.beginning,
      stop: Interrupt.stop,
      onStep: { step, codes in
        let (row, place) = step.quotientAndRemainder(dividingBy: painter.codesPerLine)
        if run.new == 0, place == 0, row == 1 || row == 2 {
          forecast(row, &run, atOnce: seeds.count, &status)
        }
        status.show(progress.text(before: run.painted, atOnce: seeds.count, steps: step))
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
