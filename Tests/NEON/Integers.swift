import KernelsNEON
import KernelsPortable

/// Random and extreme panels, with every number of tokens that a tile handles.
func checkPanels(bits: Int) {
  var random = Random(state: 1)
  let blockBytes = bits == 8 ? 544 : 288
  for rows in [1, 16, 19, 48] {
    for blocks in [0, 1, 3, 16] {
      for tokens in [0, 1, 2, 3, 4, 7, 8] {
        for extreme in [false, true] {
          let panels = Buffer<UInt8>((rows + 15) / 16 * blocks * blockBytes)
          for i in 0..<panels.byteCount {
            let byte = UInt8(truncatingIfNeeded: random.bits())
            if i % blockBytes >= blockBytes - 32 {
              panels.start[i] = i % 2 == 0 ? byte : 0x10 | byte & 0x8f
            } else if bits == 8 {
              panels.start[i] = extreme ? (byte & 1 == 0 ? 1 : 255) : max(byte, 1)
            } else {
              panels.start[i] = byte
            }
          }
          let levels = Buffer<UInt8>(16)
          for i in 0..<16 { levels.start[i] = extreme ? (i < 8 ? 1 : 255) : UInt8(i * 16 + 8) }
          let values = Buffer<Int8>(tokens * blocks * 32)
          let offsets = Buffer<Int32>(tokens * blocks)
          for block in 0..<tokens * blocks {
            var sum: Int32 = 0
            for k in 0..<32 {
              let byte = Int8(truncatingIfNeeded: random.bits())
              let value = extreme ? (byte < 0 ? -127 : 127) : max(byte, -127)
              values.start[block * 32 + k] = value
              sum += Int32(value)
            }
            offsets.start[block] = -128 * sum
          }
          let scales = floats(tokens * blocks, 0.1, &random)
          let panelCount = (rows + 15) / 16
          // Whole tokens; or the first half of the columns of tokens that overlap, added up.
          for adding in [false, true] {
            let used = adding ? blocks / 2 : blocks
            let tokenStride = adding ? min(1, blocks) : blocks
            let ours = floats(tokens * rows, 1, &random)
            let truth = Buffer<Float>(tokens * rows)
            let biases = floats(rows, 1, &random)
            let bias = extreme ? nil : UnsafePointer(biases.start)
            truth.start.update(from: ours.start, count: tokens * rows)
            if bits == 8 {
              KernelsNEON.matmulInt8(
                panels.start, levels.start, used, blocks, 0, panelCount, rows, values.start,
                scales.start, offsets.start, 0, tokenStride, tokens, bias, ours.start, rows, adding)
              KernelsPortable.matmulInt8(
                panels.start, levels.start, used, blocks, 0, panelCount, rows, values.start,
                scales.start, offsets.start, 0, tokenStride, tokens, bias, truth.start, rows, adding
              )
              expectSameBits(ours, truth, tokens * rows, "matmulInt8")
            } else {
              KernelsNEON.matmulInt4(
                panels.start, levels.start, used, blocks, 0, panelCount, rows, values.start,
                scales.start, offsets.start, 0, tokenStride, tokens, bias, ours.start, rows, adding)
              KernelsPortable.matmulInt4(
                panels.start, levels.start, used, blocks, 0, panelCount, rows, values.start,
                scales.start, offsets.start, 0, tokenStride, tokens, bias, truth.start, rows, adding
              )
              expectSameBits(ours, truth, tokens * rows, "matmulInt4")
            }
            ours.free()
            truth.free()
            biases.free()
          }
          panels.free()
          levels.free()
          values.free()
          offsets.free()
          scales.free()
        }
      }
    }
  }
}

/// Coded panels as they are and expanded, with every number of tokens that a tile handles.
func checkCodedPanels() {
  var random = Random(state: 5)
  for rows in [1, 16, 19, 48] {
    for blocks in [0, 1, 3, 4, 5, 16] {
      for tokens in [0, 1, 2, 3, 4, 7, 8] {
        for extreme in [false, true] {
          checkCodedPanels(rows: rows, blocks: blocks, tokens: tokens, extreme, &random)
        }
      }
    }
  }
}

