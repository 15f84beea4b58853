import GGUF
import JanusEngine
import JanusModelFile

/// Adds up what each weight of an open model is multiplied by, and its squares.
final class InputSums: ProductObserver {
  /// Which rows of a product count, and how.
  enum Rows {
    /// Each row by itself, `weight` times.
    case single(weight: (_ row: Int, _ rows: Int) -> Double)
    /// Pairs of rows with and without a prompt, as guidance combines them: `w · with − (w − 1) · without`. In
    /// a pass over two prompts of `prompt` positions each they lie so far apart, otherwise side by side.
    case guided(w: Double, prompt: Int)
  }

  /// What the model does meanwhile.
  var pass = Importance.Pass.text
  var rows = Rows.single { _, _ in 1 }

  private(set) var entries: [String: Importance.Entry] = [:]
  private let names: [UnsafeRawPointer: String]
  private var squares: [Double] = []
  private var sums: [Double] = []

  /// - Parameter earlier: what was added up before.
  init(_ container: Container, _ geometry: Geometry, from earlier: [String: Importance.Entry]) {
    var names: [UnsafeRawPointer: String] = [:]
    for spec in geometry.tensors where spec.role.isMultiplied {
      guard let record = container[spec.name],
        let bytes = container.bytes(of: record).baseAddress
      else { continue }
      names[bytes] = spec.name
      entries[spec.name] = earlier[spec.name] ?? Importance.Entry(columns: spec.storedColumns)
    }
    self.names = names
  }

  func willMultiply(_ inputs: Matrix, by weights: [UnsafeRawPointer]) {
    squares = [Double](repeating: 0, count: inputs.columns)
    sums = squares
    var count = 0.0
    switch rows {
    case .single(let weight):
      for row in 0..<inputs.rows {
        let weight = weight(row, inputs.rows)
        if weight == 0 { continue }
        count += weight
        add(inputs[row: row], inputs[row: row], 1, 0, weight: weight)
      }
    case .guided(let w, let prompt):
      let apart = inputs.rows == 2 * prompt
      for pair in 0..<inputs.rows / 2 {
        count += 1
        add(
          inputs[row: apart ? pair : 2 * pair],
          inputs[row: apart ? pair + prompt : 2 * pair + 1], w, w - 1, weight: 1)
      }
    }
    for weight in weights {
      guard let name = names[weight] else { continue }
      entries[name]?.add(squares: squares, sums: sums, count: count, to: pass)
    }
  }

  /// Counts `x · first − y · second`.
  private func add(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ x: Double, _ y: Double,
    weight: Double
  ) {
    squares.withUnsafeMutableBufferPointer { squares in
      sums.withUnsafeMutableBufferPointer { sums in
        for column in 0..<squares.count {
          let value = x * Double(first[column]) - y * Double(second[column])
          squares[column] += weight * value * value
          sums[column] += weight * value
        }
      }
    }
  }
}

extension Importance.Entry {
  fileprivate mutating func add(
    squares more: [Double], sums moreSums: [Double], count: Double, to pass: Importance.Pass
  ) {
    guard let index = Importance.Pass.allCases.firstIndex(of: pass) else { return }
    precondition(more.count == columns, "inputs of another weight")
    counts[index] += count
    for column in more.indices {
      squares[index][column] += more[column]
      sums[index][column] += moreSums[column]
    }
  }
}
