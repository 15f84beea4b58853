import Testing

/// An output buffer between two fields of canaries, filled with bytes that are NaN as Float, Float16
/// and bfloat16, so that a result that was not written cannot look right.
final class Guarded<Element> {
  let start: UnsafeMutablePointer<Element>
  let count: Int
  private let memory: UnsafeMutableRawPointer
  private let byteCount: Int
  /// Not aligned to vectors, by one element: kernels promise to need no alignment.
  private static var margin: Int { 256 + MemoryLayout<Element>.stride }

  init(_ count: Int) {
    self.count = count
    byteCount = count * MemoryLayout<Element>.stride
    memory = .allocate(byteCount: byteCount + 2 * Self.margin, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount + 2 * Self.margin)
    start = (memory + Self.margin).bindMemory(to: Element.self, capacity: count)
  }

  convenience init(_ elements: [Element]) {
    self.init(elements.count)
    start.update(from: elements, count: elements.count)
  }

  deinit { memory.deallocate() }

  /// The elements, after a check of the canaries.
  func checked(_ location: SourceLocation = #_sourceLocation) -> [Element] {
    let bytes = UnsafeRawBufferPointer(start: memory, count: byteCount + 2 * Self.margin)
    let intact =
      bytes.prefix(Self.margin).allSatisfy { $0 == 0xff }
      && bytes.suffix(Self.margin).allSatisfy { $0 == 0xff }
    #expect(intact, "wrote outside of the buffer", sourceLocation: location)
    return Array(UnsafeBufferPointer(start: start, count: count))
  }
}

extension [Float] {
  /// Bits, which distinguish -0 from 0 and make NaN comparable.
  var bits: [UInt32] { map(\.bitPattern) }
}

/// Expects every result within its own bound of the true value.
func expectClose(
  _ results: [Float], _ truths: [Double], within bounds: [Double], _ what: String,
  _ location: SourceLocation = #_sourceLocation
) {
  precondition(results.count == truths.count && truths.count == bounds.count)
  for i in results.indices where !(abs(Double(results[i]) - truths[i]) <= bounds[i]) {
    Issue.record(
      "\(what), element \(i): \(results[i]) instead of \(truths[i]) ± \(bounds[i])",
      sourceLocation: location)
    return
  }
}
