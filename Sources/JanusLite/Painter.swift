import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords

/// Paints pictures from words.
///
/// Takes one call at a time: a second one throws `request` while the first runs. Callbacks of a call may
/// decode what there is, by `picture` and `preview`.
public final class Painter {
  /// How codes are chosen.
  public struct Settings: Sendable {
    /// Guidance weight, 0 to 100: how far to go from what the model paints without the prompt towards what
    /// it paints with it.
    public var guidance: Float
    /// 0 takes the most likely code each time.
    public var temperature: Float
    /// Keeps this many of the most likely codes, 1 or more; nil keeps all.
    public var topK: Int?
    /// Keeps the most likely codes that together reach this probability, above 0 and up to 1; nil keeps all.
    public var topP: Float?

    /// Numbers out of range are reported by the call that is given them.
    public init(
      guidance: Float = 5, temperature: Float = 1, topK: Int? = nil, topP: Float? = nil
    ) {
      self.guidance = guidance
      self.temperature = temperature
      self.topK = topK
      self.topP = topP
    }
  }

  /// Seconds by stage, on a monotonic clock.
  public struct Timings: Sendable {
    /// Taking prompts in.
    public internal(set) var prefill = 0.0
    /// Choosing codes.
    public internal(set) var codes = 0.0
    /// Making pixels of codes.
    public internal(set) var decode = 0.0
  }

  /// The model that paints; kept open as long as the painter lives.
  public let model: Janus
  static let mostTogether = 1_024
  /// Positions that a painting may take.
  public let context: Int
  private let parts: PaintingParts
  private let ops: Ops
  private let buffers = FeatureMapBuffers()
  private let place = Admission.Place()
  private let use = ExclusiveUse("a painter")
  private let measured = Locked(Timings())
  /// Seconds that the calls so far took, by stage.
  public var timings: Timings { measured.withLock { $0 } }

  /// A painter of its own memory.
  ///
  /// - Parameters:
  ///   - model: the model that paints.
  ///   - context: positions to use at most; nil takes what the model was made for.
  /// - Throws: `noPaintingParts` for a model file that was converted without them, `request` for a context
  ///   that the model does not have.
  public init(_ model: Janus, context: Int? = nil) throws(JanusError) {
    guard let parts = model.painting else {
      throw .noPaintingParts(file: model.container.file.path)
    }
    self.model = model
    self.context = try model.contextLength(atMost: context)
    self.parts = parts
    ops = Ops(kernels: model.kernels, pool: model.pool)
  }

  /// Codes of a picture.
  public var codesPerPicture: Int { parts.codes.geometry.codesPerPicture }
  /// Side of a picture in pixels.
  public var imageSize: Int { parts.codes.geometry.imageSize }
  /// Codes of one line of a picture.
  public var codesPerLine: Int { parts.codes.geometry.gridSize }
  /// A prompt that is ready to be painted: its tokens are made once.
  public struct Request: Sendable {
    /// What is to be painted.
    public let prompt: String
    /// What the pictures are to keep away from; empty for nothing.
    public let negative: String
    let tokens: [Int]
    let emptyTokens: [Int]

    /// Positions of the prompt.
    public var promptTokenCount: Int { tokens.count }
    /// Positions of the longer one of prompt and negative prompt.
    var longest: Int { max(tokens.count, emptyTokens.count) }
  }

  /// The first lines of another picture, to begin with.
  public struct Beginning: Sendable {
    /// The other picture's seed; its prompt and settings are those of the call.
    public let seed: UInt64
    /// Lines of codes.
    public let lines: Int

    /// - Parameters:
    ///   - seed: the other picture's.
    ///   - lines: 0 to `codesPerLine`, which `codes` checks.
    public init(seed: UInt64, lines: Int) {
      self.seed = seed
      self.lines = lines
    }
  }

