import GGUF
import JanusEngine
import JanusImages
import JanusModelFile
import JanusSystem
import JanusWords
import Quant
import SIMDKernels

/// An open Janus model: one file, memory-mapped, for every conversation and picture.
///
/// Opening reads the header and no weight. The model is immutable and may be shared; conversations
/// on several threads take turns on its one pool of compute threads.
public final class Janus: Sendable {
  /// How keys and values are kept: `f16`, `f32` or `int8`.
  public typealias CacheFormat = JanusEngine.CacheFormat
  /// An instruction set that there are kernels for, as `InstructionSetError` names it.
  public typealias InstructionSet = SIMDKernels.InstructionSet

  /// How to open and run a model.
  public struct Options: Sendable {
    /// Compute threads; nil takes the physical cores allowed to the process.
    public var threads: Int?
    /// The instruction set to force, by name; nil takes the best that the processor has.
    public var instructionSet: String?
    /// How keys and values are kept; nil takes f16, or f32 for a model stored in floats.
    public var cacheFormat: CacheFormat?
    /// How the file's bytes come into memory: `mapped` or `copied`.
    public typealias Access = MappedFile.Access

    /// Whether the file is mapped or read into memory.
    public var access: Access
    /// Whether the file's pages are kept from being swapped out.
    public var locksMemory: Bool
    /// Whether pages of the file are loaded when they are first touched, and can be dropped again.
    var mapsOnTouch: Bool { access == .mapped && !locksMemory }

    /// Names and numbers that the machine lacks are reported where a model is opened.
    public init(
      threads: Int? = nil, instructionSet: String? = nil, cacheFormat: CacheFormat? = nil,
      access: Access = .mapped, locksMemory: Bool = false
    ) {
      self.threads = threads
      self.instructionSet = instructionSet
      self.cacheFormat = cacheFormat
      self.access = access
      self.locksMemory = locksMemory
    }
  }

  /// How keys and values are kept.
  public let cacheFormat: CacheFormat

  /// Compute threads.
  public var threads: Int { pool.threadCount }
  /// Positions that the model was made for: those of prompt, pictures and answer together.
  public var contextLength: Int { language.contextLength }
  /// Whether the file holds what painting needs.
  public var paints: Bool { painting != nil }

  package let container: Container
  package let kernels: Kernels
  package let language: LanguageGeometry
  package let vision: VisionGeometry
  package let tokenizer: Tokenizer
  package let promptFormat: PromptFormat
  package let preprocessor: ImagePreprocessor
  /// How every picture is laid out, for a model that was trained on pages of formulas.
  package let formulaPage: FormulaPage?
  /// The question about a picture of a formula.
  package let formulaQuestion: String

  /// What the process has when the model is open, in bytes, and the pages of code that a first
  /// request will touch. The whole file is part of it where it is read or locked.
  let baseMemory: Int
  private static let codeToCome = 3 << 20
  /// `Options.mapsOnTouch`.
  let mapsOnTouch: Bool
  let admission = Admission()
  /// Tokens that separate the cells or rows of a table.
  let alignmentTokens: Set<Int>
  /// `Confidence.temperature`.
  let confidenceTemperature: Double
  package let pool: WorkerPool
  package let languageModel: LanguageModel
  package let visionTower: VisionTower
  /// Nil where the file was converted without them.
  package let painting: PaintingParts?

