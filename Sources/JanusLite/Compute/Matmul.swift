import Quant
import SIMDKernels

/// One product of a pass: a weight, where its result goes, and what happens to it on the way.
struct Product {
  enum Finish {
    /// `out = W x + b`
    case store
    /// `out = gelu(W x + b)`
    case gelu
    /// `out` is scratch, and `sum += W x + b`
    case addTo(Matrix)
  }

  let linear: Linear
  let out: Matrix
  let finish: Finish

  init(_ linear: Linear, into out: Matrix, finish: Finish = .store) {
    self.linear = linear
    self.out = out
    self.finish = finish
  }

  init(_ weight: Weight, into out: Matrix, finish: Finish = .store) {
    self.init(Linear(weight: weight, bias: nil), into: out, finish: finish)
  }
}

extension Ops {
  /// `out = x · Wᵀ + b` for up to three weights that share `x: [T, K]`, in one pass over the threads.
  ///
  /// Work is cut along the rows of the weights, never along the sum, and in pieces that do not
  /// depend on the number of threads: neither do the results.
  func matmul(_ x: Matrix, _ a: Product, _ b: Product? = nil, _ c: Product? = nil) {
    prepare(x, for: a.linear.weight, b?.linear.weight, c?.linear.weight)
    let aTasks = tasks(for: a.linear.weight, tokens: x.rows)
    let bTasks = b.map { tasks(for: $0.linear.weight, tokens: x.rows) } ?? 0
    let cTasks = c.map { tasks(for: $0.linear.weight, tokens: x.rows) } ?? 0
    pool.run(aTasks + bTasks + cTasks) { task, thread in
      if task < aTasks {
        multiply(x, a, task: task, thread: thread)
      } else if task < aTasks + bTasks {
        multiply(x, b!, task: task - aTasks, thread: thread)
      } else {
        multiply(x, c!, task: task - aTasks - bTasks, thread: thread)
      }
    }
  }

  /// `out = silu(x · gateᵀ) ⊙ (x · upᵀ)`, where `other` is scratch of `out`'s shape.
  func gatedMatmul(_ x: Matrix, gate: Weight, up: Weight, into out: Matrix, other: Matrix) {
    precondition(gate.rows == up.rows)
    prepare(x, for: gate, up, nil)
    let step = max(panelsPerTask(gate, tokens: x.rows), panelsPerTask(up, tokens: x.rows))
    pool.run((gate.panels + step - 1) / step) { task, thread in
      let panels = task * step..<min(gate.panels, (task + 1) * step)
      multiply(x, gate, panels: panels, into: out, thread: thread)
      multiply(x, up, panels: panels, into: other, thread: thread)
      let first = panels.lowerBound * ElementFormat.panelRows
      let count = min(gate.rows, panels.upperBound * ElementFormat.panelRows) - first
      for row in 0..<x.rows {
        let values = out[row: row] + first
        kernels.siluMul(values, other[row: row] + first, values, count)
      }
    }
  }

  // MARK: Pieces

  private func multiply(_ x: Matrix, _ product: Product, task: Int, thread: Int) {
    let weight = product.linear.weight
    let step = panelsPerTask(weight, tokens: x.rows)
    let panels = task * step..<min(weight.panels, (task + 1) * step)
    multiply(x, weight, panels: panels, into: product.out, thread: thread)
    let first = panels.lowerBound * ElementFormat.panelRows
    let count = min(weight.rows, panels.upperBound * ElementFormat.panelRows) - first
    for row in 0..<x.rows {
      let values = product.out[row: row] + first
      if let bias = product.linear.bias { kernels.add(bias.base + first, values, count) }
      switch product.finish {
      case .store: break
      case .gelu: kernels.gelu(values, count)
      case .addTo(let sum): kernels.add(values, sum[row: row] + first, count)
      }
    }
  }

  /// The rows of `panels` of `out = x · Wᵀ`.
  private func multiply(
    _ x: Matrix, _ weight: Weight, panels: Range<Int>, into out: Matrix, thread: Int
  ) {
    switch weight.format {
    case .int8Panels: multiply(weight, kernels.matmulInt8, panels, x.rows, into: out)
    case .int4Panels: multiply(weight, kernels.matmulInt4, panels, x.rows, into: out)
    case .f32, .bf16: multiplyFloats(x, weight, panels, into: out, thread: thread)
    case .q8Rows: preconditionFailure("a q8_0 table is looked up, not multiplied")
    }
  }