  /// Prepares a prompt.
  ///
  /// - Parameters:
  ///   - prompt: what is to be painted.
  ///   - negative: guidance leads away from what the model would paint for these words, in place of what
  ///     it paints for none.
  /// - Throws: `context` where a text does not fit, `tokenizer` where the model file knows no such prompts.
  public func request(_ prompt: String, negative: String = "") throws(JanusError) -> Request {
    try model.checkLength(prompt, context: context)
    try model.checkLength(negative, context: context)
    do throws(TokenizerError) {
      let (tokens, empty) = try model.promptFormat.painting(prompt, negative: negative)
      return Request(prompt: prompt, negative: negative, tokens: tokens, emptyTokens: empty)
    } catch {
      throw .tokenizer(file: model.container.file.path, problem: "\(error)")
    }
  }

  /// Bytes of keys and values that one picture takes, with and without the prompt.
  public func cacheBytesPerPicture(_ request: Request) -> Int {
    let shape = CacheShape(model.language, format: model.cacheFormat)
    return 2 * (request.longest + codesPerPicture) * shape.bytesPerPosition
  }

  /// Paints one picture for each seed.
  ///
  /// - Parameters:
  ///   - prompt: what is to be painted.
  ///   - seeds: 1 to 1,024 of them.
  ///   - settings: how codes are chosen.
  ///   - stop: ends the work early.
  ///   - onStep: called with the codes chosen so far, of each picture.
  /// - Returns: the pictures in the order of their seeds; nil when stopped.
  /// - Throws: what `request` and `codes` throw.
  public func paint(
    _ prompt: String, seeds: [UInt64], settings: Settings = Settings(), stop: StopToken? = nil,
    onStep: (_ done: Int) -> Void = { _ in }
  ) throws(JanusError) -> [Picture]? {
    let outer = try use.enter()
    defer { use.leave(outer) }
    let codes = try choose(
      try request(prompt), seeds: seeds, settings, beginning: nil, stop,
      onStep: { done, _ in onStep(done) }, onLogits: { _, _ in })
    guard let codes else { return nil }
    var pictures: [Picture] = []
    for codes in codes {
      guard let picture = try decoded(codes, while: { stop?.isStopped != true }) else { return nil }
      pictures.append(picture)
    }
    return pictures
  }

  /// Chooses the codes of one picture for each seed, all of them a step at a time.
  ///
  /// A picture's codes are those of its own seed, whatever is painted beside it.
  /// - Parameters:
  ///   - request: the prompt.
  ///   - seeds: 1 to 1,024 of them.
  ///   - settings: how codes are chosen.
  ///   - beginning: all pictures begin with these lines of another one, and go on by their own seeds.
  ///   - stop: ends the work early.
  ///   - onStep: called after each step with the number of codes chosen so far and the codes of every
  ///     picture.
  ///   - onLogits: called with the guided logits of each choice, valid during the call.
  /// - Returns: the codes, in raster order; nil when stopped.
  /// - Throws: `request` for numbers out of range and while another call runs, `paintingContext`, `memory`,
  ///   `nan`.
  public func codes(
    for request: Request, seeds: [UInt64], settings: Settings = Settings(),
    beginning: Beginning? = nil, stop: StopToken? = nil,
    onStep: (_ done: Int, _ codes: [[Int]]) -> Void = { _, _ in },
    onLogits: (_ picture: Int, _ logits: UnsafeBufferPointer<Float>) -> Void = { _, _ in }
  ) throws(JanusError) -> [[Int]]? {
    let outer = try use.enter()
    defer { use.leave(outer) }
    return try choose(
      request, seeds: seeds, settings, beginning: beginning, stop, onStep: onStep,
      onLogits: onLogits)
  }

