import JanusModelFile
import JanusSystem
import Quant
import SIMDKernels

/// One product of a pass: a weight, where its result goes, and what is applied to it.
struct Product {
  enum Finish {
    /// `out = W x + b`
    case store
    /// `out = gelu(W x + b)`
    case gelu
    /// `sum += W x + b`; `out` is scratch for it
    case addTo(Matrix)
  }

  let linear: Linear
  let out: Matrix
  let finish: Finish

  /// Where panels' products go, and whether they are added to what is there.
  fileprivate var target: (out: Matrix, adding: Bool) {
    if case .addTo(let sum) = finish { (sum, true) } else { (out, false) }
  }

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
  /// Work is cut along the rows of the weights, never along the sum. The pieces do not depend on
  /// the number of threads, so neither do the results.
  func matmul(_ x: Matrix, _ a: Product, _ b: Product? = nil, _ c: Product? = nil)
    throws(MemoryError)
  {
    try prepare(x, for: a.linear.weight, b?.linear.weight, c?.linear.weight)
    observe(x, a.linear.weight, b?.linear.weight, c?.linear.weight)
    let aTasks = tasks(for: a.linear.weight, tokens: x.rows)
    let bTasks = b.map { tasks(for: $0.linear.weight, tokens: x.rows) } ?? 0
    let cTasks = c.map { tasks(for: $0.linear.weight, tokens: x.rows) } ?? 0
    pool.run(
      aTasks + bTasks + cTasks,
      MatmulJob(ops: self, x: x, a: a, b: b, c: c, aTasks: aTasks, bTasks: bTasks))
  }

  /// `out = silu(x · gateᵀ) ⊙ (x · upᵀ)`.
  ///
  /// The second product is kept in a task's own memory, which stays in the L2 cache.
  func gatedMatmul(_ x: Matrix, gate: Weight, up: Weight, into out: Matrix) throws(MemoryError) {
    precondition(gate.rows == up.rows)
    try prepare(x, for: gate, up, nil)
    observe(x, gate, up, nil)
    let step = min(panelsPerTask(gate, tokens: x.rows), panelsPerTask(up, tokens: x.rows))
    for results in taskResults { try results.reserve(x.rows * step * ElementFormat.panelRows) }
    pool.run(
      (gate.panels + step - 1) / step,
      GatedMatmulJob(ops: self, x: x, gate: gate, up: up, out: out, step: step))
  }

  /// The most columns of a task's own memory, where there are many rows.
  static let mostTaskColumns = panelsPerFloatTask * ElementFormat.panelRows

  /// Panels that BLAS multiplies at once. A task takes fewer of quantised ones.
  private static let panelsPerFloatTask = 16

  // MARK: Pieces

  fileprivate func multiply(_ x: Matrix, _ product: Product, task: Int, thread: Int) {
    let weight = product.linear.weight
    let step = panelsPerTask(weight, tokens: x.rows)
    let panels = task * step..<min(weight.panels, (task + 1) * step)
    let rows = panels.startIndex * ElementFormat.panelRows
    let count = min(weight.rows, panels.endIndex * ElementFormat.panelRows) - rows
    if weight.format.isPanels {
      // The kernels add biases, and start from a sum, by themselves.
      let (out, adding) = product.target
      multiply(
        weight, panels, x.rows, bias: product.linear.bias?.base, into: out, adding: adding,
        thread: thread)
      if case .gelu = product.finish {
        for row in 0..<x.rows {
          out.prefetch(row + 2, rows, count)
          kernels.gelu(out[row: row] + rows, count)
        }
      }
      return
    }
    multiplyFloats(x, weight, panels, into: product.out, thread: thread)
    for row in 0..<x.rows {
      let values = product.out[row: row] + rows
      if let bias = product.linear.bias { kernels.add(bias.base + rows, values, count) }
      switch product.finish {
      case .store: break
      case .gelu: kernels.gelu(values, count)
      case .addTo(let sum): kernels.add(values, sum[row: row] + rows, count)
      }
    }
  }

  /// The rows of `panels` of `out = x · Wᵀ`.
  fileprivate func multiply(
    _ x: Matrix, _ weight: Weight, panels: Range<Int>, into out: Matrix, thread: Int
  ) {
    if weight.format.isPanels {
      multiply(weight, panels, x.rows, bias: nil, into: out, adding: false, thread: thread)
    } else {
      multiplyFloats(x, weight, panels, into: out, thread: thread)
    }
  }

  /// The same with the quantised activations.
  private func multiply(
    _ weight: Weight, _ panels: Range<Int>, _ tokens: Int, bias: UnsafePointer<Float>?,
    into out: Matrix, adding: Bool, thread: Int
  ) {
    let blocks = weight.blocks
    let first = panels.lowerBound * ElementFormat.panelRows
    let operand = operand(weight, panels, tokens, thread: thread)
    // Panels of a task stay in the L2 cache while it takes one block of tokens after the other.
    let step = 256
    let stride = activations.stride(blocks)
    var token = 0
    while token < tokens {
      let count = min(step, tokens - token)
      operand.kernel(
        operand.bytes, operand.levels, blocks, blocks, 0, panels.count, weight.rows - first,
        activations.values + token * stride * 32, activations.scales + token * stride,
        activations.offsets + token * stride, operand.precision, stride, count,
        bias.map { $0 + first }, out[row: token] + first, out.stride, adding)
      token += count
    }
  }

