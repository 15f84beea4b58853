extension Ops {
  /// Cuts `[3, side, side]` pixels into rows of `[channel][y][x]` values, one row a patch, row-major:
  /// the order in which a convolution's weight is stored.
  func cutPatches(_ pixels: UnsafePointer<Float>, side: Int, patch: Int, into out: Matrix) {
    let perSide = side / patch
    forEachRows(out.rows, of: out.columns) { range in
      for index in range {
        let (top, left) = (index / perSide * patch, index % perSide * patch)
        var target = out[row: index]
        for channel in 0..<3 {
          for y in 0..<patch {
            let line = pixels + (channel * side + top + y) * side + left
            target.update(from: line, count: patch)
            target += patch
          }
        }
      }
    }
  }

  /// `x += table`, where the table has `x`'s shape and no gaps.
  func add(_ table: Vector, to x: Matrix) {
    precondition(table.count == x.rows * x.columns)
    for row in 0..<x.rows { kernels.add(table.base + row * x.columns, x[row: row], x.columns) }
  }

  /// Attention of every row to every row: `out = softmax(q kᵀ / √C) v` for each of `heads` heads,
  /// all `[N, heads · C]`.
  func attend(_ q: Matrix, _ k: Matrix, _ v: Matrix, heads: Int, into out: Matrix) {
    let dim = q.columns / heads
    let scale = 1 / Float(dim).squareRoot()
    let (step, count) = (64, k.rows)
    let blocks = (q.rows + step - 1) / step
    reserveThreadScratch(step * count)
    pool.run(blocks * heads) { task, thread in
      let (block, column) = (task / heads, task % heads * dim)
      let rows = block * step..<min(q.rows, (block + 1) * step)
      let scores = threadScratch[thread].base
      guard let blas = BLAS.system else {
        for row in rows {
          let result = out[row: row] + column
          kernels.dotRowsF32(
            q[row: row] + column, k.base + column, k.stride, count, dim, scale, scores)
          kernels.softmax(scores, count)
          result.update(repeating: 0, count: dim)
          kernels.sumRowsF32(scores, v.base + column, v.stride, count, dim, result)
        }
        return
      }
      blas.multiply(
        m: rows.count, n: count, k: dim, scale: scale, q[row: rows.lowerBound] + column,
        stride: q.stride, k.base + column, stride: k.stride, bTransposed: true, into: scores,
        stride: count)
      for row in 0..<rows.count { kernels.softmax(scores + row * count, count) }
      blas.multiply(
        m: rows.count, n: dim, k: count, scores, stride: count, v.base + column, stride: v.stride,
        bTransposed: false, into: out[row: rows.lowerBound] + column, stride: out.stride)
    }
  }

  /// Linear layers with GELU between them: the aligners and the code head.
  func perceptron(
    _ layers: [Linear], _ x: Matrix, scratch: (Matrix, Matrix), into out: Matrix
  ) {
    var input = x
    for (index, layer) in layers.enumerated() {
      let last = index == layers.count - 1
      let target = last ? out : index.isMultiple(of: 2) ? scratch.0 : scratch.1
      matmul(input, Product(layer, into: target, finish: last ? .store : .gelu))
      input = target
    }
  }
}
