import JanusModelFile
import JanusSystem
import SIMDKernels

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
  /// all `[N, heads · C]`. In int8 where the layer is quantised itself.
  func attend(
    _ q: Matrix, _ k: Matrix, _ v: Matrix, heads: Int, inInt8: Bool, into out: Matrix
  ) throws(MemoryError) {
    if inInt8 { return try attendInInt8(q, k, v, heads: heads, into: out) }
    let (dim, count) = (q.columns / heads, k.rows)
    let scale = 1 / Float(dim).squareRoot()
    let width = Kernels.keysPerChunk
    let chunks = (count + width - 1) / width
    let keys = try transpose(k, heads: heads, chunks: chunks)
    let step = 32
    try reserveThreadScratch(step * chunks * width)
    let blocks = (q.rows + step - 1) / step
    pool.run(blocks * heads) { task, thread in
      let (block, head) = (task / heads, task % heads)
      let rows = block * step..<min(q.rows, (block + 1) * step)
      let (scores, stride) = (threadScratch[thread].base, chunks * width)
      let query = q[row: rows.lowerBound] + head * dim
      let result = out[row: rows.lowerBound] + head * dim
      for chunk in 0..<chunks {
        kernels.scoresF32(
          query, q.stride, rows.count, keys[row: (head * chunks + chunk) * dim], dim, scale,
          scores + chunk * width, stride)
      }
      for row in 0..<rows.count {
        kernels.softmax(scores + row * stride, count)
        (result + row * out.stride).update(repeating: 0, count: dim)
      }
      kernels.weightedSumF32(
        scores, stride, rows.count, v.base + head * dim, v.stride, count, dim, result, out.stride)
    }
  }

  /// Keys `[N, heads · C]` as the score kernels read them: `[heads][chunks][C][64]`.
  private func transpose(_ k: Matrix, heads: Int, chunks: Int) throws(MemoryError) -> Matrix {
    let (dim, width) = (k.columns / heads, Kernels.keysPerChunk)
    let out = try transposedKeys.matrix(heads * chunks * dim, width)
    pool.run(heads * chunks) { task, _ in
      let (head, chunk) = (task / chunks, task % chunks)
      let target = out[row: task * dim]
      for place in 0..<min(width, k.rows - chunk * width) {
        let key = k[row: chunk * width + place] + head * dim
        for d in 0..<dim { target[d * width + place] = key[d] }
      }
    }
    return out
  }

  /// Linear layers with GELU between them: the aligners and the code head.
  func perceptron(
    _ layers: [Linear], _ x: Matrix, scratch: (Matrix, Matrix), into out: Matrix
  ) throws(MemoryError) {
    var input = x
    for (index, layer) in layers.enumerated() {
      let last = index == layers.count - 1
      let target = last ? out : index.isMultiple(of: 2) ? scratch.0 : scratch.1
      try matmul(input, Product(layer, into: target, finish: last ? .store : .gelu))
      input = target
    }
  }
}
