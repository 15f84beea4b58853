import JanusSystem

/// A tensor of a checkpoint's file: where it begins, and its strides.
///
/// Its reader has checked that every element lies inside the file. Slices and reshapes are views: no
/// number is read before `read`.
struct StoredTensor: Sendable {
  let name: String
  /// The format as the file names it, for messages.
  let dtype: String
  /// `nil` for a format that is not read here.
  let element: SourceElement?
  private(set) var shape: [Int]
  /// Elements from one index to the next, for each dimension.
  private(set) var strides: [Int]
  let file: SourceFile
  /// Where the first element begins.
  private(set) var byteOffset: Int

  init(
    name: String, dtype: String, element: SourceElement?, shape: [Int], strides: [Int]? = nil,
    file: SourceFile, byteOffset: Int
  ) {
    self.name = name
    self.dtype = dtype
    self.element = element
    self.shape = shape
    self.strides = strides ?? Self.rowMajorStrides(shape)
    self.file = file
    self.byteOffset = byteOffset
  }

  /// The number of elements; sizes were checked by the reader.
  var elementCount: Int { shape.reduce(1, *) }

  /// Whether the elements lie one after the other in row-major order.
  var isContiguous: Bool {
    zip(zip(shape, strides), Self.rowMajorStrides(shape)).allSatisfy { dimension, expected in
      dimension.0 == 1 || dimension.1 == expected
    }
  }

  /// The elements whose first index lies in `range`.
  func slice(_ range: Range<Int>) -> StoredTensor {
    precondition(!shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0])
    var slice = self
    slice.shape[0] = range.count
    slice.byteOffset += range.lowerBound * strides[0] * (element?.byteCount ?? 0)
    return slice
  }

  /// The same elements without the first dimension, which has size 1.
  func squeezed() -> StoredTensor {
    precondition(shape.first == 1)
    var squeezed = self
    squeezed.shape.removeFirst()
    squeezed.strides.removeFirst()
    return squeezed
  }

  /// Reads all elements in row-major order as single precision.
  ///
  /// - Parameter output: exactly `elementCount` numbers.
  func read(into output: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    precondition(output.count == elementCount)
    guard let element else {
      throw .data(
        file: file.path,
        problem: "tensor '\(shown(name))': the format \(shown(dtype)) is not supported, expected "
          + "F32, F16 or BF16")
    }
    guard !output.isEmpty else { return }
    if isContiguous {
      try read(
        element, at: byteOffset, stride: 1, count: output.count, into: output.baseAddress!,
        outputStride: 1)
    } else {
      try gather(element, into: output.baseAddress!)
    }
  }

  /// Bytes that one system call reads at most.
  private static let chunkBytes = 1 << 18

  /// Reads a run of `count` elements that lie `stride` apart.
  private func read(
    _ element: SourceElement, at byteOffset: Int, stride: Int, count: Int,
    into output: UnsafeMutablePointer<Float>, outputStride: Int
  ) throws(ConversionError) {
    let size = element.byteCount
    // Elements far apart are read one by one, close ones with the gaps between them.
    let chunk = min(count, max(1, Self.chunkBytes / (size * max(stride, 1))))
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: ((chunk - 1) * stride + 1) * size, alignment: 16)
    defer { buffer.deallocate() }
    var done = 0
    while done < count {
      let step = min(chunk, count - done)
      let span = ((step - 1) * stride + 1) * size
      try file.read(
        at: byteOffset + done * stride * size,
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<span]))
      element.widen(
        buffer.baseAddress!, stride: stride, count: step, into: output + done * outputStride,
        outputStride: outputStride)
      done += step
    }
  }

  /// Reads a view such as a transposed one: runs along the dimension of the smallest stride, one
  /// for each index of the others.
  private func gather(
    _ element: SourceElement, into output: UnsafeMutablePointer<Float>
  ) throws(ConversionError) {
    let outputStrides = Self.rowMajorStrides(shape)
    let dimensions = shape.indices.filter { shape[$0] > 1 }
    let run = dimensions.min { (strides[$0], -$0) < (strides[$1], -$1) } ?? 0
    let others = dimensions.filter { $0 != run }
    var index = [Int](repeating: 0, count: others.count)
    while true {
      var from = 0
      var to = 0
      for (position, dimension) in zip(index, others) {
        from += position * strides[dimension]
        to += position * outputStrides[dimension]
      }
      try read(
        element, at: byteOffset + from * element.byteCount, stride: strides[run],
        count: shape[run], into: output + to, outputStride: outputStrides[run])
      // The next index, as an odometer counts.
      var position = others.count - 1
      while position >= 0 {
        index[position] += 1
        if index[position] < shape[others[position]] { break }
        index[position] = 0
        position -= 1
      }
      if position < 0 { return }
    }
  }

  static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for dimension in shape.indices.dropLast().reversed() {
      strides[dimension] = strides[dimension + 1] * shape[dimension + 1]
    }
    return strides
  }
}
