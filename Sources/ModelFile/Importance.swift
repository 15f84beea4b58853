import Quant

/// How much each column of a model's weights matters: means and mean squares of what it is multiplied by.
///
/// What a rounded weight does to a result is its error times its input. So the expected square of a
/// result's error is `Σ E[x²] · error²` over the columns if inputs are spread around zero. If not, errors of
/// different columns also add up, or make good for each other, by the products of their means.
package struct Importance: Sendable {
  /// What a model did when its inputs were seen. Each kind has sums of its own, so that none drowns the
  /// others: a picture has a hundred times as many rows as its answer.
  package enum Pass: String, CaseIterable, Sendable {
    case text, pictures, codes
  }

  /// What was seen at one weight.
  package struct Entry: Sendable, Equatable {
    /// For each pass and column, the sum of squares of the inputs, each times its row's weight.
    package var squares: [[Double]]
    /// The same without squaring.
    package var sums: [[Double]]
    /// For each pass, the sum of the rows' weights.
    package var counts: [Double]

    package init(columns: Int) {
      squares = Pass.allCases.map { _ in [Double](repeating: 0, count: columns) }
      sums = squares
      counts = Pass.allCases.map { _ in 0 }
    }

    package var columns: Int { squares[0].count }
  }

  /// Where it was read from, for messages.
  package var file: String
  /// `ModelFingerprint` of the model that was run.
  package let model: String
  /// Checksums of the texts, pictures and prompts that were counted.
  package var inputs: Set<String>
  /// By the tensor's name in a model file.
  package var entries: [String: Entry]

  package init(
    model: String, inputs: Set<String> = [], entries: [String: Entry] = [:], file: String = ""
  ) {
    (self.model, self.inputs, self.entries, self.file) = (model, inputs, entries, file)
  }

  /// Adds what another run has counted of the same model.
  package mutating func merge(_ other: Importance) throws(ImportanceError) {
    try other.check(model: model)
    let repeated = inputs.intersection(other.inputs).count
    guard repeated == 0 else { throw .repeated(file: other.file, inputs: repeated) }
    for (name, entry) in other.entries {
      guard var sum = entries[name] else {
        entries[name] = entry
        continue
      }
      guard sum.columns == entry.columns else {
        throw .columns(
          file: other.file, tensor: name, expected: sum.columns, found: entry.columns)
      }
      for pass in sum.sums.indices {
        sum.counts[pass] += entry.counts[pass]
        for column in 0..<sum.columns {
          sum.squares[pass][column] += entry.squares[pass][column]
          sum.sums[pass][column] += entry.sums[pass][column]
        }
      }
      entries[name] = sum
    }
    inputs.formUnion(other.inputs)
  }

  /// Throws where another model was measured.
  package func check(model expected: String) throws(ImportanceError) {
    guard model == expected else {
      throw .otherModel(file: file, expected: expected, found: model)
    }
  }

  /// The entry of a weight that is multiplied by so many columns.
  private func entry(of tensor: String, columns: Int) throws(ImportanceError) -> Entry {
    guard let entry = entries[tensor], entry.counts.contains(where: { $0 > 0 }) else {
      throw .missing(file: file, tensor: tensor)
    }
    guard entry.columns == columns else {
      throw .columns(file: file, tensor: tensor, expected: columns, found: entry.columns)
    }
    return entry
  }

  /// How errors of a weight's row make good for each other; nil where nothing but zeros was seen.
  package func feedback(
    of tensor: String, columns: Int
  ) throws(ImportanceError) -> ErrorFeedback? {
    let seen = try entry(of: tensor, columns: columns).normalised
    guard !seen.isEmpty else { return nil }
    return ErrorFeedback(
      means: seen.map(\.means),
      variances: (0..<columns).map { column in
        seen.reduce(0) { sum, pass in
          sum + max(0, pass.squares[column] - pass.means[column] * pass.means[column])
        }
      })
  }
}

extension Importance.Entry {
  /// Means and mean squares of each pass that saw something, with a mean square of 1 over all columns.
  fileprivate var normalised: [(means: [Double], squares: [Double])] {
    counts.indices.compactMap { pass in
      let total = squares[pass].reduce(0, +)
      guard counts[pass] > 0, total > 0 else { return nil }
      let square = Double(columns) / total
      let mean = (Double(columns) / (total * counts[pass])).squareRoot()
      return (sums[pass].map { $0 * mean }, squares[pass].map { $0 * square })
    }
  }
}