  private func choose(
    _ request: Request, seeds: [UInt64], _ settings: Settings, beginning: Beginning?,
    _ stop: StopToken?, onStep: (_ done: Int, _ codes: [[Int]]) -> Void,
    onLogits: (_ picture: Int, _ logits: UnsafeBufferPointer<Float>) -> Void
  ) throws(JanusError) -> [[Int]]? {
    guard settings.guidance.isFinite, (0...100).contains(settings.guidance) else {
      throw .request(what: "guidance", expected: "0 to 100", found: "\(settings.guidance)")
    }
    guard (1...Self.mostTogether).contains(seeds.count) else {
      throw .request(
        what: "pictures at once", expected: "1 to \(Self.mostTogether)", found: "\(seeds.count)")
    }
    if let beginning, !(0...codesPerLine).contains(beginning.lines) {
      throw .request(
        what: "lines to begin with", expected: "0 to \(codesPerLine)", found: "\(beginning.lines)")
    }
    let samplers = try seeds.map { seed throws(JanusError) in try Self.sampler(settings, seed: seed)
    }
    let first = try beginning.map { one throws(JanusError) in
      try Self.sampler(settings, seed: one.seed)
    }
    let borrowed = (beginning?.lines ?? 0) * codesPerLine
    let firstSamplers = first.map { [Sampler](repeating: $0, count: seeds.count) }
    let total = codesPerPicture
    try checkContext(prompt: request.longest)
    // Memory of a decoding makes room for the cache.
    buffers.release()
    let need = MemoryNeed(
      model, painting: parts, prompt: request.longest, together: seeds.count)
    try model.admission.admit(need, for: place)
    defer { model.admission.leave(place) }
    // What would be refused after the painting is refused before it.
    try JanusError.carrying { () throws(MemoryError) in
      try ops.checkBLASRoom(beside: need.allocations)
    }

    let start = Stopwatch()
    let run = try JanusError.carrying { () throws(MemoryError) in
      try ops.runToEnd(while: { stop?.isStopped != true }) { () throws(MemoryError) in
        try PaintingRun(
          model.languageModel, parts.codes, ops, prompt: request.tokens,
          emptyPrompt: request.emptyTokens,
          pictures: seeds.count, guidance: settings.guidance, cacheFormat: model.cacheFormat)
      }
    }
    measured.withLock { $0.prefill += start.seconds }
    guard let run else { return nil }
    let watch = Stopwatch()
    defer { measured.withLock { $0.codes += watch.seconds } }
    var codes = [[Int]](repeating: [], count: seeds.count)
    for step in 0..<total {
      let logits = try JanusError.carrying(run.nextLogits)
      let rows = seeds.indices.map { picture in
        UnsafeBufferPointer(start: logits[row: picture], count: logits.columns)
      }
      let own = step < borrowed ? firstSamplers : nil
      let chosen = choose(from: rows, own ?? samplers, at: step).compactMap(\.self)
      guard chosen.count == rows.count else {
        throw .nan(where: "code logits of step \(step)")
      }
      for (picture, code) in chosen.enumerated() {
        onLogits(picture, rows[picture])
        codes[picture].append(code)
      }
      onStep(step + 1, codes)
      if stop?.isStopped == true { return nil }
      if step + 1 < total {
        try JanusError.carrying { () throws(MemoryError) in try run.take(chosen) }
      }
    }
    return codes
  }

  private static func sampler(_ settings: Settings, seed: UInt64) throws(JanusError) -> Sampler {
    do throws(SamplerError) {
      return try Sampler(
        temperature: settings.temperature, topK: settings.topK, topP: settings.topP, seed: seed)
    } catch {
      throw .request(what: error.parameter, expected: error.expected, found: error.found)
    }
  }

  /// The next code of each picture by its sampler, nil where its logits allow none.
  private func choose(
    from logits: [UnsafeBufferPointer<Float>], _ samplers: [Sampler], at step: Int
  ) -> [Int?] {
    [Int?](unsafeUninitializedCapacity: logits.count) { chosen, count in
      ops.pool.run(logits.count) { picture, _ in
        (chosen.baseAddress! + picture).initialize(
          to: samplers[picture].choose(from: logits[picture], at: step))
      }
      count = logits.count
    }
  }

  /// The picture that `codes` stand for, in raster order.
  ///
  /// - Throws: `request` for another number of codes than `codesPerPicture`, for codes that there are not, and
  ///   while another call runs; `memory`, `nan`.
  public func picture(_ codes: [Int]) throws(JanusError) -> Picture {
    let outer = try use.enter(inside: true)
    defer { use.leave(outer) }
    guard let picture = try decoded(codes, while: { true }) else {
      preconditionFailure("nobody stops this")
    }
    return picture
  }

