import JanusModelFile
import JanusSystem
import Quant
import SIMDKernels
import Synchronization

/// The operations that the pages of the networks are written in.
///
/// The caller guarantees the shapes. An `Ops` owns the scratch that its verbs need, so it belongs
/// to one computation at a time; the pool and the kernels behind it are shared.
package final class Ops {
  let kernels: Kernels
  package let pool: WorkerPool
  /// Scratch for each thread of the pool.
  private(set) var threadScratch: [FloatBuffer]
  /// Results that only the task itself reads, for each thread of the pool.
  private(set) var taskResults: [FloatBuffer]
  let activations = QuantizedActivations()
  /// The vision tower's keys of one layer, transposed.
  let transposedKeys = FloatBuffer()
  /// Its keys and values as int8 panels.
  let attentionPanels = FloatBuffer()
  /// Whether a row's result must not depend on the rows beside it.
  private(set) var rowsAreApart = false
  /// Between what the logits of a text head in two planes may lie.
  let planeBounds = FloatBuffer()
  package var planeCounts = PlaneCounts()
  private var hasPreparedBLAS = false
  /// Sees what weights are multiplied by; for calibration.
  package var observer: (any ProductObserver)?
  /// Called before each layer of a pass that may be stopped.
  private var keepGoing: (() -> Bool)?
  private var isStopped = false

  package init(kernels: Kernels, pool: WorkerPool) {
    self.kernels = kernels
    self.pool = pool
    threadScratch = (0..<pool.threadCount).map { _ in FloatBuffer() }
    taskResults = (0..<pool.threadCount).map { _ in FloatBuffer() }
  }

  /// Makes sure that every thread has `count` floats of scratch.
  func reserveThreadScratch(_ count: Int) throws(MemoryError) {
    for scratch in threadScratch { try scratch.reserve(count) }
  }

  /// Frees the memory that tasks of many rows needed.
  func releaseTaskResults() {
    for results in taskResults { results.release() }
  }

  /// Runs `body` so that a row's bits do not depend on the rows beside it. Float products through
  /// BLAS do not promise that.
  func keepingRowsApart<Problem>(_ body: () throws(Problem) -> Void) throws(Problem) {
    rowsAreApart = true
    defer { rowsAreApart = false }
    try body()
  }

  /// To be called before products of floats. The first call makes BLAS ready for all threads.
  ///
  /// Throws where its scratch would not fit: OpenBLAS itself asks for it again and again, for ever.
  func prepareBLAS() throws(MemoryError) {
    if hasPreparedBLAS { return }
    if let blas = BLAS.system {
      try BLAS.checkRoom(threads: pool.threadCount)
      blas.touchScratch(pool)
    }
    hasPreparedBLAS = true
  }

  /// Throws where products of floats would not find their scratch beside `others` bytes: to be called before long work
  /// that ends in such products.
  package func checkBLASRoom(beside others: Int) throws(MemoryError) {
    if !hasPreparedBLAS, BLAS.system != nil {
      try BLAS.checkRoom(threads: pool.threadCount, beside: others)
    }
  }

  // MARK: Stopping

  /// Runs passes that call `keepGoing` before each layer and end early when it returns false. A
  /// layer of a long prompt takes a second or more.
  ///
  /// - Returns: what the passes computed; nil where they ended early.
  package func runToEnd<Result, Problem>(
    while keepGoing: () -> Bool, _ passes: () throws(Problem) -> Result
  ) throws(Problem) -> Result? {
    try withoutActuallyEscaping(keepGoing) { keepGoing throws(Problem) in
      self.keepGoing = keepGoing
      defer {
        self.keepGoing = nil
        isStopped = false
      }
      let result = try passes()
      return isStopped ? nil : result
    }
  }

  /// Whether a pass has to end before its next layer.
  func mustStop() -> Bool {
    if let keepGoing, !isStopped { isStopped = !keepGoing() }
    return isStopped
  }

  // MARK: Rows

  /// Runs `body` for ranges that together are all of `0..<rows`.
  func forEachRows(_ rows: Int, of columns: Int, _ body: (Range<Int>) -> Void) {
    // A task should be large enough to be worth waking a thread: some 16k floats.
    let step = max(1, 16_384 / max(1, columns))
    if rows <= step { return body(0..<rows) }
    pool.run((rows + step - 1) / step) { task, _ in
      body(task * step..<min(rows, (task + 1) * step))
    }
  }

  /// `out = x / sqrt(mean(x²) + ε) · w`, row by row.
  func rmsNorm(_ x: Matrix, _ weight: Vector, epsilon: Float, into out: Matrix) {
    forEachRows(x.rows, of: x.columns) { range in
      for row in range {
        kernels.rmsNorm(x[row: row], weight.base, epsilon, out[row: row], x.columns)
      }
    }
  }

  /// `out = (x - mean) / sqrt(variance + ε) · w + b`, row by row.
  func layerNorm(_ x: Matrix, _ norm: Norm, epsilon: Float, into out: Matrix) {
    forEachRows(x.rows, of: x.columns) { range in
      for row in range {
        kernels.layerNorm(
          x[row: row], norm.weight.base, norm.bias.base, epsilon, out[row: row], x.columns)
      }
    }
  }

  /// Row `index` of a table (`f32`, `bf16` or `q8_0`) as floats.
  func lookUp(_ index: Int, in table: Weight, into out: UnsafeMutablePointer<Float>) {
    precondition(index >= 0 && index < table.rows, "row outside of the table")
    switch table.format {
    case .f32: out.update(from: table.floats + index * table.columns, count: table.columns)
    case .bf16: kernels.bf16ToF32(table.halves + index * table.columns, out, table.columns)
    case .q8Rows:
      let blocks = (table.columns + 31) / 32
      let row = table.bytes + index * blocks * 34
      for block in 0..<blocks {
        let bits = (row + block * 34).loadUnaligned(as: UInt16.self)
        var scale: Float = 0
        withUnsafePointer(to: bits) { kernels.f16ToF32($0, &scale, 1) }
        let values = (row + block * 34 + 2).assumingMemoryBound(to: Int8.self)
        for i in 0..<min(32, table.columns - block * 32) {
          out[block * 32 + i] = scale * Float(values[i])
        }
      }
    case .int8Panels, .int4Panels, .int4CodedPanels, .int8Planes:
      preconditionFailure("panels are not read row by row")
    }
  }
}

