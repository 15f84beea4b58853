import GGUF
import JanusSystem
import Quant

extension Conversion {
  /// What a conversion will take, before it begins.
  public struct Forecast: Sendable {
    /// Bytes of the whole file.
    public let fileBytes: Int
    public let tensorCount: Int
    /// Most memory of the process.
    public let peakBytes: Int
    /// From the encoding of some pieces. Reading from a slow disk, and writing to one, comes on top.
    public let seconds: Double
    /// Threads that encode.
    public let threads: Int
  }

  /// Pieces that are encoded to measure how fast this goes.
  private static let samples = 12
  /// What a thread takes before it has anything.
  private static let arena = 1 << 20
  private static let retention = 3

  /// Encodes some pieces to see how long all will take: a second or less.
  ///
  /// - Parameter measuringErrors: whether every tensor is to be decoded again.
  public func forecast(measuringErrors: Bool = false) throws(ConversionError) -> Forecast {
    let pieces = tensors.indices.flatMap { index in
      tensors[index].pieces.map { (tensor: tensors[index], rows: $0) }
    }
    let numbers = { (piece: (tensor: PlannedTensor, rows: Range<Int>)) in
      piece.rows.count * piece.tensor.layout.columns
    }
    let total = pieces.reduce(0) { $0 + numbers($1) }
    // Evenly over all numbers, so that each format has its share.
    var samples: [Int] = []
    var passed = 0
    for index in pieces.indices {
      passed += numbers(pieces[index])
      let share = Double(passed) / Double(max(1, total)) * Double(Self.samples)
      if Int(share) > samples.count || index == 0 { samples.append(index) }
    }
    var (measured, clock, largest) = (0, ContinuousClock.now, 0)
    for (number, index) in samples.enumerated() {
      let piece = pieces[index]
      let encoded = try piece.tensor.encode(piece.rows, measuringError: measuringErrors)
      var digest = Digest(.sha256)
      digest.update(UnsafeRawBufferPointer(encoded.bytes))
      _ = digest.finalize()
      largest = max(largest, encoded.bytes.count)
      // The first one finds tables and pages cold.
      if number == 0, samples.count > 1 {
        clock = .now
      } else {
        measured += numbers(piece)
      }
    }
    let seconds = (ContinuousClock.now - clock) / .seconds(1)
    let size: Int
    do throws(ContainerError) {
      size = try ContainerWriter.places(
        path: "", metadata: metadata,
        tensors: tensors.map { .init(name: $0.spec.name, layout: $0.layout) }
      ).byteCount
    } catch {
      throw ConversionError(error)
    }
    // Each thread has a piece as numbers, once more as they are stored or decoded, and an arena; the queue holds
    // pieces that are encoded. What is freed stays in the arenas: of 1B they held 2.4 times that much.
    let most = pieces.reduce(0) { max($0, numbers($1)) } * MemoryLayout<Float>.size
    let made = min(pieces.count, threads) * (2 * most + Self.arena)
    let waiting = min(pieces.count, 3 * threads) * largest
    return Forecast(
      fileBytes: size, tensorCount: tensors.count,
      peakBytes: ProcessMemory.peak + Self.retention * (made + waiting),
      seconds: seconds * Double(total) / Double(max(1, measured)) / Double(threads),
      threads: threads)
  }
}