  /// The picture of `codes`; nil when stopped.
  private func decoded(
    _ codes: [Int], while keepGoing: () -> Bool
  ) throws(JanusError) -> Picture? {
    guard codes.count == codesPerPicture else {
      throw .request(
        what: "codes", expected: "\(codesPerPicture) of them", found: "\(codes.count)")
    }
    let pixels = try ops.runToEnd(while: keepGoing) { () throws(JanusError) in
      try self.pixels(codes)
    }
    return pixels.map { Picture(width: imageSize, height: imageSize, bytes: $0) }
  }

  /// A picture after its first codes; the rest is grey.
  ///
  /// Whole lines of codes are shown. They are decoded as a picture of their own, so that their
  /// colours still change a little as more lines come.
  /// - Throws: what `picture` throws, but for the number of codes.
  public func preview(_ codes: [Int]) throws(JanusError) -> Picture {
    let outer = try use.enter(inside: true)
    defer { use.leave(outer) }
    let lines = min(codes.count / codesPerLine, codesPerLine)
    let known = lines == 0 ? [] : try pixels(Array(codes.prefix(lines * codesPerLine)))
    let grey = [UInt8](repeating: 128, count: imageSize * imageSize * 3 - known.count)
    return Picture(width: imageSize, height: imageSize, bytes: known + grey)
  }

  /// The pixels of some lines of codes, 3 bytes each.
  private func pixels(_ codes: [Int]) throws(JanusError) -> [UInt8] {
    let count = parts.codes.geometry.codeCount
    if let index = codes.firstIndex(where: { !(0..<count).contains($0) }) {
      throw .request(
        what: "code \(index)", expected: "0 to \(count - 1)", found: "\(codes[index])")
    }
    let watch = Stopwatch()
    defer { measured.withLock { $0.decode += watch.seconds } }
    let size = codes.count / codesPerLine * (imageSize / codesPerLine) * imageSize * 3
    // The closure of an array knows no typed errors.
    var result = Result<Bool, MemoryError>.success(false)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { pixels, written in
      // A decoding that stops or fails does not write all of them.
      pixels.initialize(repeating: 0)
      result = Result { () throws(MemoryError) in
        try parts.decoder.decode(codes, into: pixels.baseAddress!, buffers, ops)
      }
      written = size
    }
    let isNaNFree = try JanusError.carrying(result.get)
    guard isNaNFree else { throw .nan(where: "pixels") }
    return bytes
  }

  /// The memory that painting takes, `together` pictures at once, `waves` times.
  ///
  /// - Parameters:
  ///   - request: the prompt.
  ///   - together: pictures at once.
  ///   - waves: how often as many follow.
  ///   - previewing: whether unfinished pictures are to be shown.
  ///   - beside: bytes that the caller keeps meanwhile.
  /// - Throws: `paintingContext` where prompt and picture do not fit, `request` for numbers out of range.
  public func memoryNeed(
    _ request: Request, together: Int, waves: Int = 1, previewing: Bool = false, beside: Int = 0
  ) throws(JanusError) -> MemoryNeed {
    for (what, number, most) in [
      ("pictures at once", together, Self.mostTogether), ("waves", waves, Int.max),
    ] where !(1...most).contains(number) {
      throw .request(
        what: what, expected: most == .max ? "1 or more" : "1 to \(most)", found: "\(number)")
    }
    let count = request.longest
    try checkContext(prompt: count)
    return MemoryNeed(
      model, painting: parts, prompt: count, together: together, waves: waves,
      previewing: previewing, beside: beside)
  }

  /// The memory that `picture` takes.
  public var decodingNeed: MemoryNeed { MemoryNeed(model, decoding: parts) }

  private func checkContext(prompt: Int) throws(JanusError) {
    guard prompt + codesPerPicture <= context else {
      throw .paintingContext(prompt: prompt, picture: codesPerPicture, available: context)
    }
  }
}

/// The parts of a model that only painting needs.
package struct PaintingParts: Sendable {
  package let codes: CodeModel
  package let decoder: VQDecoder
}