  /// Panels as they are multiplied, the kernel for it, and the precision of the scales.
  private struct PanelOperand {
    let kernel: Kernels.PanelMatmul
    let bytes: UnsafeRawPointer
    let levels: UnsafePointer<UInt8>
    let precision: UInt32
  }

  /// The panels of a task. The thread's scratch holds them expanded, or their tables.
  private func operand(
    _ weight: Weight, _ panels: Range<Int>, _ tokens: Int, thread: Int
  ) -> PanelOperand {
    let blocks = panels.count * weight.blocks
    let bytes = weight.bytes + panels.lowerBound * weight.bytesPerPanel
    let scratch = UnsafeMutableRawPointer(threadScratch[thread].base)
    if weight.format == .int4CodedPanels {
      guard let expansion = codedExpansion(of: weight, tokens: tokens) else {
        return PanelOperand(
          kernel: kernels.matmulInt4Coded, bytes: bytes, levels: weight.levels,
          precision: activations.precision)
      }
      expansion.expand(bytes, weight.levels, weight.blocks, panels.count, scratch)
      return PanelOperand(
        kernel: expansion.matmul, bytes: scratch, levels: weight.levels,
        precision: activations.precision)
    }
    if let expand = expansion(of: weight, tokens: tokens) {
      expand(bytes, weight.levels, blocks, scratch)
      return PanelOperand(
        kernel: kernels.matmulInt8, bytes: scratch, levels: weight.levels,
        precision: ScalePrecision.full)
    }
    if weight.format == .int4Panels {
      return PanelOperand(
        kernel: kernels.matmulInt4, bytes: bytes, levels: weight.levels,
        precision: activations.precision)
    }
    if activations.precision != ScalePrecision.full,
      let tabulate = tabulation(of: weight, tokens: tokens), tabulate(bytes, blocks, scratch)
    {
      return PanelOperand(
        kernel: kernels.matmulInt8, bytes: bytes,
        levels: scratch.assumingMemoryBound(to: UInt8.self), precision: ScalePrecision.threeBits)
    }
    return PanelOperand(
      kernel: kernels.matmulInt8, bytes: bytes, levels: weight.levels,
      precision: ScalePrecision.full)
  }