  private func multiply(
    _ weight: Weight, _ kernel: Kernels.PanelMatmul, _ panels: Range<Int>, _ tokens: Int,
    into out: Matrix
  ) {
    let blocks = weight.blocks
    // Panels of a task stay in the L2 cache while blocks of tokens pass by.
    let step = 256
    var token = 0
    while token < tokens {
      let count = min(step, tokens - token)
      kernel(
        weight.bytes, weight.levels, blocks, blocks, panels.lowerBound, panels.upperBound,
        weight.rows, activations.values + token * blocks * 32,
        activations.scales + token * blocks, activations.offsets + token * blocks, blocks, count,
        out[row: token], out.stride, false)
      token += count
    }
  }

  private func multiplyFloats(
    _ x: Matrix, _ weight: Weight, _ panels: Range<Int>, into out: Matrix, thread: Int
  ) {
    let first = panels.lowerBound * ElementFormat.panelRows
    let last = min(weight.rows, panels.upperBound * ElementFormat.panelRows)
    let columns = weight.columns
    guard x.rows >= Self.fewestTokensForBLAS, !rowsAreApart, let blas = BLAS.system else {
      if weight.format == .f32 {
        kernels.matmulF32(
          weight.floats, columns, first, last, x.base, x.stride, x.rows, out.base, out.stride)
      } else {
        kernels.matmulBF16(
          weight.halves, columns, first, last, x.base, x.stride, x.rows, out.base, out.stride)
      }
      return
    }
    var values = weight.floats + first * columns
    if weight.format == .bf16 {
      let scratch = threadScratch[thread].base
      kernels.bf16ToF32(weight.halves + first * columns, scratch, (last - first) * columns)
      values = UnsafePointer(scratch)
    }
    blas.multiply(
      m: x.rows, n: last - first, k: columns, x.base, stride: x.stride, values, stride: columns,
      bTransposed: true, into: out.base + first, stride: out.stride)
  }

  /// Below this, reading the weights takes longer than multiplying them, and BLAS would pack first.
  private static let fewestTokensForBLAS = 8

  /// Few enough for any number of threads to share evenly, many enough to be worth a task: for a
  /// prompt what stays in the L2 cache while its tokens pass by.
  private func panelsPerTask(_ weight: Weight, tokens: Int) -> Int {
    switch weight.format {
    case .f32 where tokens >= Self.fewestTokensForBLAS,
      .bf16 where tokens >= Self.fewestTokensForBLAS:
      16
    case .int8Panels where tokens > 8, .int4Panels where tokens > 8:
      max(2, min(8, (256 << 10) / (weight.format.bytesPerPanelBlock * weight.blocks)))
    default: max(1, min(32, weight.panels / 32))
    }
  }

  private func tasks(for weight: Weight, tokens: Int) -> Int {
    let step = panelsPerTask(weight, tokens: tokens)
    return (weight.panels + step - 1) / step
  }

  /// Quantises `x` if one of the weights wants it so, and reserves what BLAS needs.
  private func prepare(_ x: Matrix, for a: Weight, _ b: Weight?, _ c: Weight?) {
    let isPanels = { (weight: Weight?) in
      weight?.format == .int8Panels || weight?.format == .int4Panels
    }
    if isPanels(a) || isPanels(b) || isPanels(c) { quantize(x) }
    if x.rows >= Self.fewestTokensForBLAS {
      for weight in [a, b, c] where weight?.format == .bf16 {
        reserveThreadScratch(16 * ElementFormat.panelRows * a.columns)
      }
    }
  }

  private func quantize(_ x: Matrix) {
    let blocks = (x.columns + 31) / 32
    activations.reserve(tokens: x.rows, blocks: blocks)
    forEachRows(x.rows, of: x.columns) { range in
      for row in range {
        kernels.quantizeActivations(
          x[row: row], x.columns, activations.values + row * blocks * 32,
          activations.scales + row * blocks, activations.offsets + row * blocks)
      }
    }
  }
}
