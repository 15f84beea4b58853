import JanusEngine
import JanusModelFile
import JanusSystem
import JanusWords

/// The memory that a request will take, stated before it runs, in bytes.
///
/// A request goes through stages. What a stage no longer needs is freed, so the need is that of the
/// largest stage. It is what the operating system will count for the process. The pages of a mapped
/// model file are part of it and can be dropped when memory is short; the rest cannot.
public struct MemoryNeed: Sendable, Equatable {
  /// One part of a request.
  public struct Stage: Sendable, Equatable {
    /// "picture", "prompt", "answer", "paint" or "decode".
    public let name: String
    /// Weights that are read, or are still mapped from the stage before.
    public let weights: Int
    /// Keys and values.
    public let cache: Int
    /// What the networks compute in.
    public let scratch: Int

    /// All of them together.
    public var total: Int { weights + cache + scratch }
  }

  /// In the order in which the request goes through them.
  public let stages: [Stage]
  /// Code, libraries, the tokenizer's tables: what an open model takes before it computes.
  public let base: Int
  /// Keys and values that are there before the request.
  let cacheBefore: Int

  /// The most memory that the process will have.
  public var peak: Int { base + (stages.map(\.total).max() ?? 0) }

  /// Memory that the request will allocate and that cannot be evicted.
  public var allocations: Int {
    (stages.map { $0.cache + $0.scratch }.max() ?? 0) - cacheBefore
  }

  /// Throws where the machine, or the limit of the process' cgroup, cannot give what is needed.
  public func checkFits() throws(JanusError) { try checkFits(available: AvailableMemory.bytes) }

  package func checkFits(available: Int?) throws(JanusError) {
    if let available, allocations > available {
      throw .memory(needed: allocations, available: available)
    }
  }
}

extension MemoryNeed {
  /// What a turn takes.
  ///
  /// - Parameters:
  ///   - prompt: positions of the prompt, those of the pictures included.
  ///   - answer: the most tokens that may be answered.
  ///   - before: positions that the conversation has already taken.
  ///   - pictureBytes: bytes of the pictures as they were decoded.
  ///   - lookingBytes: bytes that one of them takes beside it before the tower sees it.
  ///   - keepsTower: whether the vision tower's pages stay for pictures to come.
  ///   - others: sequences of the same prompt and answer that are answered beside this one.
  ///   - holding: bytes of keys and values that those have already.
  init(
    _ model: Janus, prompt: Int, answer: Int, before: Int = 0, pictures: Int, pictureBytes: Int,
    lookingBytes: Int = 0, keepsTower: Bool, others: Int = 0, holding: Int = 0
  ) {
    let shape = CacheShape(model.language, format: model.cacheFormat)
    let beside = others * shape.bytes(positions: prompt + answer)
    let (g, file) = (model.language, model.languageModel.file)
    let threads = model.pool.threadCount
    let columns = g.embeddingLength
    let features = pictures * model.vision.patchCount * columns * 4 + pictureBytes
    let answering = model.mapped(file.byteCount(of: ModelPart.answering))
    let seeing = model.mapped(file.byteCount(of: ModelPart.seeing))
    // Rows of the embeddings are apart from each other, and the system maps some pages around each.
    let tokens = before + prompt + answer - pictures * model.vision.patchCount
    let embeddings = model.mapped(
      min(file.byteCount(of: [.embeddings]), tokens * Self.bytesMappedAround))
    let tower = pictures > 0 && keepsTower ? seeing : 0
    let logits = g.vocabularySize * 4

    var stages: [Stage] = []
    if pictures > 0 {
      stages.append(
        Stage(
          name: "picture",
          weights: seeing + (before > 0 || keepsTower || others > 0 ? answering : 0),
          cache: shape.bytes(positions: before) + beside,
          scratch: features
            + max(lookingBytes, VisionBuffers.byteCount(model.vision, aligned: columns))))
    }
    let together = min(prompt, TextRun.rowsPerPass)
    stages.append(
      Stage(
        name: "prompt", weights: answering + embeddings + tower,
        cache: shape.bytes(positions: before + prompt) + beside,
        scratch: features + logits + LanguageBuffers.byteCount(rows: together, g, threads: threads))
    )
    let positions = before + prompt + answer
    stages.append(
      Stage(
        name: "answer", weights: answering + embeddings + tower,
        cache: shape.bytes(positions: positions) + beside,
        scratch: features + (others + 1) * logits
          + LanguageBuffers.byteCount(rows: others + 1, g, threads: threads)))
    self.init(
      stages: stages, base: model.baseMemory,
      cacheBefore: shape.bytes(positions: before) + holding)
  }

