import GGUF
import JanusSystem
import Quant

/// Importance as a file: GGUF, with a tensor of means and mean squares for each weight. `docs/CALIBRATION.md` says
/// what lies where.
extension Importance {
  private enum Key {
    static let version = "janus.importance.version"
    static let model = "janus.importance.model"
    static let passes = "janus.importance.passes"
    static let inputs = "janus.importance.inputs"
    static let counts = "janus.importance.counts"
  }

  /// The version that is written, and the newest that is read.
  package static let version = 1

  /// Whether a file holds importance, and no model.
  package static func isImportance(_ container: Container) -> Bool {
    container.metadata.contains(Key.version)
  }

  package init(path: String) throws(ImportanceError) {
    // Read, not mapped: it is small, and may be replaced meanwhile.
    let container = try Self.carrying { () throws(ContainerError) in
      try Container(path: path, access: .copied)
    }
    let metadata = container.metadata
    guard metadata.contains(Key.version) else { throw .notImportance(file: path) }
    let version = try Self.carrying { () throws(ContainerError) in
      try metadata.integer(Key.version, in: 1...Int(UInt32.max))
    }
    guard version <= Self.version else {
      throw .newer(file: path, found: version, supported: Self.version)
    }
    let (model, inputs, passes, counts) = try Self.carrying { () throws(ContainerError) in
      let passes = try metadata.strings(Key.passes).strings()
      guard passes == Pass.allCases.map(\.rawValue) else {
        throw metadata.invalid(
          Key.passes, expected: Pass.allCases.map(\.rawValue).joined(separator: ", "),
          found: DisplayText.line(passes.joined(separator: ", "), limit: 80))
      }
      let counts = try metadata.floats(Key.counts)
      guard counts.count == passes.count * container.tensors.count else {
        throw metadata.invalid(
          Key.counts, expected: "\(passes.count * container.tensors.count) numbers",
          found: "\(counts.count)")
      }
      return (
        try metadata.string(Key.model), Set(try metadata.strings(Key.inputs).strings()),
        passes.count, counts
      )
    }
    self.init(model: model, inputs: inputs, file: path)
    for (index, record) in container.tensors.enumerated() {
      entries[record.name] = try Self.entry(
        record, container.bytes(of: record), Array(counts[index * passes..<(index + 1) * passes]),
        path)
    }
  }

  /// The entry of a tensor, every number of it checked.
  private static func entry(
    _ record: TensorRecord, _ bytes: UnsafeRawBufferPointer, _ counts: [Float], _ path: String
  ) throws(ImportanceError) -> Entry {
    func invalid(_ place: String, _ expected: String, _ found: String) -> ImportanceError {
      .invalid(file: path, tensor: record.name, place: place, expected: expected, found: found)
    }
    let passes = Pass.allCases
    guard record.format == .f32, record.shape.count == 2, record.shape[0] == 2 * passes.count
    else {
      throw invalid(
        "shape", "[\(2 * passes.count), columns] in f32",
        "\(record.shape) in \(record.format.rawValue)"
      )
    }
    var entry = Entry(columns: record.shape[1])
    for (pass, count) in counts.enumerated() {
      // The reader of metadata lets no NaN through.
      guard count >= 0 else { throw invalid("count of \(passes[pass])", "0 or more", "\(count)") }
      entry.counts[pass] = Double(count)
      for column in 0..<entry.columns {
        func value(_ row: Int) -> Float {
          bytes.loadUnaligned(
            fromByteOffset: 4 * (row * entry.columns + column), as: Float.self)
        }
        let (square, mean) = (value(2 * pass), value(2 * pass + 1))
        let place = "\(passes[pass]), column \(column)"
        guard square.isFinite, square >= 0 else {
          throw invalid("mean square of \(place)", "a finite number of 0 or more", "\(square)")
        }
        // A mean's square is at most the mean of the squares, but for rounding.
        guard mean.magnitude <= square.squareRoot() * 1.001 else {
          throw invalid("mean of \(place)", "within ±\(square.squareRoot())", "\(mean)")
        }
        entry.squares[pass][column] = Double(square) * Double(count)
        entry.sums[pass][column] = Double(mean) * Double(count)
      }
    }
    return entry
  }

  /// Writes the file. Its name exists only once it is whole.
  package func write(to path: String) throws(ImportanceError) {
    let names = entries.keys.sorted()
    try Self.carrying { () throws(ContainerError) in
      var tensors: [ContainerWriter.Tensor] = []
      var counts: [Float] = []
      for name in names {
        guard let entry = entries[name] else { continue }
        do throws(ContainerError.Problem) {
          tensors.append(
            .init(
              name: name,
              layout: try TensorLayout(
                format: .f32, shape: [2 * entry.counts.count, entry.columns])))
        } catch {
          throw ContainerError(path: path, problem: error)
        }
        counts += entry.counts.map { Float($0) }
      }
      let writer = try ContainerWriter(
        path: path,
        metadata: [
          (Key.version, .uint32(UInt32(Self.version))), (Key.model, .string(model)),
          (Key.passes, .strings(Pass.allCases.map(\.rawValue))),
          (Key.inputs, .strings(inputs.sorted())), (Key.counts, .float32s(counts)),
        ], tensors: tensors)
      do throws(ContainerError) {
        for (index, name) in names.enumerated() {
          try Self.append(entries[name], to: writer, index)
        }
        try writer.finish()
      } catch {
        writer.cancel()
        throw error
      }
    }
  }

  private static func append(
    _ entry: Entry?, to writer: ContainerWriter, _ index: Int
  ) throws(ContainerError) {
    guard let entry else { return }
    for (pass, count) in entry.counts.enumerated() {
      for sums in [entry.squares[pass], entry.sums[pass]] {
        let means = sums.map { count > 0 ? Float($0 / count) : 0 }
        var result = Result<Void, ContainerError>.success(())
        means.withUnsafeBytes { bytes in
          result = Result { () throws(ContainerError) in try writer.append(bytes, to: index) }
        }
        try result.get()
      }
    }
  }

  private static func carrying<Value>(
    _ body: () throws(ContainerError) -> Value
  ) throws(ImportanceError) -> Value {
    do throws(ContainerError) {
      return try body()
    } catch {
      throw .container(error)
    }
  }
}