private func checkCodedPanels(
  rows: Int, blocks: Int, tokens: Int, _ extreme: Bool, _ random: inout Random
) {
  let panelCount = (rows + 15) / 16
  let heads = 64 + (blocks + 3) / 4 * 64
  let panelBytes = heads + blocks * 256
  let panels = Buffer<UInt8>(panelCount * panelBytes)
  for i in 0..<panels.byteCount { panels.start[i] = UInt8(truncatingIfNeeded: random.bits()) }
  for panel in 0..<panelCount {
    let scales = UnsafeMutableRawPointer(panels.start + panel * panelBytes)
    for row in 0..<16 {
      scales.storeBytes(of: random.float(0.01), toByteOffset: row * 4, as: Float.self)
    }
  }
  let levels = Buffer<UInt8>(16)
  for i in 0..<16 { levels.start[i] = extreme ? (i < 8 ? 1 : 255) : UInt8(i * 16 + 8) }
  let values = Buffer<Int8>(tokens * blocks * 32)
  let offsets = Buffer<Int32>(tokens * blocks)
  for block in 0..<tokens * blocks {
    var sum: Int32 = 0
    for k in 0..<32 {
      let byte = Int8(truncatingIfNeeded: random.bits())
      let value = extreme ? (byte < 0 ? -127 : 127) : max(byte, -127)
      values.start[block * 32 + k] = value
      sum += Int32(value)
    }
    offsets.start[block] = -128 * sum
  }
  let scales = floats(tokens * blocks, 0.1, &random)
  let expandedBytes = panelCount * (heads + blocks * 512)
  let (expanded, expandedTruth) = (Buffer<UInt8>(expandedBytes), Buffer<UInt8>(expandedBytes))
  KernelsNEON.expandInt4Coded(panels.start, levels.start, blocks, panelCount, expanded.start)
  KernelsPortable.expandInt4Coded(
    panels.start, levels.start, blocks, panelCount, expandedTruth.start)
  for i in 0..<expandedBytes {
    expect(expanded.start[i] == expandedTruth.start[i], "expandInt4Coded")
  }
  expanded.expectIntact("expandInt4Coded: wrote before the panels")
  for adding in [false, true] {
    let (ours, other) = (floats(tokens * rows, 1, &random), Buffer<Float>(tokens * rows))
    let truth = Buffer<Float>(tokens * rows)
    let biases = floats(rows, 1, &random)
    let bias = extreme ? nil : UnsafePointer(biases.start)
    truth.start.update(from: ours.start, count: tokens * rows)
    other.start.update(from: ours.start, count: tokens * rows)
    KernelsNEON.matmulInt4Coded(
      panels.start, levels.start, blocks, blocks, 0, panelCount, rows, values.start, scales.start,
      offsets.start, 0, blocks, tokens, bias, ours.start, rows, adding)
    KernelsNEON.matmulInt8Coded(
      expanded.start, levels.start, blocks, blocks, 0, panelCount, rows, values.start,
      scales.start, offsets.start, 0, blocks, tokens, bias, other.start, rows, adding)
    KernelsPortable.matmulInt4Coded(
      panels.start, levels.start, blocks, blocks, 0, panelCount, rows, values.start, scales.start,
      offsets.start, 0, blocks, tokens, bias, truth.start, rows, adding)
    expectSameBits(ours, truth, tokens * rows, "matmulInt4Coded")
    expectSameBits(other, truth, tokens * rows, "matmulInt8Coded")
    ours.free()
    other.free()
    truth.free()
    biases.free()
  }
  panels.free()
  levels.free()
  values.free()
  offsets.free()
  scales.free()
  expanded.free()
  expandedTruth.free()
}

func checkExpansion() {
  var random = Random(state: 4)
  for blocks in [0, 1, 7] {
    let panels = Buffer<UInt8>(blocks * 288)
    for i in 0..<panels.byteCount { panels.start[i] = UInt8(truncatingIfNeeded: random.bits()) }
    let levels = Buffer<UInt8>(16)
    for i in 0..<16 { levels.start[i] = UInt8(i * 15 + 3) }
    let (ours, truth) = (Buffer<UInt8>(blocks * 544), Buffer<UInt8>(blocks * 544))
    KernelsNEON.expandInt4(panels.start, levels.start, blocks, ours.start)
    KernelsPortable.expandInt4(panels.start, levels.start, blocks, truth.start)
    for i in 0..<blocks * 544 { expect(ours.start[i] == truth.start[i], "expandInt4") }
    ours.expectIntact("expandInt4: wrote behind the panels")
  }
}

