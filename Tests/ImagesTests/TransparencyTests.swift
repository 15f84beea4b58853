import JanusImages
import Testing

/// Transparent pictures, by the PNG files in Fixtures/writing and in Fixtures.
@Suite struct TransparencyTests {
  private func ground(_ name: String) throws -> ArraySlice<UInt8> {
    try Picture(decoding: Fixtures.bytes(name)).bytes.prefix(3)
  }

  @Test func `transparency becomes the ground that the writing stands out from`() throws {
    #expect(try ground("writing/white.png") == [0, 0, 0])
    #expect(try ground("pages/transparent.png") == [255, 255, 255])
    #expect(try ground("writing/key.png") == [0, 0, 0])
  }

  @Test func `what lies outside of a window has the window's own ground`() throws {
    #expect(try ground("writing/window.png") == [28, 30, 38])
  }
}
