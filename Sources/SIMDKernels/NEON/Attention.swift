#if arch(arm64)
  import CIntrinsics

  // Scores and weighted sums are one product: rows of floats times a matrix. Each result is a lane of
  // its own that takes its terms in order, so that it does not depend on what is computed beside it.

  /// `Kernels.scoresF32`.
  public func scoresF32(
    _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Float>,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    let product = Product(
      left: q, leftStride: qStride, right: keys, rightStride: keysPerChunk, element: .f32,
      steps: dim, columns: keysPerChunk, out: out, outStride: outStride)
    product.run(rows, scale: scale)
  }

  /// `Kernels.scoresF16`.
  public func scoresF16(
    _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<UInt16>,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    let product = Product(
      left: q, leftStride: qStride, right: keys, rightStride: keysPerChunk, element: .f16,
      steps: dim, columns: keysPerChunk, out: out, outStride: outStride)
    product.run(rows, scale: scale)
  }

  /// `Kernels.scoresInt8`.
  public func scoresInt8(
    _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Int8>,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
    _ ahead: UnsafeRawPointer?
  ) {
    let product = Product(
      left: q, leftStride: qStride, right: keys, rightStride: keysPerChunk, element: .int8,
      steps: dim, columns: keysPerChunk, out: out, outStride: outStride)
    product.run(rows, scale: scale)
  }

  /// `Kernels.weightedSumF32`.
  public func weightedSumF32(
    _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
    _ values: UnsafePointer<Float>, _ valueStride: Int, _ count: Int, _ dim: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    forEachBlock(of: count, rows: rows) { i, steps in
      let product = Product(
        left: weights + i, leftStride: weightStride, right: values + i * valueStride,
        rightStride: valueStride, element: .f32, steps: steps, columns: dim, out: out,
        outStride: outStride)
      product.run(rows, scale: nil)
    }
  }

  /// `Kernels.weightedSumF16`.
  public func weightedSumF16(
    _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
    _ values: UnsafePointer<UInt16>, _ valueStride: Int, _ count: Int, _ dim: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    forEachBlock(of: count, rows: rows) { i, steps in
      let product = Product(
        left: weights + i, leftStride: weightStride, right: values + i * valueStride,
        rightStride: valueStride, element: .f16, steps: steps, columns: dim, out: out,
        outStride: outStride)
      product.run(rows, scale: nil)
    }
  }

  /// `Kernels.weightedSumInt8`.
  public func weightedSumInt8(
    _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ valueStride: Int, _ count: Int, _ dim: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ ahead: UnsafeRawPointer?
  ) {
    forEachBlock(of: count, rows: rows) { i, steps in
      let product = Product(
        left: weights + i, leftStride: weightStride, right: values + i * valueStride,
        rightStride: valueStride, element: .int8, steps: steps, columns: dim, out: out,
        outStride: outStride)
      product.run(rows, scale: nil)
    }
  }

  private let keysPerChunk = 64

  /// A single row takes few values at a time, with all their columns, so that memory is read in
  /// order. The sums start from what out holds, so the bits stay the same.
  @inline(__always)
  private func forEachBlock(of count: Int, rows: Int, _ body: (_ first: Int, _ count: Int) -> Void)
  {
    let step = rows > 1 ? max(count, 1) : 8
    for first in stride(from: 0, to: count, by: step) { body(first, min(step, count - first)) }
  }

  /// How the right matrix is stored. A literal at every call, so that each case is compiled by
  /// itself.
  private enum Element {
    case f32, f16, int8

    @inline(__always)
    var byteCount: Int {
      switch self {
      case .f32: 4
      case .f16: 2
      case .int8: 1
      }
    }
  }

  /// `Σ_k left[r * leftStride + k] · right[k * rightStride + column]`.
  private struct Product {
    let left: UnsafePointer<Float>
    let leftStride: Int
    let right: UnsafeRawPointer
    let rightStride: Int
    let element: Element
    let steps: Int
    let columns: Int
    let out: UnsafeMutablePointer<Float>
    let outStride: Int

    private var elementBytes: Int { element.byteCount }

    /// The sum times `scale` into out. Without a scale the sum starts from what out holds.
    @inline(__always)
    func run(_ rows: Int, scale: Float?) {
      var row = 0
      while row + 6 <= rows {
        strips(row, rows: 6, scale)
        row += 6
      }
      if row + 4 <= rows {
        strips(row, rows: 4, scale)
        row += 4
      }
      if row + 2 <= rows {
        strips(row, rows: 2, scale)
        row += 2
      }
      if row < rows { strips(row, rows: 1, scale) }
    }

    /// `rows` is 1, 2, 4 or 6, a literal at every call.
    @inline(__always)
    private func strips(_ row: Int, rows: Int, _ scale: Float?) {
      var column = 0
      if rows == 1 {
        while column + 64 <= columns {
          line(row, column, scale)
          column += 64
        }
      }
      while column + 16 <= columns {
        tile(row, column, rows: rows, scale)
        column += 16
      }
      while column < columns {
        for r in row..<row + rows { few(r, column, scale) }
        column += 4
      }
    }

    /// Up to six rows of 16 columns: 24 registers of sums, four of the matrix.
    @inline(__always)
    private func tile(_ row: Int, _ column: Int, rows: Int, _ scale: Float?) {
      let out = out + row * outStride + column
      var (a, b, c) = (Sixteen(), Sixteen(), Sixteen())
      var (d, e, f) = (Sixteen(), Sixteen(), Sixteen())
      if scale == nil {
        a = Sixteen(out)
        if rows > 1 { b = Sixteen(out + outStride) }
        if rows > 2 { c = Sixteen(out + 2 * outStride) }
        if rows > 2 { d = Sixteen(out + 3 * outStride) }
        if rows > 4 { e = Sixteen(out + 4 * outStride) }
        if rows > 4 { f = Sixteen(out + 5 * outStride) }
      }

      var x = left + row * leftStride
      var place = right + column * elementBytes
      for _ in 0..<steps {
        let y = Sixteen(place, element)
        a.add(x[0], y)
        if rows > 1 { b.add(x[leftStride], y) }
        if rows > 2 { c.add(x[2 * leftStride], y) }
        if rows > 2 { d.add(x[3 * leftStride], y) }
        if rows > 4 { e.add(x[4 * leftStride], y) }
        if rows > 4 { f.add(x[5 * leftStride], y) }
        x += 1
        place += rightStride * elementBytes
      }

      a.store(out, scale)
      if rows > 1 { b.store(out + outStride, scale) }
      if rows > 2 { c.store(out + 2 * outStride, scale) }
      if rows > 2 { d.store(out + 3 * outStride, scale) }
      if rows > 4 { e.store(out + 4 * outStride, scale) }
      if rows > 4 { f.store(out + 5 * outStride, scale) }
    }

    /// One row of 64 columns. A single query reads its matrix once and in order.
    @inline(__always)
    private func line(_ row: Int, _ column: Int, _ scale: Float?) {
      let out = out + row * outStride + column
      var (a, b, c, d) = (Sixteen(), Sixteen(), Sixteen(), Sixteen())
      if scale == nil {
        (a, b) = (Sixteen(out), Sixteen(out + 16))
        (c, d) = (Sixteen(out + 32), Sixteen(out + 48))
      }
      let x = left + row * leftStride
      var place = right + column * elementBytes
      for k in 0..<steps {
        a.add(x[k], Sixteen(place, element))
        b.add(x[k], Sixteen(place + 16 * elementBytes, element))
        c.add(x[k], Sixteen(place + 32 * elementBytes, element))
        d.add(x[k], Sixteen(place + 48 * elementBytes, element))
        place += rightStride * elementBytes
      }
      a.store(out, scale)
      b.store(out + 16, scale)
      c.store(out + 32, scale)
      d.store(out + 48, scale)
    }

    /// One row's last columns, 4 at most.
    @inline(__always)
    private func few(_ row: Int, _ column: Int, _ scale: Float?) {
      let count = columns - column
      let out = out + row * outStride + column
      let x = left + row * leftStride
      var place = right + column * elementBytes
      var sum = scale == nil ? load(out, count) : Floats.zero
      for k in 0..<steps {
        let y =
          switch element {
          case .f32: load(place.assumingMemoryBound(to: Float.self), count)
          case .f16: load(place.assumingMemoryBound(to: UInt16.self), count)
          case .int8: load(place.assumingMemoryBound(to: Int8.self), count)
          }
        sum = fma(Floats(repeating: x[k]), y, sum)
        place += rightStride * elementBytes
      }
      store(scale.map { sum * Floats(repeating: $0) } ?? sum, out, count)
    }
  }

  /// 16 lanes.
  private struct Sixteen {
    var s0 = Floats.zero, s1 = Floats.zero, s2 = Floats.zero, s3 = Floats.zero

    @inline(__always)
    init() {}

    @inline(__always)
    init(_ p: UnsafePointer<Float>) {
      s0 = load(p)
      s1 = load(p + 4)
      s2 = load(p + 8)
      s3 = load(p + 12)
    }

    @inline(__always)
    init(_ place: UnsafeRawPointer, _ element: Element) {
      switch element {
      case .f32:
        let p = place.assumingMemoryBound(to: Float.self)
        (s0, s1, s2, s3) = (load(p), load(p + 4), load(p + 8), load(p + 12))
      case .f16:
        let p = place.assumingMemoryBound(to: UInt16.self)
        (s0, s1, s2, s3) = (load(p), load(p + 4), load(p + 8), load(p + 12))
      case .int8:
        let bytes = place.loadUnaligned(as: SIMD16<Int8>.self)
        let (low, high) = (vmovl_s8(bytes.lowHalf), vmovl_s8(bytes.highHalf))
        s0 = vcvtq_f32_s32(vmovl_s16(low.lowHalf))
        s1 = vcvtq_f32_s32(vmovl_s16(low.highHalf))
        s2 = vcvtq_f32_s32(vmovl_s16(high.lowHalf))
        s3 = vcvtq_f32_s32(vmovl_s16(high.highHalf))
      }
    }

    @inline(__always)
    mutating func add(_ x: Float, _ y: Sixteen) {
      let x = Floats(repeating: x)
      s0 = fma(x, y.s0, s0)
      s1 = fma(x, y.s1, s1)
      s2 = fma(x, y.s2, s2)
      s3 = fma(x, y.s3, s3)
    }

    @inline(__always)
    func store(_ p: UnsafeMutablePointer<Float>, _ scale: Float?) {
      var x = self
      if let scale {
        let scale = Floats(repeating: scale)
        x.s0 *= scale
        x.s1 *= scale
        x.s2 *= scale
        x.s3 *= scale
      }
      KernelsNEON.store(x.s0, p)
      KernelsNEON.store(x.s1, p + 4)
      KernelsNEON.store(x.s2, p + 8)
      KernelsNEON.store(x.s3, p + 12)
    }
  }
#endif