  private func multiplyFloats(
    _ x: Matrix, _ weight: Weight, _ panels: Range<Int>, into out: Matrix, thread: Int
  ) {
    let first = panels.lowerBound * ElementFormat.panelRows
    let last = min(weight.rows, panels.upperBound * ElementFormat.panelRows)
    let columns = weight.columns
    precondition(weight.format != .q8Rows, "a q8_0 table is looked up, not multiplied")
    guard multipliesByBLAS(x), let blas = BLAS.system else {
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

  private func multipliesByBLAS(_ x: Matrix) -> Bool {
    x.rows >= Self.fewestTokensForBLAS && !rowsAreApart
  }

  /// With fewer rows, reading the weights takes longer than multiplying them, and BLAS would pack
  /// first.
  private static let fewestTokensForBLAS = 8

  /// The kernel that turns int4 panels into int8 ones first, where that pays. It costs about as
  /// much as multiplying four tokens, and saves looking up every nibble again for each eight
  /// tokens.
  private func expansion(of weight: Weight, tokens: Int) -> Kernels.PanelExpansion? {
    weight.format == .int4Panels && tokens >= 32 ? kernels.expandInt4 : nil
  }

  /// The same for coded panels.
  private func codedExpansion(of weight: Weight, tokens: Int) -> Kernels.CodedExpansion? {
    weight.format == .int4CodedPanels && tokens >= 32 ? kernels.codedExpansion : nil
  }

  /// Bytes of a panel that is expanded first; nil where it is multiplied as it is.
  private func expandedBytesPerPanel(_ weight: Weight, tokens: Int) -> Int? {
    if codedExpansion(of: weight, tokens: tokens) != nil {
      return CodedPanel.byteCount(blocks: weight.blocks, bits: 8)
    }
    guard expansion(of: weight, tokens: tokens) != nil else { return nil }
    return ElementFormat.int8Panels.bytesPerPanel(blocks: weight.blocks)
  }

  /// Tables pay for many tokens: making them takes as long as five tokens, using them saves a
  /// fourteenth.
  private func tabulation(of weight: Weight, tokens: Int) -> Kernels.PanelTabulation? {
    weight.format == .int8Panels && tokens >= 128 ? kernels.tabulateInt8 : nil
  }

  /// Few enough for any number of threads to share evenly, many enough to be worth a task. For a
  /// prompt, as many as stay in the L2 cache while its tokens are multiplied.
  private func panelsPerTask(_ weight: Weight, tokens: Int) -> Int {
    switch weight.format {
    case .f32 where tokens >= Self.fewestTokensForBLAS,
      .bf16 where tokens >= Self.fewestTokensForBLAS:
      Self.panelsPerFloatTask
    case .int8Panels where tokens > 8, .int4Panels where tokens > 8,
      .int4CodedPanels where tokens > 8:
      // An even number: the kernels like panels in pairs.
      max(2, min(8, residentPanels(weight, tokens: tokens)) & ~1)
    default: max(1, min(32, weight.panels / 32))
    }
  }

  /// Panels that stay in the L2 cache while tokens are multiplied by them.
  private func residentPanels(_ weight: Weight, tokens: Int) -> Int {
    if tabulation(of: weight, tokens: tokens) != nil {
      // Not all of a table is read.
      return (320 << 10) / (weight.bytesPerPanel + weight.blocks * Kernels.bytesPerTable)
    }
    return (256 << 10)
      / (expandedBytesPerPanel(weight, tokens: tokens) ?? weight.bytesPerPanel)
  }

  private func tasks(for weight: Weight, tokens: Int) -> Int {
    let step = panelsPerTask(weight, tokens: tokens)
    return (weight.panels + step - 1) / step
  }

  /// Quantises `x` if one of the weights needs that, and reserves scratch for expanded panels or
  /// tables.
  private func prepare(_ x: Matrix, for a: Weight, _ b: Weight?, _ c: Weight?) throws(MemoryError) {
    var quantized = false
    // int4 weights are rounded much more coarsely, so wider steps of the activations hardly add to
    // the error.
    let allInt4 = [a, b, c].allSatisfy { $0.map(\.format.isInt4) ?? true }
    for case let weight? in [a, b, c] {
      let panels = panelsPerTask(weight, tokens: x.rows)
      if weight.format.isPanels && !quantized {
        try quantize(x, scales: allInt4 ? ScalePrecision.powerOfTwo : ScalePrecision.threeBits)
        quantized = true
      }
      if !weight.format.isPanels && multipliesByBLAS(x) { try prepareBLAS() }
      if tabulation(of: weight, tokens: x.rows) != nil {
        let bytes = panels * weight.blocks * Kernels.bytesPerTable
        try reserveThreadScratch(bytes / MemoryLayout<Float>.stride)
      } else if let bytesPerPanel = expandedBytesPerPanel(weight, tokens: x.rows) {
        try reserveThreadScratch(panels * bytesPerPanel / MemoryLayout<Float>.stride)
      } else if weight.format == .bf16 && x.rows >= Self.fewestTokensForBLAS {
        try reserveThreadScratch(panels * ElementFormat.panelRows * weight.columns)
      }
    }
  }

  func quantize(_ x: Matrix, scales precision: UInt32) throws(MemoryError) {
    let blocks = (x.columns + 31) / 32
    try activations.reserve(tokens: x.rows, blocks: blocks)
    let stride = activations.stride(blocks)
    activations.scalesFit.store(true, ordering: .relaxed)
    forEachRows(x.rows, of: x.columns) { range in
      for row in range {
        let fits = kernels.quantizeActivations(
          x[row: row], x.columns, precision, activations.values + row * stride * 32,
          activations.scales + row * stride, activations.offsets + row * stride)
        if !fits { activations.scalesFit.store(false, ordering: .relaxed) }
      }
    }
    // The pool orders the stores of its threads, so relaxed loads are enough.
    let scalesFit = activations.scalesFit.load(ordering: .relaxed)
    activations.precision = scalesFit ? precision : ScalePrecision.full
  }
}

private struct MatmulJob: PoolJob {
  let ops: Ops
  let x: Matrix
  let a: Product
  let b: Product?
  let c: Product?
  let aTasks: Int
  let bTasks: Int

  func run(task: Int, thread: Int) {
    if task < aTasks {
      ops.multiply(x, a, task: task, thread: thread)
    } else if task < aTasks + bTasks {
      ops.multiply(x, b!, task: task - aTasks, thread: thread)
    } else {
      ops.multiply(x, c!, task: task - aTasks - bTasks, thread: thread)
    }
  }
}

private struct GatedMatmulJob: PoolJob {
  let ops: Ops
  let x: Matrix
  let gate: Weight
  let up: Weight
  let out: Matrix
  let step: Int

  func run(task: Int, thread: Int) {
    let panels = task * step..<min(gate.panels, (task + 1) * step)
    let first = panels.lowerBound * ElementFormat.panelRows
    let count = min(gate.rows, panels.upperBound * ElementFormat.panelRows) - first
    // Products are written to their columns of the whole matrix; this one begins at column `first`.
    let other = Matrix(
      ops.taskResults[thread].base - first, rows: x.rows, columns: first + count, stride: count)
    ops.multiply(x, gate, panels: panels, into: out, thread: thread)
    ops.multiply(x, up, panels: panels, into: other, thread: thread)
    for row in 0..<x.rows {
      out.prefetch(row + 2, first, count)
      let values = out[row: row] + first
      ops.kernels.siluMul(values, other[row: row] + first, values, count)
    }
  }
}
