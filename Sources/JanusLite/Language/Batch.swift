/// Some rows of a forward pass that continue one sequence: `count` tokens after what `cache` holds.
struct Segment {
  let cache: KVCache
  let count: Int
}

/// The rows of one forward pass, segment after segment.
///
/// A prompt is one segment of many rows; sixteen pictures being painted are 32 segments of one row.
struct Batch {
  let segments: [Segment]
  /// Rows of all segments together.
  let rows: Int

  init(_ segments: [Segment]) {
    self.segments = segments
    rows = segments.reduce(0) { $0 + $1.count }
  }

  /// Rows `first..<first + count` of segment `index`, for each segment.
  func forEachSegment(_ body: (_ segment: Segment, _ firstRow: Int) -> Void) {
    var row = 0
    for segment in segments {
      body(segment, row)
      row += segment.count
    }
  }

  /// Moves the last row of each segment to the beginning of `x: [T, …]`: `[segments, …]`.
  func keepLastRows(of x: Matrix) -> Matrix {
    var end = 0
    for (index, segment) in segments.enumerated() {
      end += segment.count
      if index != end - 1 { x[row: index].update(from: x[row: end - 1], count: x.columns) }
    }
    return x.rows(0..<segments.count)
  }

  /// The most positions that any row looks back on, itself included.
  var longest: Int { segments.reduce(0) { max($0, $1.cache.count + $1.count) } }
}
