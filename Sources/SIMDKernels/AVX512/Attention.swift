#if arch(x86_64)
  import CIntrinsics

  // Scores and weighted sums are one product: rows of floats times a matrix of 64 columns, which are
  // four registers. Each result is a lane of its own that takes its terms in order, so that it does
  // not depend on what is computed beside it.

  /// `Kernels.scoresF32`.
  public func scoresF32(
    _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<Float>,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    let product = Product(
      left: q, leftStride: qStride, right: keys, rightStride: keysPerChunk, element: .f32,
      steps: dim, lanes: Quarters(keysPerChunk), out: out, outStride: outStride)
    product.run(rows, scale: scale)
  }

  /// `Kernels.scoresF16`.
  public func scoresF16(
    _ q: UnsafePointer<Float>, _ qStride: Int, _ rows: Int, _ keys: UnsafePointer<UInt16>,
    _ dim: Int, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    let product = Product(
      left: q, leftStride: qStride, right: keys, rightStride: keysPerChunk, element: .f16,
      steps: dim, lanes: Quarters(keysPerChunk), out: out, outStride: outStride)
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
      steps: dim, lanes: Quarters(keysPerChunk), out: out, outStride: outStride,
      lead: ahead.map { $0 - UnsafeRawPointer(keys) })
    product.run(rows, scale: scale)
  }

  /// `Kernels.weightedSumF32`.
  public func weightedSumF32(
    _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
    _ values: UnsafePointer<Float>, _ valueStride: Int, _ count: Int, _ dim: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    var d = 0
    while d < dim {
      let product = Product(
        left: weights, leftStride: weightStride, right: values + d, rightStride: valueStride,
        element: .f32, steps: count, lanes: Quarters(dim - d), out: out + d, outStride: outStride)
      if rows == 1 && d + 128 <= dim {
        product.addWideRow()
        d += 128
      } else {
        product.run(rows, scale: nil)
        d += 64
      }
    }
  }

  /// `Kernels.weightedSumF16`.
  public func weightedSumF16(
    _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
    _ values: UnsafePointer<UInt16>, _ valueStride: Int, _ count: Int, _ dim: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    var d = 0
    while d < dim {
      let product = Product(
        left: weights, leftStride: weightStride, right: values + d, rightStride: valueStride,
        element: .f16, steps: count, lanes: Quarters(dim - d), out: out + d, outStride: outStride)
      if rows == 1 && d + 128 <= dim {
        product.addWideRow()
        d += 128
      } else {
        product.run(rows, scale: nil)
        d += 64
      }
    }
  }

  /// `Kernels.weightedSumInt8`.
  public func weightedSumInt8(
    _ weights: UnsafePointer<Float>, _ weightStride: Int, _ rows: Int,
    _ values: UnsafePointer<Int8>, _ valueStride: Int, _ count: Int, _ dim: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ ahead: UnsafeRawPointer?
  ) {
    var d = 0
    while d < dim {
      let product = Product(
        left: weights, leftStride: weightStride, right: values + d, rightStride: valueStride,
        element: .int8, steps: count, lanes: Quarters(dim - d), out: out + d, outStride: outStride,
        lead: ahead.map { $0 - UnsafeRawPointer(values) })
      if rows == 1 && d + 128 <= dim {
        product.addWideRow()
        d += 128
      } else {
        product.run(rows, scale: nil)
        d += 64
      }
    }
  }

  private let keysPerChunk = 64

  /// How the right matrix is stored. A literal at every call, so that each case is compiled by
  /// itself.
  enum Element {
    case f32, f16, int8
    /// Pairs of bf16: two steps at once. On the left a pair is in the place of each float, too.
    case pairs

    @inline(__always)
    var byteCount: Int {
      switch self {
      case .f32, .pairs: 4
      case .f16: 2
      case .int8: 1
      }
    }
  }

  /// `Σ_k left[r * leftStride + k] · right[k * rightStride + lane]` for up to 64 lanes.
  struct Product {
    let left: UnsafePointer<Float>
    let leftStride: Int
    let right: UnsafeRawPointer
    let rightStride: Int
    let element: Element
    let steps: Int
    let lanes: Quarters
    let out: UnsafeMutablePointer<Float>
    let outStride: Int
    /// Bytes from what a single row reads to what it prefetches meanwhile.
    var lead: Int?

    /// The sum times `scale` into out. Without a scale the sum starts from what out holds.
    @inline(__always)
    func run(_ rows: Int, scale: Float?) {
      var row = 0
      while row + 6 <= rows {
        tile(row, rows: 6, scale)
        row += 6
      }
      if row + 4 <= rows {
        tile(row, rows: 4, scale)
        row += 4
      }
      if row + 2 <= rows {
        tile(row, rows: 2, scale)
        row += 2
      }
      if row < rows { tile(row, rows: 1, scale) }
    }

    /// `rows` is 1, 2, 4 or 6, a literal at every call. Six rows fill 24 registers, the matrix four.
    @inline(__always)
    func tile(_ row: Int, rows: Int, _ scale: Float?) {
      let out = out + row * outStride
      var (a, b, c) = (Line(), Line(), Line())
      var (d, e, f) = (Line(), Line(), Line())
      if scale == nil {
        a = Line(out, lanes)
        if rows > 1 { b = Line(out + outStride, lanes) }
        if rows > 2 { c = Line(out + 2 * outStride, lanes) }
        if rows > 2 { d = Line(out + 3 * outStride, lanes) }
        if rows > 4 { e = Line(out + 4 * outStride, lanes) }
        if rows > 4 { f = Line(out + 5 * outStride, lanes) }
      }

      var x = left + row * leftStride
      var place = right
      for _ in 0..<steps {
        if rows == 1 { prefetchAhead(of: place) }
        let line = Line(place, element, lanes)
        a.add(x[0], line, element)
        if rows > 1 { b.add(x[leftStride], line, element) }
        if rows > 2 { c.add(x[2 * leftStride], line, element) }
        if rows > 2 { d.add(x[3 * leftStride], line, element) }
        if rows > 4 { e.add(x[4 * leftStride], line, element) }
        if rows > 4 { f.add(x[5 * leftStride], line, element) }
        x += 1
        place += rightStride * element.byteCount
      }

      a.store(out, lanes, scale)
      if rows > 1 { b.store(out + outStride, lanes, scale) }
      if rows > 2 { c.store(out + 2 * outStride, lanes, scale) }
      if rows > 2 { d.store(out + 3 * outStride, lanes, scale) }
      if rows > 4 { e.store(out + 4 * outStride, lanes, scale) }
      if rows > 4 { f.store(out + 5 * outStride, lanes, scale) }
    }
  }

  extension Product {
    @inline(__always)
    fileprivate func prefetchAhead(of place: UnsafeRawPointer) {
      if let lead { janus_prefetch_l2(place + lead) }
    }

    /// One row of 128 columns, the usual dimension of a head, added to out. A single query then
    /// reads the values in memory order.
    @inline(__always)
    fileprivate func addWideRow() {
      var (a, b) = (Line(out, lanes), Line(out + 64, lanes))
      let elementBytes = element.byteCount
      var place = right
      for k in 0..<steps {
        let next = place + 64 * elementBytes
        prefetchAhead(of: place)
        prefetchAhead(of: next)
        a.add(left[k], Line(place, element, lanes), element)
        b.add(left[k], Line(next, element, lanes), element)
        place += rightStride * elementBytes
      }
      a.store(out, lanes, nil)
      b.store(out + 64, lanes, nil)
    }
  }

  /// 64 lanes.
  struct Line {
    var s0 = _mm512_setzero_ps(), s1 = _mm512_setzero_ps()
    var s2 = _mm512_setzero_ps(), s3 = _mm512_setzero_ps()

    @inline(__always)
    init() {}

    @inline(__always)
    init(_ p: UnsafePointer<Float>, _ lanes: Quarters) {
      s0 = load(p, lanes.m0)
      s1 = load(p + 16, lanes.m1)
      s2 = load(p + 32, lanes.m2)
      s3 = load(p + 48, lanes.m3)
    }

    @inline(__always)
    init(_ place: UnsafeRawPointer, _ element: Element, _ lanes: Quarters) {
      switch element {
      case .f32, .pairs:
        let p = place.assumingMemoryBound(to: Float.self)
        (s0, s1) = (load(p, lanes.m0), load(p + 16, lanes.m1))
        (s2, s3) = (load(p + 32, lanes.m2), load(p + 48, lanes.m3))
      case .f16:
        let p = place.assumingMemoryBound(to: UInt16.self)
        (s0, s1) = (load(p, lanes.m0), load(p + 16, lanes.m1))
        (s2, s3) = (load(p + 32, lanes.m2), load(p + 48, lanes.m3))
      case .int8:
        let p = place.assumingMemoryBound(to: Int8.self)
        (s0, s1) = (load(p, lanes.m0), load(p + 16, lanes.m1))
        (s2, s3) = (load(p + 32, lanes.m2), load(p + 48, lanes.m3))
      }
    }

    @inline(__always)
    mutating func add(_ x: Float, _ line: Line, _ element: Element) {
      let x = _mm512_set1_ps(x)
      if element == .pairs {
        s0 = janus_mm512_dpbf16_ps(s0, x, line.s0)
        s1 = janus_mm512_dpbf16_ps(s1, x, line.s1)
        s2 = janus_mm512_dpbf16_ps(s2, x, line.s2)
        s3 = janus_mm512_dpbf16_ps(s3, x, line.s3)
        return
      }
      s0 = _mm512_fmadd_ps(x, line.s0, s0)
      s1 = _mm512_fmadd_ps(x, line.s1, s1)
      s2 = _mm512_fmadd_ps(x, line.s2, s2)
      s3 = _mm512_fmadd_ps(x, line.s3, s3)
    }

    @inline(__always)
    func store(_ p: UnsafeMutablePointer<Float>, _ lanes: Quarters, _ scale: Float?) {
      var line = self
      if let scale {
        let scale = _mm512_set1_ps(scale)
        line.s0 = _mm512_mul_ps(s0, scale)
        line.s1 = _mm512_mul_ps(s1, scale)
        line.s2 = _mm512_mul_ps(s2, scale)
        line.s3 = _mm512_mul_ps(s3, scale)
      }
      _mm512_mask_storeu_ps(p, lanes.m0, line.s0)
      _mm512_mask_storeu_ps(p + 16, lanes.m1, line.s1)
      _mm512_mask_storeu_ps(p + 32, lanes.m2, line.s2)
      _mm512_mask_storeu_ps(p + 48, lanes.m3, line.s3)
    }
  }

  /// Masks for up to 64 lanes in four registers. Pointers may lie beyond a row's end: masked lanes
  /// are not touched.
  struct Quarters {
    let m0, m1, m2, m3: __mmask16

    @inline(__always)
    init(_ count: Int) {
      m0 = firstLanes(count)
      m1 = firstLanes(count - 16)
      m2 = firstLanes(count - 32)
      m3 = firstLanes(count - 48)
    }
  }
#endif
