import Testing

@testable import SIMDKernels

/// Kernels touch nothing outside their buffers. The last buffer of a model file ends where the file
/// ends, and after that there may be no memory.
///
/// All operands lie between protected pages. A kernel that reads or writes too far ends the test by
/// a signal.
@Suite struct ReachTests {
  private static let sizes = awkwardSizes.filter { $0 <= 640 }

  @Test(arguments: InstructionSet.available, [8, 4])
  func ofPanelProducts(_ set: InstructionSet, bits: Int) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 1)
    let matmul = bits == 8 ? kernels.matmulInt8 : kernels.matmulInt4
    for levels in [random.bytes(16, in: 1...255), random.bytes(16, in: 96...159)] {
      for (rows, blocks) in [(1, 1), (16, 2), (17, 3), (40, 5), (100, 1)] {
        let panels = (rows + 15) / 16
        let bytes = random.bytes(panels * blocks * (bits == 8 ? 544 : 288))
        for tokens in [0, 1, 2, 3, 4, 7, 8, 9, 16, 31] {
          let values = random.bytes(tokens * blocks * 32).map { Int8(bitPattern: max($0, 129)) }
          Walls.onEachSide { walls in
            matmul(
              walls.place(bytes), walls.place(levels), blocks, blocks, 0, panels, rows,
              walls.place(values), walls.place(random.floats(tokens * blocks)),
              walls.place([Int32](repeating: 0, count: tokens * blocks)), ScalePrecision.full,
              blocks,
              tokens, walls.place(random.floats(rows)),
              walls.place([Float](repeating: 0, count: tokens * rows)), rows, false)
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofPanelsMadeReady(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 2)
    for blocks in [1, 2, 3, 7, 8] {
      Walls.onEachSide { walls in
        kernels.expandInt4?(
          walls.place(random.bytes(blocks * 288)), walls.place(random.bytes(16, in: 1...255)),
          blocks, walls.place([UInt8](repeating: 0, count: blocks * 544)))
        let tables = [UInt8](repeating: 0, count: blocks * Kernels.bytesPerTable)
        _ = kernels.tabulateInt8?(
          walls.place(random.bytes(blocks * 544)), blocks, walls.place(tables))
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofFloatProducts(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 3)
    for (rows, tokens) in [(1, 1), (3, 2), (4, 3), (9, 5)] {
      for columns in Self.sizes {
        let (weights, x) = (random.floats(rows * columns), random.floats(tokens * columns))
        Walls.onEachSide { walls in
          let (x, out) = (walls.place(x), walls.place(random.floats(tokens * rows)))
          kernels.matmulF32(walls.place(weights), columns, 0, rows, x, columns, tokens, out, rows)
          let halves = walls.place(weights.map { UInt16($0.bitPattern >> 16) })
          kernels.matmulBF16(halves, columns, 0, rows, x, columns, tokens, out, rows)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofActivations(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 4)
    for count in Self.sizes {
      let blocks = (count + 31) / 32
      let x = random.floats(count)
      Walls.onEachSide { walls in
        let x = walls.place(x)
        let values = walls.place([Int8](repeating: 0, count: blocks * 32))
        let scales = walls.place([Float](repeating: 0, count: blocks))
        let offsets = walls.place([Int32](repeating: 0, count: blocks))
        for precision in [ScalePrecision.full, ScalePrecision.threeBits, ScalePrecision.powerOfTwo]
        {
          _ = kernels.quantizeActivations(x, count, precision, values, scales, offsets)
        }
        _ = kernels.quantizeRow(x, count, values)
        if count > 0 {
          kernels.quantizeExponentials?(
            x, count, 1, count, values, scales, offsets, walls.place([Float(0)]))
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofElementwiseOnes(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 5)
    for count in Self.sizes {
      let (first, second) = (random.floats(count), random.floats(count))
      Walls.onEachSide { walls in
        let (x, y) = (walls.place(first), walls.place(second))
        let out = walls.place(first)
        kernels.siluMul(x, y, out, count)
        kernels.gelu(out, count)
        kernels.add(x, out, count)
        kernels.multiply(x, out, count)
        if count > 0 {
          kernels.softmax(out, count)
          kernels.rmsNorm(x, y, 1e-5, out, count)
          kernels.layerNorm(x, y, walls.place(second), 1e-5, out, count)
        }
        let halves = walls.place([UInt16](repeating: 0, count: count))
        kernels.f32ToF16(x, halves, count)
        kernels.f16ToF32(halves, out, count)
        kernels.f32ToBF16(x, halves, count)
        kernels.bf16ToF32(halves, out, count)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofChannelsAndHeads(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 6)
    for channels in [1, 7, 8, 15, 16, 33, 64, 80] {
      for pixels in [1, 5, 24] {
        Walls.onEachSide { walls in
          let x = walls.place(random.floats(pixels * channels))
          kernels.sumChannels(
            x, pixels, channels, walls.place([Double](repeating: 0, count: 2 * channels)))
          let factors = walls.place(random.floats(channels))
          kernels.scaleShift(
            x, factors, walls.place(random.floats(channels)), x, pixels, channels)
        }
      }
    }
    for (heads, dim) in [(1, 2), (3, 16), (2, 34), (4, 64), (16, 128)] {
      Walls.onEachSide { walls in
        kernels.rope(
          walls.place(random.floats(heads * dim)), walls.place(random.floats(dim / 2)),
          walls.place(random.floats(dim / 2)), heads, dim)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofAttention(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 7)
    for dim in AttentionTests.dims {
      for rows in AttentionTests.rowCounts {
        Walls.onEachSide { walls in
          let q = walls.place(random.floats(rows * dim))
          let out = walls.place([Float](repeating: 0, count: rows * 64))
          let keys = random.floats(dim * 64)
          kernels.scoresF32(q, dim, rows, walls.place(keys), dim, 1, out, 64)
          kernels.scoresF16(q, dim, rows, walls.place(random.halves(dim * 64)), dim, 1, out, 64)
          let bytes = walls.place(keys.map { Int8($0 * 127) })
          kernels.scoresInt8(q, dim, rows, bytes, dim, 1, out, 64, bytes)
        }
        for count in AttentionTests.counts {
          Walls.onEachSide { walls in
            let weights = walls.place(random.floats(rows * count))
            let out = walls.place(random.floats(rows * dim))
            let values = random.floats(count * dim)
            kernels.weightedSumF32(
              weights, count, rows, walls.place(values), dim, count, dim, out, dim)
            kernels.weightedSumF16(
              weights, count, rows, walls.place(random.halves(count * dim)), dim, count, dim, out,
              dim)
            let bytes = walls.place(values.map { Int8($0 * 127) })
            kernels.weightedSumInt8(weights, count, rows, bytes, dim, count, dim, out, dim, bytes)
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofAttentionInBF16(_ set: InstructionSet) throws {
    guard let products = try Kernels.select(set.rawValue).bf16Attention else { return }
    var random = Random(state: 8)
    for (steps, columns) in [(8, 64), (64, 80), (128, 64), (64, 64), (34, 64)] {
      for rows in AttentionTests.rowCounts {
        Walls.onEachSide { walls in
          let x = walls.place(random.floats(rows * steps))
          products.round(x, rows * steps)
          let left = walls.place([UInt16](repeating: 0, count: rows * steps))
          for row in 0..<rows { products.packRow(x + row * steps, steps, left + row * steps) }
          let count = BF16Attention.packedCount(rows: steps, columns: columns)
          let pairs = walls.place([UInt16](repeating: 0, count: count))
          let right = walls.place(random.halves(steps * columns))
          products.pack(right, columns, steps, columns, pairs)
          let out = walls.place(random.floats(rows * columns))
          products.product(left, steps, rows, pairs, steps, columns, 1, false, out, columns)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func ofEncoders(_ set: InstructionSet) throws {
    let kernels = try Kernels.select(set.rawValue)
    var random = Random(state: 9)
    Walls.onEachSide { walls in
      let block = walls.place(random.floats(512))
      let importance = walls.place(random.floats(32, in: 0...1))
      let levels = walls.place((0..<16).map { Float($0 - 8) })
      kernels.encodeInt4(block, importance, levels, walls.place([UInt8](repeating: 0, count: 288)))
      kernels.encodeInt8(block, importance, walls.place([UInt8](repeating: 0, count: 544)))
      kernels.encodeInt8(block, nil, walls.place([UInt8](repeating: 0, count: 544)))
    }
  }
}
