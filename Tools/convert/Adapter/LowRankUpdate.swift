/// What a LoRA adapter adds to a matrix: `scale · B · A`, and with DoRA a new length for each row.
///
/// Nothing is read before it is applied, and then only the rows of `B` that are asked for.
final class LowRankUpdate: Sendable {
  /// `[rank, columns]`, the columns being all but the first dimension of the matrix.
  let a: StoredTensor
  /// `[rows, rank]`.
  let b: StoredTensor
  let scale: Float
  /// DoRA: `[rows]`, the length that each row of the merged matrix gets.
  let magnitude: StoredTensor?

  init(a: StoredTensor, b: StoredTensor, scale: Float, magnitude: StoredTensor?) {
    (self.a, self.b, self.scale, self.magnitude) = (a, b, scale, magnitude)
  }

  /// Numbers of `A` that are held at once.
  static let limit = 1 << 24

  /// The part that concerns some rows of the matrix.
  func slice(_ rows: Range<Int>) -> LowRankUpdate {
    LowRankUpdate(
      a: a, b: b.slice(rows), scale: scale, magnitude: magnitude?.slice(rows))
  }

  /// Merges into rows of the matrix, as PEFT does: in single precision, the product before the sum.
  ///
  /// - Parameter matrix: `[rows, columns]`, row-major.
  func apply(to matrix: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    let (rank, columns, rows) = (a.shape[0], a.elementCount / max(a.shape[0], 1), b.shape[0])
    precondition(matrix.count == rows * columns && b.shape[1] == rank)
    guard rank > 0, rows > 0, columns > 0 else { return }
    let numbers = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: rank * columns + rows * rank + columns + rows)
    defer { numbers.deallocate() }
    var rest = numbers[...]
    func take(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
      defer { rest = rest.dropFirst(count) }
      return UnsafeMutableBufferPointer(rebasing: rest.prefix(count))
    }
    let (down, up, sum, lengths) = (
      take(rank * columns), take(rows * rank), take(columns), take(rows)
    )
    try a.read(into: down)
    try b.read(into: up)
    try magnitude?.read(into: lengths)
    for row in 0..<rows {
      sum.update(repeating: 0)
      for index in 0..<rank {
        let factor = up[row * rank + index]
        for column in 0..<columns { sum[column] += factor * down[index * columns + column] }
      }
      let values = UnsafeMutableBufferPointer(rebasing: matrix[row * columns..<(row + 1) * columns])
      for column in 0..<columns { values[column] += scale * sum[column] }
      if magnitude != nil {
        let length = values.reduce(into: 0.0) { $0 += Double($1) * Double($1) }.squareRoot()
        let factor = lengths[row] / Float(length)
        for column in 0..<columns { values[column] *= factor }
      }
    }
  }
}