func checkActivations() {
  var random = Random(state: 2)
  for columns in [0, 1, 4, 31, 32, 33, 100, 256] {
    for limit: Float in [0, 1e-38, 1, 1e30] {
      for (poison, precision) in [
        (Float(0), UInt32(0)), (.nan, 0), (.infinity, 0), (0, 0x0f_ffff), (.nan, 0x0f_ffff),
        (.infinity, 0x0f_ffff), (0, 0x7f_ffff), (.nan, 0x7f_ffff), (.infinity, 0x7f_ffff),
      ] {
        let x = floats(columns, limit, &random)
        if columns > 0 && poison != 0 { x.start[columns / 2] = poison }
        let blocks = (columns + 31) / 32
        let (values, truthValues) = (Buffer<Int8>(blocks * 32), Buffer<Int8>(blocks * 32))
        let (scales, truthScales) = (Buffer<Float>(blocks), Buffer<Float>(blocks))
        let (offsets, truthOffsets) = (Buffer<Int32>(blocks), Buffer<Int32>(blocks))
        let scalesFit = KernelsNEON.quantizeActivations(
          x.start, columns, precision, values.start, scales.start, offsets.start)
        let truthFits = KernelsPortable.quantizeActivations(
          x.start, columns, precision, truthValues.start, truthScales.start, truthOffsets.start)
        expect(scalesFit == truthFits, "quantizeActivations: scales fit")
        expectSameBits(scales, truthScales, blocks, "quantizeActivations: scales")
        for i in 0..<blocks * 32 {
          expect(values.start[i] == truthValues.start[i], "quantizeActivations: values")
        }
        for i in 0..<blocks {
          expect(offsets.start[i] == truthOffsets.start[i], "quantizeActivations: offsets")
        }
        values.expectIntact("quantizeActivations: wrote behind the values")
        offsets.expectIntact("quantizeActivations: wrote behind the offsets")

        let scale = KernelsNEON.quantizeRow(x.start, columns, values.start)
        let truth = KernelsPortable.quantizeRow(x.start, columns, truthValues.start)
        expect(
          scale.bitPattern == truth.bitPattern || scale.isNaN && truth.isNaN,
          "quantizeRow: scale")
        for i in 0..<blocks * 32 {
          expect(values.start[i] == truthValues.start[i], "quantizeRow: values")
        }
        values.expectIntact("quantizeRow: wrote behind the values")
      }
    }
  }
}

func checkHalves() {
  let count = 65535  // not a multiple of four: the last ones go another way
  let bits = Buffer<UInt16>(count)
  for i in 0..<count { bits.start[i] = UInt16(i) }
  let (ours, truth) = (Buffer<Float>(count), Buffer<Float>(count))
  KernelsNEON.f16ToF32(bits.start, ours.start, count)
  KernelsPortable.f16ToF32(bits.start, truth.start, count)
  expectSameBits(ours, truth, count, "f16ToF32")
  KernelsNEON.bf16ToF32(bits.start, ours.start, count)
  KernelsPortable.bf16ToF32(bits.start, truth.start, count)
  expectSameBits(ours, truth, count, "bf16ToF32")

  var random = Random(state: 3)
  let x = Buffer<Float>(count)
  for i in 0..<count { x.start[i] = Float(bitPattern: UInt32(truncatingIfNeeded: random.bits())) }
  let (narrow, narrowTruth) = (Buffer<UInt16>(count), Buffer<UInt16>(count))
  KernelsNEON.f32ToF16(x.start, narrow.start, count)
  KernelsPortable.f32ToF16(x.start, narrowTruth.start, count)
  for i in 0..<count {
    let bothNaN = narrow.start[i] & 0x7fff > 0x7c00 && narrowTruth.start[i] & 0x7fff > 0x7c00
    expect(bothNaN || narrow.start[i] == narrowTruth.start[i], "f32ToF16")
  }
  KernelsNEON.f32ToBF16(x.start, narrow.start, count)
  KernelsPortable.f32ToBF16(x.start, narrowTruth.start, count)
  for i in 0..<count { expect(narrow.start[i] == narrowTruth.start[i], "f32ToBF16") }
  narrow.expectIntact("wrote behind the halves")
}
