import GGUF
import JanusModelFile
import JanusSystem
import Quant

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A tensor with its source and its format: everything that encoding needs.
struct PlannedTensor: Sendable {
  let spec: TensorSpec
  let stored: StoredTensor
  let layout: TensorLayout
  /// How errors of a row make good for each other; nil for each weight by itself.
  private(set) var feedback: ErrorFeedback?

  /// A run of rows in the output's format.
  final class EncodedPiece: @unchecked Sendable {
    /// Written once, by the thread that encodes, before any other sees the object.
    let bytes: UnsafeMutableRawBufferPointer
    fileprivate(set) var error: QuantizationError?

    fileprivate init(byteCount: Int) {
      bytes = .allocate(byteCount: byteCount, alignment: 64)
    }

    deinit { bytes.deallocate() }
  }

  /// Numbers that a piece holds, unless 16 rows hold more.
  private static let pieceCount = 1 << 20

  init(
    _ spec: TensorSpec, from stored: StoredTensor, format: ElementFormat
  ) throws(ConversionError) {
    self.spec = spec
    self.stored = stored
    do throws(ContainerError.Problem) {
      layout = try TensorLayout(format: format, shape: spec.storedShape)
    } catch {
      throw .data(file: stored.file.path, problem: "tensor '\(stored.name)': \(error)")
    }
  }

  /// From here on weights in int4 are rounded by what was measured. In int8 nothing was gained.
  mutating func round(by importance: Importance) throws(ImportanceError) {
    guard layout.format.isInt4 else { return }
    feedback = try importance.feedback(of: spec.name, columns: layout.columns)
  }

  /// The rows in pieces of bounded size, which begin where a panel does.
  var pieces: [Range<Int>] {
    let isInGroups = layout.format == .int8Planes
    let panel = ElementFormat.panelRows * (isInGroups ? PlanePanel.group : 1)
    let rows = max(1, Self.pieceCount / layout.columns / panel) * panel
    return stride(from: 0, to: layout.rows, by: rows).map { $0..<min($0 + rows, layout.rows) }
  }

  /// Reads and encodes a piece. Throws where a number is not finite, with its name and place.
  func encode(
    _ rows: Range<Int>, measuringError: Bool
  ) throws(ConversionError) -> EncodedPiece {
    let format = layout.format
    let columns = layout.columns
    guard let byteCount = try? format.byteCount(rows: rows.count, columns: columns) else {
      preconditionFailure("a part of a tensor is larger than the tensor")
    }
    // As read, as decoded again, and the result.
    guard (try? AvailableMemory.check(2 * rows.count * columns * 4 + byteCount)) != nil else {
      throw .file(
        FileError(path: stored.file.path, operation: "allocate memory for", code: ENOMEM))
    }
    let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows.count * columns)
    defer { numbers.deallocate() }
    // A vector is one row of the file, and as many of the checkpoint as it has numbers.
    let slice = layout.shape.count == 1 ? stored : stored.slice(rows)
    try slice.read(into: numbers)
    if spec.role == .convolution { gatherTaps(numbers, rows: rows.count) }

    let piece = EncodedPiece(byteCount: byteCount)
    do throws(WeightError) {
      try Quantizer(format: format, feedback: feedback).encode(
        rows: UnsafeBufferPointer(numbers), rowCount: rows.count, columns: columns,
        into: piece.bytes)
    } catch {
      throw .data(
        file: stored.file.path,
        problem: "tensor '\(stored.name)' (\(spec.name)): "
          + "\(error.moved(byRows: rows.lowerBound))")
    }
    if measuringError { piece.error = error(of: piece, numbers, rows: rows.count) }
    return piece
  }

  private func error(
    of piece: EncodedPiece, _ original: UnsafeMutableBufferPointer<Float>, rows: Int
  ) -> QuantizationError {
    let decoded = UnsafeMutableBufferPointer<Float>.allocate(capacity: original.count)
    defer { decoded.deallocate() }
    decode(
      UnsafeRawBufferPointer(piece.bytes), as: layout.format, rowCount: rows,
      columns: layout.columns, into: decoded)
    var error = QuantizationError()
    error.accumulate(
      original: UnsafeBufferPointer(original), decoded: UnsafeBufferPointer(decoded))
    return error
  }

  /// `[outputs, inputs, taps]` to `[outputs, taps, inputs]`, in place.
  private func gatherTaps(_ numbers: UnsafeMutableBufferPointer<Float>, rows: Int) {
    let taps = spec.shape[2].value * spec.shape[3].value
    let inputs = spec.shape[1].value
    guard taps > 1 else { return }
    let row = UnsafeMutableBufferPointer<Float>.allocate(capacity: taps * inputs)
    defer { row.deallocate() }
    for begin in stride(from: 0, to: numbers.count, by: row.count) {
      for tap in 0..<taps {
        for input in 0..<inputs { row[tap * inputs + input] = numbers[begin + input * taps + tap] }
      }
      for index in 0..<row.count { numbers[begin + index] = row[index] }
    }
  }
}

extension WeightError {
  /// The same error, its row counted from the tensor's beginning.
  fileprivate func moved(byRows rows: Int) -> WeightError {
    switch self {
    case .notFinite(let row, let column, let value):
      .notFinite(row: row + rows, column: column, value: value)
    case .tooLarge(let row, let column, let value, let limit):
      .tooLarge(row: row + rows, column: column, value: value, limit: limit)
    }
  }
}
