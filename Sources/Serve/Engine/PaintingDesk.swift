import JanusEngine
import JanusImages
import JanusLite
import JanusSystem
import JanusWords

/// Paints what is asked for in waves of some pictures, and shows them as they come.
///
/// The painter, which decodes codes to pixels, is used on the scheduler's queue for pictures alone.
final class PaintingDesk: Sendable {
  /// More pictures at once are no faster: reading the weights is then the smaller part of a step.
  private static let mostTogether = 8
  /// Of the time of a painting, for unfinished pictures.
  private static let shareOfPartials = 0.2

  private let painter: Unshared
  private let scheduler: Scheduler
  let imageSize: Int
  let lines: Int
  private let codes: Int

  init(_ painter: Painter, _ scheduler: Scheduler) {
    self.scheduler = scheduler
    imageSize = painter.imageSize
    lines = painter.codesPerPicture / painter.codesPerLine
    codes = painter.codesPerPicture
    self.painter = Unshared(painter)
  }

  func prepare(
    _ request: PaintRequest, _ model: Janus,
    reserving: (Int) throws -> @Sendable () -> (any Sendable)?,
    text: @escaping @Sendable (UInt64) -> [(key: String, value: String)]
  ) throws -> PreparedRequest<PaintEvent> {
    let prompt = try model.paintingPrompt(request.prompt)
    let count = prompt.conditional.count
    let context = painter.context
    guard count + codes <= context else {
      throw JanusError.paintingContext(prompt: count, picture: codes, available: context)
    }
    let together = min(request.seeds.count, Self.mostTogether)
    let need = model.memoryNeed(painting: together, prompt: count)?.allocations ?? 0
    let reserve = try reserving(need)
    let samplers = try request.seeds.map { seed -> Sampler in
      do throws(SamplerError) {
        return try Sampler(
          temperature: request.temperature, topK: request.topK, topP: request.topP, seed: seed)
      } catch {
        throw EngineError(.request, "\(error)", param: error.parameter)
      }
    }
    return PreparedRequest(reserve: reserve, promptTokens: count) { [self] in
      .telling { [self] tell in
        for first in stride(from: 0, to: samplers.count, by: together) {
          let wave = Wave(
            request: request, first: first,
            samplers: Array(samplers[first..<min(samplers.count, first + together)]))
          let codes = try await paint(wave, prompt, tell)
          for (index, codes) in codes.enumerated() {
            try Task.checkCancellation()
            let painter = painter
            let picture = try await scheduler.withPictures { _ in try painter.picture(codes) }
            tell(
              .picture(
                index: first + index,
                Painted(picture: picture, text: text(request.seeds[first + index]))))
          }
        }
      }
    }
  }

  private struct Wave {
    let request: PaintRequest
    /// The first of its pictures, of all that were asked for.
    let first: Int
    let samplers: [Sampler]
  }

