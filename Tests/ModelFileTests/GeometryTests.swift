import GGUF
import JanusModelFile
import Testing

@Suite struct GeometryTests {
  @Test(arguments: [true, false])
  func whatIsWrittenIsRead(painting: Bool) throws {
    let geometry = Dimensions().geometry(painting: painting)
    let reader = MetadataReader(try container(geometry.pairs.pairs))
    #expect(try reader.geometry() == geometry)
  }

  /// Each number alone is changed, so that no field can be written under, or read from, another's key.
  @Test func everyNumberHasAKeyOfItsOwn() throws {
    let written = Dimensions().geometry().pairs.pairs
    #expect(Set(written.map(\.key)).count == written.count)
    let original = Dimensions()
    // Values that no check refuses; numbers of one allowed value are left out.
    let others: [IntegerKey: Int] = [
      .headCount: 8, .keyValueHeadCount: 3, .headDim: 12, .visionImageSize: 84,
      .visionPatchSize: 7, .visionEmbeddingLength: 99, .visionHeadCount: 8, .vqBaseChannels: 64,
      .vqNormGroups: 8,
    ]
    for (key, value) in original.integers where key != .vqOutputChannels {
      var changed = original
      changed.integers[key] = others[key] ?? value + 1
      let pairs = changed.geometry().pairs.pairs
      let differing = zip(written, pairs).filter { $0.value != $1.value }.map(\.0.key)
      #expect(differing == [key.name])
      let read = try MetadataReader(try container(pairs)).geometry()
      #expect(read == changed.geometry() && read != original.geometry(), "\(key.name)")
    }
    for key in original.floats.keys {
      var changed = original
      changed.floats[key] = 0.5 + (key == .ropeTheta ? 1 : 0)
      let pairs = changed.geometry().pairs.pairs
      let differing = zip(written, pairs).filter { $0.value != $1.value }.map(\.0.key)
      #expect(differing == [key.name])
      #expect(try MetadataReader(try container(pairs)).geometry() == changed.geometry())
    }
  }

  @Test func aNumberBeyondTheLimitsOfItsKeyIsRefused() throws {
    let pairs = Dimensions().geometry().pairs.pairs
    for key in Dimensions().integers.keys {
      for value in [key.range.lowerBound - 1, key.range.upperBound + 1] {
        let wrong = pairs.map { pair in
          (key: pair.key, value: pair.key == key.name ? .uint32(UInt32(value)) : pair.value)
        }
        let error = try #require(throws: ModelFileError.self) {
          try MetadataReader(container(wrong)).geometry()
        }
        let expected = "expected \(key.range.lowerBound) to \(key.range.upperBound), found \(value)"
        #expect("\(error)".contains(key.name) && "\(error)".contains(expected), "\(error)")
      }
    }
    for key in Dimensions().floats.keys {
      for value in [Float(0), 2e12] {
        let wrong = pairs.map { pair in
          (key: pair.key, value: pair.key == key.name ? .float32(value) : pair.value)
        }
        let error = try #require(throws: ModelFileError.self) {
          try MetadataReader(container(wrong)).geometry()
        }
        #expect("\(error)".contains("\(key.name)': expected"), "\(error)")
      }
    }
  }

  @Test func aMissingNumberIsNamed() throws {
    let pairs = Dimensions().geometry().pairs.pairs
    for key in pairs.map(\.key) {
      let error = try #require(throws: ModelFileError.self) {
        try MetadataReader(container(pairs.filter { $0.key != key })).geometry()
      }
      #expect("\(error)".contains("'\(key)' is missing"), "\(error)")
    }
  }

  @Test(
    arguments: [
      (.keyValueHeadCount, 4, "janus.attention.head_count: expected a multiple of 4"),
      (.headDim, 9, "janus.attention.key_length: expected a multiple of 2"),
      (.visionPatchSize, 16, "janus.vision.image_size: expected a multiple of 16"),
      (.visionHeadCount, 16, "janus.vision.embedding_length: expected a multiple of 16"),
      (.vqNormGroups, 24, "janus.vq.base_channels × janus.vq.channel_multipliers[0]"),
      (.vqBaseChannels, 32_768, "channel_multipliers[2]: expected at most 65536, found 98304"),
      (.paintingGridSize, 256, nil),
    ] as [(IntegerKey, Int, String?)])
  func dimensionsThatContradictEachOtherAreRefused(key: IntegerKey, value: Int, message: String?)
    throws
  {
    var dimensions = Dimensions()
    dimensions.integers[key] = value
    let reader = MetadataReader(try container(dimensions.geometry().pairs.pairs))
    guard let message else {
      #expect(try reader.geometry() == dimensions.geometry())
      return
    }
    let error = try #require(throws: ModelFileError.self) { try reader.geometry() }
    #expect("\(error)".contains(message), "\(error)")
  }

  @Test func aPaintingOfTooManyPixelsIsRefused() throws {
    var dimensions = Dimensions()
    dimensions.integers[.paintingGridSize] = 129
    dimensions.multipliers = [1, 1, 1, 1, 1, 1]
    let reader = MetadataReader(try container(dimensions.geometry().pairs.pairs))
    let error = try #require(throws: ModelFileError.self) { try reader.geometry() }
    #expect("\(error)".contains("expected at most 4096, found 4128"), "\(error)")
  }

  @Test(arguments: [[], [Int](repeating: 1, count: 9), [65], [0]])
  func multipliersBeyondTheirLimitsAreRefused(multipliers: [Int]) throws {
    let pairs = Dimensions().geometry().pairs.pairs.map { pair in
      (
        key: pair.key,
        value: pair.key == IntegersKey.vqChannelMultipliers.name
          ? .uint32s(multipliers.map { UInt32($0) }) : pair.value
      )
    }
    let error = try #require(throws: ModelFileError.self) {
      try MetadataReader(container(pairs)).geometry()
    }
    #expect("\(error)".contains("janus.vq.channel_multipliers"), "\(error)")
  }
}