  /// Opens the model file at `path`, and checks that every part is there and fits.
  ///
  /// - Throws: `modelFile`, `tokenizer`, `instructionSet`, `fileMemory`, `memory`.
  public init(path: String, options: Options = Options()) throws(JanusError) {
    do throws(InstructionSetError) {
      kernels = try Kernels.select(options.instructionSet)
    } catch {
      throw .instructionSet(error)
    }
    let container = try Self.open(path, options)
    self.container = container
    let parts = try Parts(container, kernels)
    (language, vision) = (parts.language, parts.vision)
    (preprocessor, formulaPage) = (parts.preprocessor, parts.formulaPage)
    formulaQuestion = parts.formulaQuestion
    (languageModel, visionTower) = (parts.languageModel, parts.visionTower)
    painting = parts.painting
    try JanusError.carrying { () throws(MemoryError) in
      try AvailableMemory.check(Self.tableBytes(container))
    }
    do throws(TokenizerError) {
      tokenizer = try Tokenizer(container: container)
      promptFormat = try PromptFormat(
        container: container, tokenizer: tokenizer, patchCount: vision.patchCount)
    } catch {
      throw .tokenizer(file: path, problem: "\(error)")
    }
    guard tokenizer.count <= language.vocabularySize else {
      throw .modelFile(
        .geometry(
          file: path, key: IntegerKey.vocabularySize.name,
          expected: "the tokenizer's \(tokenizer.count) or more",
          found: "\(language.vocabularySize)"))
    }
    alignmentTokens = Self.alignmentTokens(tokenizer)
    confidenceTemperature = parts.confidenceTemperature
    cacheFormat = options.cacheFormat ?? (languageModel.isStoredInFloats ? .f32 : .f16)
    pool = WorkerPool(threadCount: options.threads)
    mapsOnTouch = options.mapsOnTouch
    baseMemory = ProcessMemory.resident + Self.codeToCome
    languageModel.file.adviseRandomAccess(of: [.embeddings])
  }

  /// A part of the network that may come from another file of it.
  package enum Part: String, CaseIterable, Sendable {
    case language, vision, painting
  }

  /// A model with some of its parts from another file of the same network; everything else is the first one's. Keys and
  /// values are kept as the model does whose language model it is.
  package init(_ first: Janus, with parts: Set<Part>, from second: Janus) {
    let words = parts.contains(.language) ? second : first
    (languageModel, cacheFormat) = (words.languageModel, words.cacheFormat)
    visionTower = (parts.contains(.vision) ? second : first).visionTower
    painting = (parts.contains(.painting) ? second : first).painting
    (container, kernels, pool) = (first.container, first.kernels, first.pool)
    (language, vision, tokenizer) = (first.language, first.vision, first.tokenizer)
    (promptFormat, preprocessor) = (first.promptFormat, first.preprocessor)
    (formulaPage, formulaQuestion) = (first.formulaPage, first.formulaQuestion)
    (alignmentTokens, confidenceTemperature) = (first.alignmentTokens, first.confidenceTemperature)
    baseMemory = max(first.baseMemory, second.baseMemory)
    mapsOnTouch = first.mapsOnTouch && second.mapsOnTouch
  }

  /// The networks and numbers of the file, read and checked.
  private struct Parts {
    let language: LanguageGeometry
    let vision: VisionGeometry
    let preprocessor: ImagePreprocessor
    let formulaPage: FormulaPage?
    let formulaQuestion: String
    let languageModel: LanguageModel
    let visionTower: VisionTower
    let painting: PaintingParts?
    let confidenceTemperature: Double

    init(_ container: Container, _ kernels: Kernels) throws(JanusError) {
      do throws(ModelFileError) {
        let reader = MetadataReader(container)
        let geometry = try reader.geometry()
        (language, vision) = (geometry.language, geometry.vision)
        preprocessor = try reader.preprocessor(imageSize: vision.imageSize)
        formulaPage = try reader.formulaPage(imageSize: vision.imageSize)
        formulaQuestion = try reader.string(.promptFormula)
        confidenceTemperature =
          container.metadata.contains(FloatKey.confidenceTemperature)
          ? Double(try reader.float(.confidenceTemperature)) : 1
        let binding = Binding(
          file: WeightFile(container, levels: LevelTable(try reader.levels())))
        languageModel = try LanguageModel(binding, language)
        visionTower = try VisionTower(binding, vision, languageLength: language.embeddingLength)
        painting =
          if let geometry = geometry.painting {
            PaintingParts(
              codes: try CodeModel(binding, geometry, languageLength: language.embeddingLength),
              decoder: try VQDecoder(
                binding, geometry,
                quantizesProducts: !languageModel.isStoredInFloats && kernels.isa.hasDotProduct))
          } else {
            nil
          }
      } catch {
        throw .modelFile(error)
      }
    }
  }