/// Activations as int8, one scale for each block of 32, as the panel kernels read them.
final class QuantizedActivations {
  private(set) var values = PageMemory.none.assumingMemoryBound(to: Int8.self)
  private(set) var scales = PageMemory.none.assumingMemoryBound(to: Float.self)
  private(set) var offsets = PageMemory.none.assumingMemoryBound(to: Int32.self)
  /// Whether all scales fit `precision`. Atomic, because several threads quantise rows.
  let scalesFit = Atomic(true)
  /// The precision of all scales, from `ScalePrecision`.
  var precision = ScalePrecision.full
  private var capacity = 0

  deinit { release() }

  /// Values, then scales, then offsets: one piece of memory.
  private func release() {
    if capacity > 0 { PageMemory.deallocate(values, capacity * Self.bytesPerBlock) }
    capacity = 0
  }

  /// Blocks from one token to the next: odd, so that the tokens of a tile, read side by side, do not
  /// all fall into the same few lines of the L1 cache.
  func stride(_ blocks: Int) -> Int { blocks | 1 }

  func reserve(tokens: Int, blocks: Int) throws(MemoryError) {
    let count = tokens * stride(blocks)
    if count <= capacity { return }
    release()
    let base = try PageMemory.allocate(count * Self.bytesPerBlock)
    values = base.bindMemory(to: Int8.self, capacity: count * 32)
    scales = (base + count * 32).bindMemory(to: Float.self, capacity: count)
    offsets = (base + count * 36).bindMemory(to: Int32.self, capacity: count)
    capacity = count
  }

  /// Bytes of one row of so many columns.
  static func byteCount(columns: Int) -> Int { (columns + 31) / 32 * bytesPerBlock }

  private static let bytesPerBlock = 32 + 4 + 4
}
