import Dispatch
import JanusModelFile
import JanusSystem
import JanusWords
import SIMDKernels

/// Many requests on one model: each step is one pass over the weights for all of them.
///
/// A step takes a token of every answer, a code of every picture that is painted, and a piece of the
/// prompts that wait, in the order in which they came: a short one beside others, so that nobody waits
/// for longer than such a step. Pictures are seen and decoded beside the steps, which share the compute
/// threads product by product. What a request computes depends on nothing but itself.
///
/// The scheduler's state belongs to its queue; all of its closures are called there.
package final class Scheduler: @unchecked Sendable {
  /// Rows of prompts in a step beside answers and paintings, and where there are none.
  package static let piece = 128
  private static let pieceAlone = 320

  private let queue = DispatchQueue(label: "janus-lite.scheduler", qos: .userInitiated)
  private let pictures = DispatchQueue(label: "janus-lite.pictures", qos: .userInitiated)
  private let pass: MixedPass
  private let shape: CacheShape
  private let seeing: Ops
  private var texts: [TextRequest] = []
  private var paintings: [PaintingRequest] = []
  private var prefixes: PrefixCaches
  private var isStepping = false

  /// - Parameter prefixBytes: keys and values to keep of answered requests.
  package init(
    _ language: LanguageModel, codes: CodeModel?, kernels: Kernels, pool: WorkerPool,
    cacheFormat: CacheFormat, prefixBytes: Int
  ) {
    pass = MixedPass(language, codes, Ops(kernels: kernels, pool: pool))
    shape = CacheShape(language.geometry, format: cacheFormat)
    seeing = Ops(kernels: kernels, pool: pool)
    prefixes = PrefixCaches(capacity: prefixBytes)
  }

  package func submit(_ request: TextRequest) {
    queue.async { [self] in
      do throws(MemoryError) {
        try begin(request)
        texts.append(request)
      } catch {
        request.onEnd(error)
        return
      }
      step()
    }
  }

  package func submit(_ request: PaintingRequest) {
    queue.async { [self] in
      request.starts = [KVCache(shape: shape), KVCache(shape: shape)]
      do throws(MemoryError) {
        for start in request.starts { try start.reserve(request.prompt.count) }
      } catch {
        request.end(error)
        return
      }
      paintings.append(request)
      step()
    }
  }

  /// Runs work on pictures beside the steps, one after another, with scratch that it may use.
  package func withPictures<Value: Sendable>(
    _ body: @escaping @Sendable (Ops) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      pictures.async { [self] in
        continuation.resume(with: Result { try body(seeing) })
      }
    }
  }

  // MARK: Prompts

  /// Finds what is known of a request's prompt, and has its pictures seen that are not.
  private func begin(_ request: TextRequest) throws(MemoryError) {
    let running = texts.flatMap { $0.answers.compactMap(\.self) }
    if let known = try prefixes.fork(for: request, among: running) {
      request.cached = known.count
      request.cache = known.cache
    }
    let cache = request.cache ?? KVCache(shape: shape)
    let unseen = request.pictures(from: cache.count)
    request.onPrompt(cache.count, request.cached)
    if unseen.isEmpty {
      try cache.reserve(request.items.count)
      request.cache = cache
      return
    }
    request.cache = nil
    let box = Unchecked(cache)
    pictures.async { [self] in
      var seen: [Int: PictureFeatures] = [:]
      let result = Result<Bool, any Error> {
        for index in unseen {
          guard let features = try request.see(index, seeing, { !request.isCancelled }) else {
            return false
          }
          seen[index] = features
        }
        return true
      }
      let features = Unchecked(seen)
      queue.async { [self] in
        switch result {
        case .success(true):
          for (index, value) in features.value { request.features[index] = value }
          do throws(MemoryError) {
            try box.value.reserve(request.items.count)
            request.cache = box.value
          } catch {
            end(request, error)
          }
        case .success(false): request.cancel()
        case .failure(let error): end(request, error)
        }
        step()
      }
    }
  }

  /// Ends a request with an error, unless it was dropped meanwhile.
  private func end(_ request: TextRequest, _ error: any Error) {
    guard let index = texts.firstIndex(where: { $0 === request }) else { return }
    texts.remove(at: index)
    request.onEnd(error)
  }

  /// Ends the request that came last of those that compute, because there is no memory for all.
  ///
  /// No cache has grown in the step that failed, so that the others go on as if nothing had been.
  private func makeRoom(_ error: MemoryError) {
    pass.release()
    prefixes.removeAll()
    if let request = paintings.last(where: { $0.isPainting }) ?? paintings.last {
      paintings.removeAll { $0 === request }
      request.end(error)
    } else if let request = texts.last(where: { $0.cache != nil }) {
      end(request, error)
    }
  }

  // MARK: Steps

  /// Runs steps as long as anybody waits for one. Between two of them others get their turn.
  private func step() {
    if isStepping { return }
    isStepping = true
    queue.async { [self] in
      isStepping = false
      do throws(MemoryError) {
        if try runStep() { step() }
      } catch {
        makeRoom(error)
        step()
      }
    }
  }

  /// False when there is nothing to do.
  private func runStep() throws(MemoryError) -> Bool {
    dropCancelled()
    var answers: [(request: TextRequest, choice: Int, answer: TextAnswer)] = []
    for request in texts {
      for (choice, answer) in request.answers.enumerated() {
        if let answer { answers.append((request, choice, answer)) }
      }
    }
    let painting = paintings.filter(\.isPainting)
    let pieces = pieces(isAlone: answers.isEmpty && painting.isEmpty)
    guard !answers.isEmpty || !painting.isEmpty || !pieces.isEmpty else {
      if texts.isEmpty && paintings.isEmpty { pass.release() }
      return false
    }

    try pass.run(
      tokens: answers.map { .init(value: $0.answer.token, cache: $0.answer.cache) },
      codes: painting.flatMap { request in
        request.rows.enumerated().map { index, cache in
          .init(value: request.codes[index / 2], cache: cache)
        }
      },
      pieces: pieces.map(\.rows))
    for (_, _, answer) in answers { answer.keys.append(.token(answer.token)) }

    let firstCode = answers.count
    let firstPiece = firstCode + painting.reduce(0) { $0 + $1.rows.count }
    var asked: [Asked] = answers.enumerated().map { index, answer in
      Asked(request: answer.request, choice: answer.choice, state: index)
    }
    for (index, piece) in pieces.enumerated() {
      finish(piece, state: firstPiece + index, &asked)
    }
    try chooseTokens(asked)
    try chooseCodes(painting, first: firstCode)
    endFinished()
    return true
  }

  /// A part of a prompt that is taken in by a step.
  private struct PromptPiece {
    enum Owner {
      case text(TextRequest)
      /// With the prompt (0) or without (1).
      case painting(PaintingRequest, Int)
    }

    let owner: Owner
    let rows: MixedPass.Piece
  }

  private func pieces(isAlone: Bool) -> [PromptPiece] {
    var room = isAlone ? Self.pieceAlone : Self.piece
    var pieces: [PromptPiece] = []
    func add(
      _ owner: PromptPiece.Owner, _ items: [PromptItem], _ features: [PictureFeatures?],
      _ cache: KVCache
    ) {
      guard room > 0, cache.count < items.count else { return }
      let end = min(items.count, cache.count + room)
      room -= end - cache.count
      pieces.append(
        PromptPiece(
          owner: owner,
          rows: .init(items: items[cache.count..<end], features: features, cache: cache)))
    }
    for request in paintings where !request.isPainting {
      for (index, prompt) in [request.prompt, request.emptyPrompt].enumerated() {
        add(
          .painting(request, index), prompt.map { .token($0) }, [], request.starts[index])
      }
    }
    for request in texts where request.answers.isEmpty {
      guard let cache = request.cache else { continue }
      add(.text(request), request.items, request.features, cache)
    }
    return pieces
  }

  /// An answer whose next token is to be chosen, by the place of its hidden state.
  private struct Asked {
    let request: TextRequest
    let choice: Int
    let state: Int
  }

  private func finish(_ piece: PromptPiece, state: Int, _ asked: inout [Asked]) {
    switch piece.owner {
    case .text(let request):
      request.onPrompt(request.cache!.count, request.cached)
      guard request.hasPrompt else { return }
      request.features = []
      asked += (0..<request.choices).map { Asked(request: request, choice: $0, state: state) }
    case .painting(let request, let index):
      if piece.rows.cache.count == request.prompt.count {
        request.states[index] = pass.state(state)
      }
    }
  }

  // MARK: Choices

  private func chooseTokens(_ asked: [Asked]) throws(MemoryError) {
    guard !asked.isEmpty else { return }
    // The choices of a prompt that has just come to its end have one state.
    var rows: [Int] = []
    let rowOf = asked.map { asked -> Int in
      if rows.last != asked.state { rows.append(asked.state) }
      return rows.count - 1
    }
    let needs = asked.map { $0.request.largest }
    let logits = try pass.textLogits(
      of: rows, largest: needs.contains(nil) ? nil : needs.compactMap(\.self).max())
    let tokens = choose(asked.count) { index in
      asked[index].request.choose(
        asked[index].choice,
        UnsafeBufferPointer(start: logits[row: rowOf[index]], count: logits.columns))
    }
    for (asked, token) in zip(asked, tokens) {
      do throws(MemoryError) {
        try take(token, asked)
      } catch {
        end(asked.request, error)
      }
    }
  }

  private func take(_ token: Int?, _ asked: Asked) throws(MemoryError) {
    let request = asked.request
    if request.answers.isEmpty {
      request.answers = Array(repeating: nil, count: request.choices)
    }
    if let answer = request.answers[asked.choice] {
      if let token {
        answer.token = token
      } else {
        prefixes.keep(answer.keys, answer.cache)
        request.answers[asked.choice] = nil
      }
      return
    }
    let cache = request.cache!
    let keys = request.items.indices.map(request.key)
    guard let token else {
      prefixes.keep(keys, cache)
      return
    }
    // The first choice goes on in the prompt's own cache; it has written nothing yet.
    request.answers[asked.choice] = try TextAnswer(
      cache: asked.choice == 0
        ? cache : cache.fork(first: request.items.count, reserving: request.items.count),
      keys: keys, token: token)
  }

  private func chooseCodes(_ painting: [PaintingRequest], first: Int) throws(MemoryError) {
    var states: [(with: UnsafePointer<Float>, without: UnsafePointer<Float>, weight: Float)] = []
    var owners: [(request: PaintingRequest, picture: Int)] = []
    var row = first
    for request in painting {
      for picture in 0..<request.pictures {
        states.append((pass.pointer(row), pass.pointer(row + 1), request.guidance))
        owners.append((request, picture))
        row += 2
      }
    }
    // Pictures of a prompt that has just come to its end have the same two states.
    for request in paintings where !request.isPainting {
      guard let with = request.states[0], let without = request.states[1] else { continue }
      request.states = [nil, nil]
      do throws(MemoryError) {
        try start(request, from: (with, without))
      } catch {
        paintings.removeAll { $0 === request }
        request.end(error)
      }
    }
    guard !states.isEmpty else { return }
    let logits = try pass.codeLogits(of: states)
    let codes = choose(owners.count) { index in
      owners[index].request.choose(
        owners[index].picture,
        UnsafeBufferPointer(start: logits[row: index], count: logits.columns))
    }
    for ((request, picture), code) in zip(owners, codes) {
      if let code { request.codes[picture] = code } else { request.hasFailed = true }
    }
    for request in painting { tell(request) }
  }

  private func start(
    _ request: PaintingRequest, from states: ([Float], [Float])
  ) throws(MemoryError) {
    let total = request.prompt.count + request.codesPerPicture
    request.rows = try (0..<2 * request.pictures).map { row throws(MemoryError) in
      try request.starts[row % 2].fork(first: request.prompt.count, reserving: total)
    }
    request.starts = []
    let logits = try pass.codeLogits(of: states, weight: request.guidance)
    let row = UnsafeBufferPointer(start: logits[row: 0], count: logits.columns)
    let codes = choose(request.pictures) { request.choose($0, row) }
    request.hasFailed = codes.contains(nil)
    request.codes = codes.map { $0 ?? 0 }
    tell(request)
  }

  private func tell(_ request: PaintingRequest) {
    if request.hasFailed { return }
    request.done += 1
    request.onStep(request.done)
  }

  /// Runs choices on all threads: each looks at every logit.
  private func choose(_ count: Int, _ body: (Int) -> Int?) -> [Int?] {
    [Int?](unsafeUninitializedCapacity: count) { chosen, initialized in
      pass.ops.pool.run(count) { index, _ in
        (chosen.baseAddress! + index).initialize(to: body(index))
      }
      initialized = count
    }
  }

  // MARK: Ends

  private func endFinished() {
    texts.removeAll { request in
      let isDone = !request.answers.isEmpty && request.answers.allSatisfy { $0 == nil }
      if isDone { request.onEnd(nil) }
      return isDone
    }
    paintings.removeAll { request in
      if request.isDone { request.onEnd(!request.hasFailed) }
      return request.isDone
    }
  }

  private func dropCancelled() {
    texts.removeAll { request in
      guard request.isCancelled else { return false }
      for answer in request.answers.compactMap(\.self) { prefixes.keep(answer.keys, answer.cache) }
      request.onEnd(nil)
      return true
    }
    paintings.removeAll { request in
      if request.isCancelled { request.onEnd(false) }
      return request.isCancelled
    }
  }
}

/// A value that goes from one queue to another, and is the first's no more.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