  /// What the tables of the tokenizer take, whose texts are the larger part of a file's header.
  private static func tableBytes(_ container: Container) -> Int {
    8 * (container.tensors.map(\.range.lowerBound).min() ?? 0)
  }

  private static func alignmentTokens(_ tokenizer: Tokenizer) -> Set<Int> {
    Set(
      (0..<tokenizer.count).filter { token in
        let bytes = tokenizer.bytes(of: token)
        return bytes.contains(UInt8(ascii: "&")) || bytes.count(where: { $0 == 0x5C }) > 1
      })
  }

  private static func open(_ path: String, _ options: Options) throws(JanusError) -> Container {
    if !options.mapsOnTouch {
      try checkFits(path, available: AvailableMemory.bytes)
    }
    do throws(ContainerError) {
      let container = try Container(path: path, access: options.access)
      if options.locksMemory {
        do throws(FileError) {
          try container.file.lock()
        } catch {
          throw ContainerError(path: path, problem: .file(error))
        }
      }
      return container
    } catch {
      throw .modelFile(.container(error))
    }
  }

  /// Throws where a file that is to be in memory as a whole is larger than what is available:
  /// nothing of it could be dropped later. If the file cannot be examined, opening it reports why.
  static func checkFits(_ path: String, available: Int?) throws(JanusError) {
    guard let available, let file = try? MappedFile(path: path), file.count > available else {
      return
    }
    throw .fileMemory(file: path, size: file.count, available: available)
  }

  /// The positions that a request may take: `limit` where one is given, else what the model was made
  /// for.
  func contextLength(atMost limit: Int?) throws(JanusError) -> Int {
    let most = language.contextLength
    if let limit, !(1...most).contains(limit) {
      throw .request(what: "context", expected: "1 to \(most) positions", found: "\(limit)")
    }
    return limit ?? most
  }

  /// Throws where a text alone needs more positions than there are.
  func checkLength(_ text: String, before: Int = 0, context: Int) throws(JanusError) {
    let fewest = before + tokenizer.fewestTokens(spelling: text)
    if fewest >= context { throw .context(needed: fewest + 1, available: context) }
  }

  /// Runs a picture through the vision tower; `index` is its place in the request.
  func encode(
    _ picture: Picture, index: Int, _ ops: Ops
  ) throws(JanusError) -> PictureFeatures {
    try checkRoom(toSee: picture, asFormula: false)
    let pixels: [Float]
    do throws(BlankPicture) {
      pixels = try self.pixels(of: picture)
    } catch {
      throw .blankPicture(index: index, error)
    }
    return try encode(pixels, ops)
  }

  /// Throws where the system would refuse the memory that a picture takes before the tower sees it: it is
  /// scaled to the tower's size, and of a formula the writing is looked for.
  package func checkRoom(toSee picture: Picture, asFormula: Bool) throws(JanusError) {
    let (side, longer) = (vision.imageSize, max(picture.width, picture.height))
    let scaled = side * (longer + 6 * side) * 3 + pageBytes
    let writing = asFormula || formulaPage != nil ? picture.bytesToFindWriting : 0
    try JanusError.carrying { () throws(MemoryError) in
      try AvailableMemory.check(max(writing, scaled))
    }
  }

  /// The picture as the vision tower takes it, `[3, side, side]`, little whatever its size.
  package func pixels(of picture: Picture) throws(BlankPicture) -> [Float] {
    let shown = try formulaPage?.laidOut(picture, side: vision.imageSize) ?? picture
    return preprocessor.pixels(of: shown)
  }

  func encode(_ pixels: [Float], _ ops: Ops) throws(JanusError) -> PictureFeatures {
    try JanusError.carrying { () throws(MemoryError) in
      try PictureFeatures(
        encoding: pixels, with: visionTower, columns: language.embeddingLength, VisionBuffers(),
        ops)
    }
  }
}