  /// What painting takes.
  ///
  /// - Parameters:
  ///   - prompt: positions of the prompt.
  ///   - together: pictures that are painted at once.
  ///   - waves: how often so many are painted, one after another.
  ///   - previewing: whether unfinished pictures are decoded.
  ///   - beside: bytes that the caller keeps meanwhile.
  init(
    _ model: Janus, painting parts: PaintingParts, prompt: Int, together: Int, waves: Int = 1,
    previewing: Bool = false, beside: Int = 0
  ) {
    let shape = CacheShape(model.language, format: model.cacheFormat)
    let (g, file) = (model.language, model.languageModel.file)
    let threads = model.pool.threadCount
    let rows = 2 * together
    let positions = prompt + parts.codes.geometry.codesPerPicture
    // All pictures share the chunks that their prompt fills.
    let shared = prompt / KVCache.chunkPositions * KVCache.chunkPositions
    let cache =
      2 * shape.bytes(positions: shared)
      + rows * (shape.bytes(positions: positions) - shape.bytes(positions: shared))
    let painting = model.mapped(file.byteCount(of: ModelPart.painting))
    let embeddings = model.mapped(
      min(file.byteCount(of: [.embeddings]), prompt * Self.bytesMappedAround))
    let logits = (rows + together) * parts.codes.geometry.codeCount * 4
    let entries = 2 * rows * g.embeddingLength * 4
    let (scratch, panels) = Self.decodingScratch(parts, threads: threads)
    let decoding = model.mapped(file.byteCount(of: [.decoder]))
    // Pages and panels of the first decoding stay for the next. All of a preview's memory stays.
    let kept =
      if previewing {
        (weights: decoding, scratch: scratch)
      } else {
        waves > 1 ? (weights: decoding, scratch: panels) : (weights: 0, scratch: 0)
      }

    let stages = [
      Stage(
        name: "paint", weights: painting + embeddings + kept.weights, cache: cache,
        scratch: beside + logits + kept.scratch
          + max(
            LanguageBuffers.byteCount(rows: 2 * prompt, g, threads: threads),
            LanguageBuffers.byteCount(rows: rows, g, threads: threads) + entries)),
      Stage(
        name: "decode", weights: painting + embeddings + decoding, cache: 0,
        scratch: beside + scratch),
    ]
    self.init(stages: stages, base: model.baseMemory, cacheBefore: 0)
  }

  /// What decoding a picture takes when its codes exist already.
  init(_ model: Janus, decoding parts: PaintingParts) {
    let weights = model.mapped(model.languageModel.file.byteCount(of: [.decoder]))
    let scratch = Self.decodingScratch(parts, threads: model.pool.threadCount).all
    let stage = Stage(name: "decode", weights: weights, cache: 0, scratch: scratch)
    self.init(stages: [stage], base: model.baseMemory, cacheBefore: 0)
  }

  /// Bytes of a decoding, with its pixels and the file that is made from them, and the part that
  /// stays for the next decoding.
  private static func decodingScratch(
    _ parts: PaintingParts, threads: Int
  ) -> (all: Int, kept: Int) {
    let side = parts.codes.geometry.imageSize
    let (decoder, panels) = parts.decoder.scratchBytes
    let blas = BLAS.byteCount(threads: threads)
    return (decoder + blas + 3 * (side * side * 3), panels + blas)
  }

  /// Bytes of a file that Linux maps around a place that is touched.
  private static let bytesMappedAround = 64 << 10
}

extension Janus {
  /// The memory to answer a prompt of `prompt` positions, those of `pictures` included, with
  /// `answer` tokens at most.
  ///
  /// Numbers below 0 count as 0, those beyond `contextLength` as that, and pictures as many as the prompt has
  /// positions for.
  public func memoryNeed(prompt: Int, answer: Int, pictures: Int = 0) -> MemoryNeed {
    let prompt = positions(prompt)
    return MemoryNeed(
      self, prompt: prompt, answer: positions(answer),
      pictures: max(0, min(pictures, prompt / vision.patchCount)), pictureBytes: 0,
      keepsTower: false)
  }

  /// The memory to paint `together` pictures at once from a prompt of `prompt` positions; nil
  /// without the painting parts.
  ///
  /// Counts as 1 to 1,024 pictures, and as 0 to `contextLength` positions.
  public func memoryNeed(painting together: Int, prompt: Int) -> MemoryNeed? {
    painting.map {
      MemoryNeed(
        self, painting: $0, prompt: positions(prompt),
        together: max(1, min(together, Painter.mostTogether)))
    }
  }

  private func positions(_ count: Int) -> Int { max(0, min(count, contextLength)) }

  /// `bytes` of weights as memory of a stage. A file that was read or locked counts in `base`, as a
  /// whole.
  fileprivate func mapped(_ bytes: Int) -> Int { mapsOnTouch ? bytes : 0 }
}
