import SIMDKernels

extension KernelCase {
  /// Products of panels whose blocks' scales are codes, plain and expanded first.
  static func codedProduct(_ values: inout Values) -> KernelCase {
    let (rows, blocks) = (values.size(130, least: 1), values.size(24))
    let tokens = values.size(40)
    let panelCount = (rows + 15) / 16
    var panels: [UInt8] = []
    for _ in 0..<panelCount {
      for scale in values.strangeFloats(16) {
        panels += (0..<4).map { UInt8(truncatingIfNeeded: scale.bitPattern >> ($0 * 8)) }
      }
      panels += values.bytes(CodedPanel.byteCount(blocks: blocks) - 64, in: 0...255)
    }
    let range: ClosedRange<UInt8> = values.chance(2) ? 1...255 : 96...159
    var levels = values.bytes(16, in: range).sorted()
    (levels[0], levels[15]) = (range.lowerBound, range.upperBound)
    let activations = values.signedBytes(tokens * blocks * 32)
    let precision = [
      ScalePrecision.full, ScalePrecision.threeBits, ScalePrecision.powerOfTwo,
    ].randomElement(using: &values)!
    let scales = values.scales(tokens * blocks, mask: precision)
    let offsets = (0..<tokens * blocks).map { block in
      -128 * activations[block * 32..<block * 32 + 32].reduce(0) { $0 + Int32($1) }
    }
    let bias = values.chance(2) ? values.floats(rows) : nil
    let adding = values.chance(3)
    let begin = values.floats(tokens * rows)
    let isExpanded = values.chance(3)
    let (finalPanels, finalLevels) = (panels, levels)
    return KernelCase(
      kernel: isExpanded ? "expanded coded int4" : "matmul coded int4",
      shape: "\(rows) rows, \(blocks) blocks, \(tokens) tokens, precision \(precision), "
        + "levels \(range), bias \(bias != nil), adding \(adding)",
      promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let output = memory.place(begin)
      let table = memory.place(finalLevels)
      var matmul = kernels.matmulInt4Coded
      var operand = memory.place(finalPanels)
      if isExpanded, kernels.isa != .portable {
        guard let expansion = kernels.codedExpansion else { return .absent }
        let expanded = memory.place(
          [UInt8](
            repeating: 0, count: panelCount * CodedPanel.byteCount(blocks: blocks, bits: 8)))
        expansion.expand(operand, table, blocks, panelCount, expanded)
        (matmul, operand) = (expansion.matmul, expanded)
      }
      matmul(
        operand, table, blocks, blocks, 0, panelCount, rows, memory.place(activations),
        memory.place(scales), memory.place(offsets), precision, blocks, tokens,
        bias.map { UnsafePointer(memory.place($0)) }, output, rows, adding)
      return .floats(Array(UnsafeBufferPointer(start: output, count: tokens * rows)))
    }
  }

  /// The steps by which blocks of weights become such panels.
  static func codedEncoding(_ values: inout Values) -> KernelCase {
    let block = values.floats(32 * 16)
    let importance = values.floats(32).map(\.magnitude)
    let factor = Float.random(in: -1.5...1.5, using: &values)
    let levels: [Float] = [-32, -25, -20, -16, -12, -9, -6, -3, 0, 3, 6, 9, 12, 16, 21, 27]
    return KernelCase(
      kernel: "encode coded int4", shape: "scales times \(factor)", promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let (block, importance) = (memory.place(block), memory.place(importance))
      let levels = memory.place(levels)
      let scales = memory.place([Float](repeating: 0, count: 16))
      let fits = [
        memory.place([Float](repeating: 0, count: 16)),
        memory.place([Float](repeating: 0, count: 16)),
      ]
      let lines = memory.place([UInt8](repeating: 0, count: 256))
      kernels.searchInt4(block, importance, levels, scales)
      for row in 0..<16 { scales[row] *= factor }
      kernels.fitInt4(block, importance, levels, scales, fits[0], fits[1])
      kernels.packInt4(block, levels, scales, lines)
      return .words(
        ([scales] + fits).flatMap { numbers in
          UnsafeBufferPointer(start: numbers, count: 16).map { UInt64($0.bitPattern) }
        } + UnsafeBufferPointer(start: lines, count: 256).map(UInt64.init))
    }
  }
}
