import JanusModelFile

/// Some rows of a forward pass that continue one sequence: `count` tokens after what `cache` holds.
package struct Segment {
  let cache: KVCache
  let count: Int
}

/// The rows of one forward pass, segment after segment.
///
/// A prompt is one segment of many rows; sixteen pictures being painted are 32 segments of one row.
package struct Batch {
  let segments: [Segment]
  /// Rows of all segments together.
  let rows: Int
  /// Where each segment begins.
  let firstRows: [Int]

  init(_ segments: [Segment]) {
    self.segments = segments
    var rows = 0
    firstRows = segments.map { segment in
      defer { rows += segment.count }
      return rows
    }
    self.rows = rows
  }

  /// Rows `first..<first + count` of segment `index`, for each segment.
  func forEachSegment(_ body: (_ segment: Segment, _ firstRow: Int) -> Void) {
    for (segment, row) in zip(segments, firstRows) { body(segment, row) }
  }

  /// Moves the last row of each segment to the beginning of `x: [T, …]`.
  func keepLastRows(of x: Matrix) {
    for (index, segment) in segments.enumerated() {
      let last = firstRows[index] + segment.count - 1
      if index != last { x[row: index].update(from: x[row: last], count: x.columns) }
    }
  }

  /// The most positions that any row sees, itself included.
  var longest: Int { segments.reduce(0) { max($0, $1.cache.count + $1.count) } }
}
