import SIMDKernels

extension KernelCase {
  /// Quantised matrix products, plain, and with the panels made ready as a prompt's are.
  static func panelProduct(_ values: inout Values) -> KernelCase {
    let bits = values.chance(2) ? 8 : 4
    let (rows, blocks) = (values.size(130, least: 1), values.size(24))
    let tokens = values.size(40)
    let panelCount = (rows + 15) / 16
    let weightBytes = bits == 8 ? 512 : 256
    var panels: [UInt8] = []
    for _ in 0..<panelCount * blocks {
      panels += values.bytes(weightBytes, in: bits == 8 ? 1...255 : 0...255)
      for half in values.halves(16) { panels += [UInt8(half & 255), UInt8(half >> 8)] }
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
    let isReady = values.chance(3)
    let finalPanels = panels
    let finalLevels = levels
    return KernelCase(
      kernel: isReady ? (bits == 8 ? "tabulated int8" : "expanded int4") : "matmul int\(bits)",
      shape: "\(rows) rows, \(blocks) blocks, \(tokens) tokens, precision \(precision), "
        + "levels \(range), bias \(bias != nil), adding \(adding)",
      promise: .sameBits
    ) { kernels in
      let memory = WalledMemory()
      let output = memory.place(begin)
      var matmul = bits == 8 ? kernels.matmulInt8 : kernels.matmulInt4
      var operand = memory.place(finalPanels)
      var table = memory.place(finalLevels)
      // The way of the scales that the caller knows of; int8 without tables is told nothing.
      var known =
        bits == 4 && precision == ScalePrecision.powerOfTwo ? precision : ScalePrecision.full
      if isReady, kernels.isa != .portable {
        if bits == 8 {
          guard precision != ScalePrecision.full, let tabulate = kernels.tabulateInt8 else {
            return .absent
          }
          let tables = memory.place(
            [UInt8](repeating: 0, count: panelCount * blocks * Kernels.bytesPerTable))
          guard tabulate(operand, panelCount * blocks, tables) else { return .absent }
          (table, known) = (tables, ScalePrecision.threeBits)
        } else {
          guard let expand = kernels.expandInt4 else { return .absent }
          let expanded = memory.place([UInt8](repeating: 0, count: panelCount * blocks * 544))
          expand(operand, table, panelCount * blocks, expanded)
          (matmul, operand, known) = (kernels.matmulInt8, expanded, ScalePrecision.full)
        }
      }
      matmul(
        operand, table, blocks, blocks, 0, panelCount, rows, memory.place(activations),
        memory.place(scales), memory.place(offsets), known, blocks, tokens,
        bias.map { UnsafePointer(memory.place($0)) }, output, rows, adding)
      return .floats(Array(UnsafeBufferPointer(start: output, count: tokens * rows)))
    }
  }

  /// Products of float matrices, whose sums may be taken in any order.
  static func floatProduct(_ values: inout Values) -> KernelCase {
    let inBF16 = values.chance(2)
    let (rows, columns, tokens) = (
      values.size(20, least: 1), values.size(700), values.size(10, least: 1)
    )
    let halves = values.shortFloats(rows * columns)
    let weights = halves.map { Float(bitPattern: UInt32($0) << 16) }
    let x = values.floats(tokens * columns)
    var bounds: [Double] = []
    for token in 0..<tokens {
      for row in 0..<rows {
        var size = 0.0
        for k in 0..<columns {
          size += abs(Double(weights[row * columns + k]) * Double(x[token * columns + k]))
        }
        // Both tiers may be off by a rounding for each addition.
        bounds.append(2 * size * Double(columns + 1) * rounding)
      }
    }
    return KernelCase(
      kernel: inBF16 ? "matmul bf16" : "matmul f32",
      shape: "\(rows) rows, \(columns) columns, \(tokens) tokens", promise: .within(bounds)
    ) { kernels in
      let memory = WalledMemory()
      let output = memory.place([Float](repeating: .nan, count: tokens * rows))
      let x = memory.place(x)
      if inBF16 {
        kernels.matmulBF16(
          memory.place(halves), columns, 0, rows, x, columns, tokens, output, rows)
      } else {
        kernels.matmulF32(
          memory.place(weights), columns, 0, rows, x, columns, tokens, output, rows)
      }
      return .floats(Array(UnsafeBufferPointer(start: output, count: tokens * rows)))
    }
  }
}