  /// The codes of a wave's pictures.
  private func paint(
    _ wave: Wave, _ prompt: (conditional: [Int], unconditional: [Int]),
    _ tell: @escaping @Sendable (PaintEvent) -> Void
  ) async throws -> [[Int]] {
    let progress = Progress(wave.samplers, codes: codes)
    let all = codes * wave.request.seeds.count
    let before = wave.first * codes
    let total = codes
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { finished in
        let work = PaintingRequest(
          prompt: prompt.conditional, emptyPrompt: prompt.unconditional,
          pictures: wave.samplers.count, codesPerPicture: total, guidance: wave.request.guidance,
          choose: { picture, logits in progress.choose(picture, logits) },
          onStep: { [self] done in
            // Of all pictures together, as if they were painted one beside the other.
            let share = (before + done * wave.samplers.count) * total / max(1, all)
            tell(.progress(codes: min(total, share), of: total))
            show(progress, wave, done: done, tell)
          },
          onEnd: { isWhole in finished.resume(with: progress.end(isWhole)) })
        progress.begin(work)
        scheduler.submit(work)
      }
    } onCancel: {
      progress.cancel()
    }
  }

  /// Decodes what is there of a wave's pictures, if it is time to and the last time is over.
  private func show(
    _ progress: Progress, _ wave: Wave, done: Int,
    _ tell: @escaping @Sendable (PaintEvent) -> Void
  ) {
    let perLine = codes / lines
    guard wave.request.partials > 0, done % perLine == 0, done < codes else { return }
    let line = done / perLine
    let partials = min(wave.request.partials, lines - 1)
    let isDue = line * (partials + 1) / lines > (line - 1) * (partials + 1) / lines
    guard isDue, progress.begin(share: Self.shareOfPartials) else { return }
    let known = progress.codes.map { Array($0.prefix(done)) }
    let painter = painter
    Task {
      let watch = ContinuousClock.now
      let pictures = try? await scheduler.withPictures { _ in
        try known.map { try painter.preview($0) }
      }
      let number = progress.finish(seconds: (ContinuousClock.now - watch) / .seconds(1))
      guard let number, let pictures else { return }
      for (index, picture) in pictures.enumerated() {
        tell(.partial(index: wave.first + index, number: number, picture))
      }
    }
  }

  /// The painter as the pictures' queue uses it.
  private struct Unshared: @unchecked Sendable {
    private let painter: Painter
    let context: Int

    init(_ painter: Painter) {
      self.painter = painter
      context = painter.context
    }

    func picture(_ codes: [Int]) throws -> Picture { try painter.picture(codes) }
    func preview(_ codes: [Int]) throws -> Picture { try painter.preview(codes) }
  }

  /// A wave under way. Each picture's sampler and codes are its own; the rest is locked.
  private final class Progress: @unchecked Sendable {
    private struct State {
      var work: PaintingRequest?
      var isCancelled = false
      var isBusy = false
      var isOver = false
      var count = 0
      var seconds = 0.0
      let begin = ContinuousClock.now
    }

    private final class Canvas {
      let sampler: Sampler
      var codes: [Int] = []
      var hasFailed = false
      init(_ sampler: Sampler) { self.sampler = sampler }
    }

    private let canvases: [Canvas]
    private let state = Locked(State())

    init(_ samplers: [Sampler], codes: Int) {
      canvases = samplers.map(Canvas.init)
      for canvas in canvases { canvas.codes.reserveCapacity(codes) }
    }

    var codes: [[Int]] { canvases.map(\.codes) }

    func begin(_ work: PaintingRequest) {
      let isCancelled = state.withLock { state in
        state.work = work
        return state.isCancelled
      }
      if isCancelled { work.cancel() }
    }

    func cancel() {
      let work = state.withLock { state in
        state.isCancelled = true
        return state.work
      }
      work?.cancel()
    }

    func choose(_ picture: Int, _ logits: UnsafeBufferPointer<Float>) -> Int? {
      let canvas = canvases[picture]
      guard let code = canvas.sampler.choose(from: logits, at: canvas.codes.count) else {
        canvas.hasFailed = true
        return nil
      }
      canvas.codes.append(code)
      return code
    }

    /// Whether previews may take time now.
    func begin(share: Double) -> Bool {
      state.withLock { state in
        let elapsed = (ContinuousClock.now - state.begin) / .seconds(1)
        let next = state.count > 0 ? state.seconds / Double(state.count) : 0
        guard !state.isBusy, !state.isOver,
          state.seconds + next <= share * elapsed || state.count == 0
        else { return false }
        state.isBusy = true
        return true
      }
    }

    /// The number of the previews that were made; nil where the pictures themselves came first.
    func finish(seconds: Double) -> Int? {
      state.withLock { state in
        state.isBusy = false
        state.seconds += seconds
        state.count += 1
        return state.isOver ? nil : state.count - 1
      }
    }

    /// What came of it: the codes, if they are whole.
    func end(_ isWhole: Bool) -> Result<[[Int]], any Error> {
      let work = state.withLock { state in
        defer { state.work = nil }
        state.isOver = true
        return state.work
      }
      if isWhole { return .success(codes) }
      if let error = work?.memoryError { return .failure(error) }
      if canvases.contains(where: \.hasFailed) {
        return .failure(EngineError(.failure, "the model computed NaN; its file may be damaged"))
      }
      return .failure(CancellationError())
    }
  }
}
