import JanusModelFile
import JanusSystem
import Testing

@testable import JanusEngine

@Suite struct FloatBufferTests {
  @Test func aBufferThatGetsNoMemoryIsEmptyAndCanBeUsedAgain() throws {
    let buffer = try FloatBuffer(capacity: 8)
    #expect(throws: MemoryError.self) { try buffer.matrix(1 << 28, 1 << 28) }
    #expect(buffer.capacity == 0)
    let matrix = try buffer.matrix(3, 5)
    for row in 0..<3 { matrix[row: row].update(repeating: 1, count: 5) }
    #expect(buffer.capacity == 15)
  }

  @Test func activationsThatGetNoMemoryCanBeUsedAgain() throws {
    let activations = QuantizedActivations()
    #expect(throws: MemoryError.self) { try activations.reserve(tokens: 1 << 30, blocks: 1 << 22) }
    try activations.reserve(tokens: 2, blocks: 3)
    activations.values.update(repeating: 1, count: 2 * activations.stride(3) * 32)
    activations.scales.update(repeating: 1, count: 2 * activations.stride(3))
    activations.offsets.update(repeating: 1, count: 2 * activations.stride(3))
  }

  @Test func mapsOfADecodingThatEndedInTheMiddleAreTakenBack() throws {
    let buffers = FeatureMapBuffers()
    _ = try buffers.take(4, 4, 8)
    _ = try buffers.take(4, 4, 8)
    #expect(throws: MemoryError.self) { try buffers.take(1 << 20, 1 << 20, 1 << 10) }
    buffers.giveBackAll()
    for _ in 0..<3 { _ = try buffers.take(4, 4, 8) }
  }
}
