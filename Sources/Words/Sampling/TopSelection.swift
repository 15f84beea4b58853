/// The indices of the largest values, largest first; of equal values the one with the lower index.
///
/// A heap of the best so far: one pass over the values, no sorting of all.
package struct TopSelection: RandomAccessCollection {
  private let values: UnsafeBufferPointer<Float>
  private var indicesOfLargest: [Int] = []

  package var startIndex: Int { 0 }
  package var endIndex: Int { indicesOfLargest.count }
  package subscript(position: Int) -> Int { indicesOfLargest[position] }

  /// `values` without NaN must stay valid while this lives.
  package init(_ count: Int, of values: UnsafeBufferPointer<Float>) {
    self.values = values
    guard count > 0 else { return }
    for index in values.indices {
      if indicesOfLargest.count < count {
        indicesOfLargest.append(index)
        siftUp()
      } else if isBehind(indicesOfLargest[0], index) {
        indicesOfLargest[0] = index
        siftDown()
      }
    }
    let isBehind = isBehind
    indicesOfLargest.sort { isBehind($1, $0) }
  }

  /// The first of the heap comes after all others in the order.
  private func isBehind(_ a: Int, _ b: Int) -> Bool {
    values[a] != values[b] ? values[a] < values[b] : a > b
  }

  private mutating func siftUp() {
    var child = indicesOfLargest.count - 1
    while child > 0, isBehind(indicesOfLargest[child], indicesOfLargest[(child - 1) / 2]) {
      indicesOfLargest.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < indicesOfLargest.count else { return }
      if child + 1 < indicesOfLargest.count,
        isBehind(indicesOfLargest[child + 1], indicesOfLargest[child])
      {
        child += 1
      }
      guard isBehind(indicesOfLargest[child], indicesOfLargest[parent]) else { return }
      indicesOfLargest.swapAt(child, parent)
      parent = child
    }
  }
}
